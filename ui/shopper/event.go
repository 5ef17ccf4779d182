package shopper

import "tenin/ui/keyboard"

// Event is what a shopper has touched.
type Event interface{ event() }

// The events. Those without fields are buttons.
type (
	// Start is a touch of the first screen.
	Start struct{}
	// ChooseLanguage is a touch of a language's button.
	ChooseLanguage struct{ Language Language }
	// Consented answers the notice.
	Consented struct{ How How }
	// DoneSpeaking ends a question before the pause does.
	DoneSpeaking struct{}
	// Cancel gives up the question.
	Cancel struct{}
	// Interrupt stops the voice.
	Interrupt struct{}
	// SpeakAgain asks the next question by voice.
	SpeakAgain struct{}
	// TypeInstead opens the keyboard.
	TypeInstead struct{}
	// Ask is the touch of a question: related, or what was meant.
	Ask struct{ Question string }
	// ShowDetail, ShowPlace and Return move between an answer and what belongs to it.
	ShowDetail struct{}
	// ShowPlace opens the floor map.
	ShowPlace struct{}
	// Return goes back to the answer.
	Return struct{}
	// ShowFrom scrolls to a sentence.
	ShowFrom struct{ Sentence int }
	// Helped answers whether the answer did.
	Helped struct{ Yes bool }
	// CallStaff calls somebody.
	CallStaff struct{ Language Language }
	// LeaveMessage begins a message to the staff.
	LeaveMessage struct{}
	// SendMessage keeps the message as it is shown; DiscardMessage does not.
	SendMessage struct{}
	// DiscardMessage drops the message.
	DiscardMessage struct{}
	// Retry tries again what did not work.
	Retry struct{}
	// StillHere stops the count to the first screen.
	StillHere struct{}
	// Finish ends the visit; if the talk was kept, the Receipt comes first, and Finish again ends that.
	Finish struct{}
	// ToggleBigText, ToggleContrast and ToggleSilent change the look.
	ToggleBigText struct{}
	// ToggleContrast changes the colours.
	ToggleContrast struct{}
	// ToggleSilent turns the voice off and on.
	ToggleSilent struct{}
	// Typed is a key of the keyboard.
	Typed struct{ Key keyboard.Key }
)

// How is how a shopper wants to talk.
type How int

// Speak and Type keep the talk as the notice says; Unrecorded keeps nothing.
const (
	Speak How = iota
	Type
	Unrecorded
)

// Knock is a touch of the shop's mark. Nothing shows that it does anything: several in a row are how the shop's people come in.
type Knock struct{}

func (Start) event()          {}
func (ChooseLanguage) event() {}
func (Consented) event()      {}
func (DoneSpeaking) event()   {}
func (Cancel) event()         {}
func (Interrupt) event()      {}
func (SpeakAgain) event()     {}
func (TypeInstead) event()    {}
func (Ask) event()            {}
func (ShowDetail) event()     {}
func (ShowPlace) event()      {}
func (Return) event()         {}
func (ShowFrom) event()       {}
func (Helped) event()         {}
func (CallStaff) event()      {}
func (LeaveMessage) event()   {}
func (SendMessage) event()    {}
func (DiscardMessage) event() {}
func (Retry) event()          {}
func (StillHere) event()      {}
func (Finish) event()         {}
func (ToggleBigText) event()  {}
func (ToggleContrast) event() {}
func (ToggleSilent) event()   {}
func (Typed) event()          {}
func (Knock) event()          {}
