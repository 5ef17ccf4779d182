package staff

import "tenin/ui/keyboard"

// Event is what was touched.
type Event interface{ event() }

// The events. Those without fields are buttons.
type (
	// ChooseName says who wants to give a PIN.
	ChooseName struct{ Name string }
	// PINKey is a character of the PIN.
	PINKey struct{ Key string }
	// ErasePIN takes the last character of the PIN back.
	ErasePIN struct{}
	// EnterPIN ends the PIN.
	EnterPIN struct{}
	// TurnKeys changes between digits, letters and capitals.
	TurnKeys struct{}
	// LockNow locks the screens.
	LockNow struct{}
	// Unlock asks for the PIN.
	Unlock struct{}
	// Leave goes back to the shopper's screens.
	Leave struct{}
	// Stay is a touch that only says that somebody is there.
	Stay struct{}

	// GoTo opens one of the main screens.
	GoTo struct{ Tab Tab }
	// ShowFrom scrolls a list.
	ShowFrom struct{ From int }
	// Return goes back: from what was opened to the list, from the keyboard without a change.
	Return struct{}

	// Take says that somebody goes to a shopper; Handled, that somebody has been there.
	Take struct{ Call string }
	// Handled ends a call.
	Handled struct{ Call string }

	// WriteAnswer begins an answer to a question.
	WriteAnswer struct{ Question string }
	// EditSentence opens the keyboard for a sentence of the answer, from 0; one behind the last is a new one.
	EditSentence struct{ At int }
	// Compare shows what is similar in the place of the readings, or the readings again.
	Compare struct{}
	// UseSimilar takes the answer of an approved entry.
	UseSimilar struct{ ID string }
	// TrySound speaks the answer to whoever writes it.
	TrySound struct{}
	// StopSound stops what is played.
	StopSound struct{}
	// FixReading opens the keyboard for the reading of a word, from 0.
	FixReading struct{ Word int }
	// Publish has the kiosk answer so from now on.
	Publish struct{}
	// Undo takes the publication back.
	Undo struct{}

	// ChooseTopic shows the topics that NarrowTo can be given.
	ChooseTopic struct{}
	// NarrowTo narrows the list of conversations to a topic; empty: all.
	NarrowTo struct{ Topic string }
	// OpenConversation asks to read a conversation.
	OpenConversation struct{ ID string }
	// ChooseWhy is a reason to read it.
	ChooseWhy struct{ Why Why }
	// WriteReason opens the keyboard for the reason.
	WriteReason struct{}
	// ReadConversation opens it with the reason that was given.
	ReadConversation struct{}
	// PlayTurn plays the sound of a turn, from 1.
	PlayTurn struct{ Turn int }

	// ShowSetting opens a switch.
	ShowSetting struct{ Setting Setting }
	// Switch turns Pause, Mute or CloseToday on or off.
	Switch struct {
		Setting Setting
		On      bool
	}
	// SwitchTopic turns a topic off or on.
	SwitchTopic struct {
		Topic string
		Off   bool
	}
	// WriteNotice opens the keyboard for today's notice.
	WriteNotice struct{}
	// RemoveNotice takes the notice away.
	RemoveNotice struct{}

	// ChooseLanguage changes the language of the staff's screens.
	ChooseLanguage struct{ Language Language }
	// ToggleBigText changes the size of text.
	ToggleBigText struct{}
	// ToggleContrast changes the colours.
	ToggleContrast struct{}
	// Typed is a key of the keyboard.
	Typed struct{ Key keyboard.Key }
)

// Tab is one of the main screens.
type Tab int

// The main screens.
const (
	HelpTab Tab = iota
	TodayTab
	UnansweredTab
	ConversationsTab
	SettingsTab
)

// Tabs lists them in the order of their buttons.
func Tabs() []Tab {
	return []Tab{HelpTab, TodayTab, UnansweredTab, ConversationsTab, SettingsTab}
}

func (ChooseName) event()       {}
func (PINKey) event()           {}
func (ErasePIN) event()         {}
func (EnterPIN) event()         {}
func (TurnKeys) event()         {}
func (LockNow) event()          {}
func (Unlock) event()           {}
func (Leave) event()            {}
func (Stay) event()             {}
func (GoTo) event()             {}
func (ShowFrom) event()         {}
func (Return) event()           {}
func (Take) event()             {}
func (Handled) event()          {}
func (WriteAnswer) event()      {}
func (EditSentence) event()     {}
func (Compare) event()          {}
func (UseSimilar) event()       {}
func (TrySound) event()         {}
func (StopSound) event()        {}
func (FixReading) event()       {}
func (Publish) event()          {}
func (Undo) event()             {}
func (ChooseTopic) event()      {}
func (NarrowTo) event()         {}
func (OpenConversation) event() {}
func (ChooseWhy) event()        {}
func (WriteReason) event()      {}
func (ReadConversation) event() {}
func (PlayTurn) event()         {}
func (ShowSetting) event()      {}
func (Switch) event()           {}
func (SwitchTopic) event()      {}
func (WriteNotice) event()      {}
func (RemoveNotice) event()     {}
func (ChooseLanguage) event()   {}
func (ToggleBigText) event()    {}
func (ToggleContrast) event()   {}
func (Typed) event()            {}
