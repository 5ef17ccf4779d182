package kiosk

import "tenin/storage"

// An Effect is something that is to be done, in the order in which Next names them. The effects of this file are all
// there are.
type Effect interface{ effect() }

// BeginKept begins a visit that is kept under Source.
type BeginKept struct{ Source storage.Source }

// BeginUnkept begins a visit of which nothing is kept.
type BeginUnkept struct{}

// CloseSession ends the visit.
type CloseSession struct{}

// OpenTurn begins a turn: one question and its answer.
type OpenTurn struct{ Turn uint64 }

// CancelTurn stops everything that computes for the turn.
type CancelTurn struct{ Turn uint64 }

// TurnEnd is how a turn ended.
type TurnEnd string

// The ends of a turn.
const (
	TurnAnswered    TurnEnd = "answered"    // the reply was heard
	TurnInterrupted TurnEnd = "interrupted" // the reply was shown, its sound was stopped
	TurnSilent      TurnEnd = "silent"      // nobody spoke
	TurnAbandoned   TurnEnd = "abandoned"   // the shopper did something else before the reply was there
	TurnBroken      TurnEnd = "broken"      // a part of the kiosk failed
)

// EndTurn ends the turn. There is one for each OpenTurn.
type EndTurn struct {
	Turn uint64
	How  TurnEnd
}

// Listen opens the microphone, or the recording that was brought, and hears one question.
type Listen struct {
	Turn uint64
	From storage.SourceKind
}

// EndQuestion tells the listener that no more will be said.
type EndQuestion struct{ Turn uint64 }

// CloseMicrophone closes what Listen opened.
type CloseMicrophone struct{ Turn uint64 }

// TakeWords gives the turn the words that were typed.
type TakeWords struct {
	Turn uint64
	Text Words
}

// FindReply finds what is to be said.
type FindReply struct{ Turn uint64 }

// SpeakReply makes the reply's sound and plays it.
type SpeakReply struct{ Turn uint64 }

// AskAgain replaces the reply by the request to say it once more. The words that were heard are doubtful.
type AskAgain struct{ Turn uint64 }

// Apologise speaks the sentence for a lost engine from the cache, or not at all.
type Apologise struct{ Turn uint64 }

// StopSpeech stops the sound at once, then the making of more.
type StopSpeech struct{ Turn uint64 }

// ShowPartial shows what the shopper has said so far.
type ShowPartial struct{ Text Words }

// ShowReply shows the reply before it is spoken.
type ShowReply struct{ Turn uint64 }

// ShowMessage shows the message to the staff as it was understood.
type ShowMessage struct{ Turn uint64 }

// ShowResult shows what the turn brought, once it is kept or will not be.
type ShowResult struct{ Turn uint64 }

// Trouble is what goes wrong at a counter.
type Trouble uint8

// The troubles.
const (
	TroubleDevice  Trouble = iota + 1 // the microphone
	TroubleEngine                     // an engine died
	TroubleTurn                       // any other error in a turn
	TroubleKeep                       // the visit cannot be kept
	TroubleMessage                    // a message to the staff needs a yes to being kept
	TroubleReset                      // the engines could not be made anew
	TroubleSession                    // the session was not closed well
	TroubleAhead                      // approved answers could not be spoken ahead
	TroubleClosed                     // staff have paused the kiosk, or closed it for today
)

// ShowTrouble says what went wrong.
type ShowTrouble struct {
	Trouble Trouble
	Err     error
}

// KeepTurn keeps the turn in the vault, and a summary of it in the outbox.
type KeepTurn struct{ Turn uint64 }

// SummonStaff calls a person to the kiosk.
type SummonStaff struct{}

// RenderAhead speaks approved answers into the cache while nobody is being served; PauseRendering stops that.
type (
	RenderAhead    struct{}
	PauseRendering struct{}
)

// ResetEngines forgets the last shopper.
type ResetEngines struct{}

func (BeginKept) effect()       {}
func (BeginUnkept) effect()     {}
func (CloseSession) effect()    {}
func (OpenTurn) effect()        {}
func (CancelTurn) effect()      {}
func (EndTurn) effect()         {}
func (Listen) effect()          {}
func (EndQuestion) effect()     {}
func (CloseMicrophone) effect() {}
func (TakeWords) effect()       {}
func (FindReply) effect()       {}
func (SpeakReply) effect()      {}
func (AskAgain) effect()        {}
func (Apologise) effect()       {}
func (StopSpeech) effect()      {}
func (ShowPartial) effect()     {}
func (ShowReply) effect()       {}
func (ShowMessage) effect()     {}
func (ShowResult) effect()      {}
func (ShowTrouble) effect()     {}
func (KeepTurn) effect()        {}
func (SummonStaff) effect()     {}
func (RenderAhead) effect()     {}
func (PauseRendering) effect()  {}
func (ResetEngines) effect()    {}
