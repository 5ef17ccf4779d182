package office

import (
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/ui/staff"
)

// Event is what happened: a touch, the clock, the kiosk's situation, or the end of an Effect.
type Event interface{ event() }

// The events.
type (
	// Touched is a touch of the screen.
	Touched struct{ Event staff.Event }
	// Ticked is the clock, about once a second.
	Ticked struct{ Now time.Time }
	// Changed is a new situation at the kiosk.
	Changed struct{ Situation kiosk.Situation }
	// Done is the end of an effect: what came of it, or why not.
	Done struct {
		Serial int
		Effect Effect
		Result Result
		Err    error
	}
)

func (Touched) event() {}
func (Ticked) event()  {}
func (Changed) event() {}
func (Done) event()    {}

// Result is what came of an Effect. Effects without one of these have none.
type Result interface{ result() }

// The results.
type (
	// Accounts are the names of the shop's staff.
	Accounts struct{ Names []string }
	// Member is whose PIN it was, and what that person may do.
	Member struct {
		Name string
		Role storage.Role
	}
	// Days are counts, today first.
	Days struct{ Days []storage.Tally }
	// Gaps are questions without an answer.
	Gaps struct{ Gaps []kiosk.Gap }
	// Near are approved answers.
	Near struct{ Answers []kiosk.Approved }
	// Spelled is how an answer is read, and why it cannot be published, if it cannot.
	Spelled struct {
		Words   []kiosk.Spelling
		Problem error
	}
	// Listed are conversations.
	Listed struct{ List []kiosk.Conversation }
	// Opened is a conversation.
	Opened struct{ Saved *storage.Saved }
	// Set are the settings now.
	Set struct{ Settings kiosk.Settings }
)

func (Accounts) result() {}
func (Member) result()   {}
func (Days) result()     {}
func (Gaps) result()     {}
func (Near) result()     {}
func (Spelled) result()  {}
func (Listed) result()   {}
func (Opened) result()   {}
func (Set) result()      {}
