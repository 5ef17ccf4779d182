package office

import (
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// Effect is what is to be done. Each but Silence, LockHouse and Chime ends with a Done.
type Effect interface{ effect() }

// The effects.
type (
	// AskStaff asks for the accounts.
	AskStaff struct{}
	// TryPIN gives a PIN.
	TryPIN struct{ Name, PIN string }
	// LockHouse has the kiosk forget the PIN.
	LockHouse struct{}
	// TakeCall and HandleCall tell the shopper's kiosk.
	TakeCall struct{ Call string }
	// HandleCall ends a call.
	HandleCall struct{ Call string }
	// Count asks for today's numbers.
	Count struct{}
	// FindGaps asks for questions without an answer.
	FindGaps struct{}
	// FindSimilar asks for approved answers that come near a question.
	FindSimilar struct{ Question string }
	// Spell asks how an answer will be read, and whether it may be published.
	Spell struct{ Draft kiosk.Draft }
	// Speak plays an answer.
	Speak struct{ Text, Language string }
	// Teach fixes a reading.
	Teach struct{ Reading kiosk.Reading }
	// PublishDraft has the kiosk answer so.
	PublishDraft struct{ Draft kiosk.Draft }
	// TakeBack undoes the publication.
	TakeBack struct{}
	// List asks for conversations.
	List struct{ Filter kiosk.Filter }
	// Open opens a conversation.
	Open struct {
		ID     storage.ID
		Reason string
	}
	// PlayClip plays the sound of a turn, which counts from 1.
	PlayClip struct {
		ID         storage.ID
		Clip, Turn int
		Reason     string
	}
	// Silence stops what is played.
	Silence struct{}
	// Change changes the settings.
	Change struct{ Change kiosk.Change }
	// Chime rings for a shopper who waits.
	Chime struct{}
)

func (AskStaff) effect()     {}
func (TryPIN) effect()       {}
func (LockHouse) effect()    {}
func (TakeCall) effect()     {}
func (HandleCall) effect()   {}
func (Count) effect()        {}
func (FindGaps) effect()     {}
func (FindSimilar) effect()  {}
func (Spell) effect()        {}
func (Speak) effect()        {}
func (Teach) effect()        {}
func (PublishDraft) effect() {}
func (TakeBack) effect()     {}
func (List) effect()         {}
func (Open) effect()         {}
func (PlayClip) effect()     {}
func (Silence) effect()      {}
func (Change) effect()       {}
func (Chime) effect()        {}
