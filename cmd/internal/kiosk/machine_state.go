package kiosk

import "tenin/storage"

// A State is where the kiosk is with the person in front of it, or with nobody. The states of this file are all there
// are, and a value of one holds no word of the shopper. DESIGN.md has their picture.
type State interface{ state() }

// Attract waits for somebody to come.
type Attract struct {
	// Turn is the number of the last turn that was opened, 0 before the first.
	Turn uint64
}

// Consenting shows the notice and asks whether the conversation may be kept. Both answers lead on.
type Consenting struct{ Turn uint64 }

// A Talk is what is known of a visit.
type Talk struct {
	// Turn is the number of the turn that is open, or of the last one that was. Numbers only grow.
	Turn uint64
	// Source is what the visit may be kept as; empty when nothing of it may. Microphone is there after a yes only.
	Source storage.SourceKind
	// Clarified says that the shopper was asked once to say it again: a second time a person is better.
	Clarified bool
}

// A Question is an open turn of a talk.
type Question struct {
	Talk
	// Via is where the words come from.
	Via storage.SourceKind
	// Message says that the words are for the staff, and not a question.
	Message bool
}

// keepable says whether the turn may be kept: the visit may be, and the words came the way that its source covers. Typed
// words are covered by every source; what a microphone heard only by a yes.
func (q Question) keepable() bool {
	return q.Source != "" && (q.Via == storage.Text || q.Via == q.Source)
}

// Listening has the microphone open, or a recording in its place. It is the only state that has.
type Listening struct {
	Question
	// Open says that the shopper is heard already.
	Open bool
}

// Thinking waits for the transcript, when the shopper said that the question is over, and for the reply.
type Thinking struct {
	Question
	// Heard says that the transcript is there.
	Heard bool
}

// Stage is how far a spoken reply has come on its way to the vault.
type Stage uint8

// The stages: the sound is being made, the turn is being kept, nothing is left to do but to play.
const (
	StageMaking Stage = iota
	StageKeeping
	StageFiled
)

// A Voicing is a reply on its way out of the loudspeaker.
type Voicing struct {
	Stage Stage
	// Sounding says that the first sound is there, Played that the last was heard.
	Sounding, Played bool
}

// Answering shows and speaks the reply.
type Answering struct {
	Question
	Voicing
	// HandedOff says that the reply sends the shopper to a person.
	HandedOff bool
}

// Clarifying asks the shopper to say it again; the microphone opens by itself afterwards.
type Clarifying struct {
	Question
	Voicing
}

// Apologising says that a part of the kiosk failed. The turn ends with it and the visit goes on.
type Apologising struct{ Question }

// Confirming shows a message to the staff and asks whether it is right.
type Confirming struct{ Question }

// Ready waits for what the shopper wants next.
type Ready struct {
	Talk
	// HandedOff says that the last reply sent the shopper to a person: staff can be called or a message left.
	HandedOff bool
}

// StaffCalled says that somebody is coming. The shopper may ask on.
type StaffCalled struct{ Talk }

// MessageTaken says that the message is kept for the staff.
type MessageTaken struct{ Talk }

// Then is where a turn leads that was stopped. The later ones win over the earlier.
type Then uint8

// The ways on.
const (
	ThenReady Then = iota
	ThenListen
	ThenStaff
	ThenMessageTaken
	ThenHome
	ThenGone
)

// Ending waits until the turn that was stopped is kept. Nothing sounds and nothing is heard.
type Ending struct {
	Question
	Then Then
	// How the turn will have ended.
	How TurnEnd
	// HandedOff is Answering's.
	HandedOff bool
}

// Resetting forgets the last shopper: the session is closed and every engine that heard or spoke is made anew.
type Resetting struct {
	Turn uint64
	// Idle says that the shopper left without a word.
	Idle bool
	// Waiting says that somebody touched the kiosk meanwhile.
	Waiting bool
	// Failed says that the engines could not be made anew. Nobody is served by those of the last shopper: the next touch
	// tries again.
	Failed bool
}

// Gone is the end of the kiosk.
type Gone struct{}

func (Attract) state()      {}
func (Consenting) state()   {}
func (Listening) state()    {}
func (Thinking) state()     {}
func (Answering) state()    {}
func (Clarifying) state()   {}
func (Apologising) state()  {}
func (Confirming) state()   {}
func (Ready) state()        {}
func (StaffCalled) state()  {}
func (MessageTaken) state() {}
func (Ending) state()       {}
func (Resetting) state()    {}
func (Gone) state()         {}

// OpenTurnOf returns the number of the turn that is open in s, or 0.
func OpenTurnOf(s State) uint64 {
	if q, ok := questionOf(s); ok {
		return q.Turn
	}
	return 0
}

func questionOf(s State) (Question, bool) {
	switch s := s.(type) {
	case Listening:
		return s.Question, true
	case Thinking:
		return s.Question, true
	case Answering:
		return s.Question, true
	case Clarifying:
		return s.Question, true
	case Apologising:
		return s.Question, true
	case Confirming:
		return s.Question, true
	case Ending:
		return s.Question, true
	}
	return Question{}, false
}
