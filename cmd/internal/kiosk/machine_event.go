package kiosk

import "tenin/storage"

// An Event is something that happened: a touch, a word, an engine's result, a clock. Events of a turn carry its number;
// those of a turn that is over are ignored. The events of this file are all there are.
type Event interface{ event() }

// Words are a shopper's. They refuse to be printed or logged.
type Words string

// String hides the words.
func (Words) String() string { return "(words)" }

// GoString hides the words.
func (Words) GoString() string { return "(words)" }

// MarshalText hides the words.
func (Words) MarshalText() ([]byte, error) { return []byte("(words)"), nil }

// Touch is the one big button: it begins a visit, ends a question, stops an answer, begins the next question.
type Touch struct{}

// ConsentGiven is a yes to the notice.
type ConsentGiven struct{ Consent storage.Consent }

// ConsentRefused is a no: the kiosk answers and keeps nothing.
type ConsentRefused struct{}

// Brought is somebody who brings a recording (Via storage.File) or who types (Via storage.Text), not a voice in the room.
// Source is what the visit is kept as, storage.FromFile or storage.FromText; the zero Source keeps nothing.
type Brought struct {
	Via    storage.SourceKind
	Source storage.Source
}

// Typed is a question, or a message to the staff, that was typed: Message says so where no message was being spoken.
type Typed struct {
	Text    Words
	Message bool
}

// GiveUp is a shopper who does not want the question answered any more. The visit goes on.
type GiveUp struct{}

// MicrophoneOpened means that the shopper is heard from now on.
type MicrophoneOpened struct{ Turn uint64 }

// Partial is what the shopper has said so far.
type Partial struct {
	Turn uint64
	Text Words
}

// Heard is the end of speech with words in it.
type Heard struct{ Turn uint64 }

// NoSpeech is the end of listening without words.
type NoSpeech struct{ Turn uint64 }

// Found is the nature of a reply, as far as it decides what comes next.
type Found uint8

// The natures. FoundDoubtful is a hand-off for words that the recogniser itself does not trust.
const (
	FoundNothing Found = iota
	FoundAnswer
	FoundHandOff
	FoundDoubtful
)

// ReplyReady means that the reply is known.
type ReplyReady struct {
	Turn  uint64
	Found Found
}

// FirstAudio means that the reply begins to sound.
type FirstAudio struct{ Turn uint64 }

// SpeechMade means that all of the reply's sound is there, or that there is none.
type SpeechMade struct{ Turn uint64 }

// PlaybackDone means that the last sound was played.
type PlaybackDone struct{ Turn uint64 }

// Kept is the vault's answer to KeepTurn.
type Kept struct {
	Turn uint64
	Err  error
}

// KeepRefused means that the visit cannot be kept after all.
type KeepRefused struct{ Err error }

// BargeIn is a shopper who asks on while the kiosk speaks.
type BargeIn struct{}

// CallStaff is a shopper who wants a person.
type CallStaff struct{}

// StaffCame is the person being there.
type StaffCame struct{}

// TakeMessage is a shopper who wants to leave a message for the staff.
type TakeMessage struct{}

// Confirmed and Rejected are the shopper's verdict on the message as it was understood.
type (
	Confirmed struct{}
	Rejected  struct{}
)

// Idle means that nobody has touched anything for as long as a shopper is waited for.
type Idle struct{}

// NextShopper is the shopper leaving for the next one.
type NextShopper struct{}

// Leave ends the kiosk.
type Leave struct{}

// DeviceLost means that the microphone cannot be used.
type DeviceLost struct {
	Turn uint64
	Err  error
}

// EngineLost means that an engine died in the middle of a turn; a new one is being started.
type EngineLost struct {
	Turn uint64
	Err  error
}

// Failed is any other error of a turn.
type Failed struct {
	Turn uint64
	Err  error
}

// ResetDone means that nothing of the last shopper is left.
type ResetDone struct{}

// ResetFailed means that something may be.
type ResetFailed struct{ Err error }

func (Touch) event()            {}
func (ConsentGiven) event()     {}
func (ConsentRefused) event()   {}
func (Brought) event()          {}
func (Typed) event()            {}
func (GiveUp) event()           {}
func (MicrophoneOpened) event() {}
func (Partial) event()          {}
func (Heard) event()            {}
func (NoSpeech) event()         {}
func (ReplyReady) event()       {}
func (FirstAudio) event()       {}
func (SpeechMade) event()       {}
func (PlaybackDone) event()     {}
func (Kept) event()             {}
func (KeepRefused) event()      {}
func (BargeIn) event()          {}
func (CallStaff) event()        {}
func (StaffCame) event()        {}
func (TakeMessage) event()      {}
func (Confirmed) event()        {}
func (Rejected) event()         {}
func (Idle) event()             {}
func (NextShopper) event()      {}
func (Leave) event()            {}
func (DeviceLost) event()       {}
func (EngineLost) event()       {}
func (Failed) event()           {}
func (ResetDone) event()        {}
func (ResetFailed) event()      {}

// turnOf returns the number of the turn that e belongs to; false when it belongs to none.
func turnOf(e Event) (uint64, bool) {
	switch e := e.(type) {
	case MicrophoneOpened:
		return e.Turn, true
	case Partial:
		return e.Turn, true
	case Heard:
		return e.Turn, true
	case NoSpeech:
		return e.Turn, true
	case ReplyReady:
		return e.Turn, true
	case FirstAudio:
		return e.Turn, true
	case SpeechMade:
		return e.Turn, true
	case PlaybackDone:
		return e.Turn, true
	case Kept:
		return e.Turn, true
	case DeviceLost:
		return e.Turn, true
	case EngineLost:
		return e.Turn, true
	case Failed:
		return e.Turn, true
	}
	return 0, false
}
