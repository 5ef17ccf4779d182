package workshop

import (
	"tenin/firmware/enrol"
	"tenin/ui"
	"tenin/ui/technician"
)

// Effect is what Next wants done.
type Effect interface{ effect() }

// The effects.
type (
	// Show shows a picture.
	Show struct {
		View technician.View
		Look ui.Look
	}
	// Do does a task; its end is told with Run.
	Do struct {
		Run  int
		Task Task
	}
	// Cancel ends the task that is under way; its outcome is no longer wanted.
	Cancel struct{}
	// Close returns to the shopper's screens.
	Close struct{}
)

func (Show) effect()   {}
func (Do) effect()     {}
func (Cancel) effect() {}
func (Close) effect()  {}

// Task is work for the Bench.
type Task interface{ task() }

// The tasks, each a method of Bench.
type (
	IsGuarded struct{}
	CheckPIN  struct{ PIN string }
	SetPIN    struct {
		Who technician.Who
		PIN string
	}
	ResetPIN   struct{ Groups, PIN string } // Groups are joined by dashes
	Peek       struct{ Step technician.Step }
	TryTurn    struct{ Degrees int }
	KeepTurn   struct{ Degrees int }
	TurnBack   struct{}
	SetNetwork struct {
		Network    technician.Network
		Passphrase enrol.SecretText
	}
	DropPassphrase  struct{ Passphrase enrol.SecretText }
	SaveShop        struct{ Shop technician.Shop }
	SaveBrand       struct{ Brand technician.Brand }
	LookAtClock     struct{}
	SetClock        struct{ Digits string }
	ConfirmClock    struct{}
	LookAtPanel     struct{}
	Listen          struct{}
	PlayTone        struct{}
	Speak           struct{}
	MeasureEcho     struct{}
	AskHub          struct{}
	JoinHub         struct{ Address, Code string }
	Seal            struct{ File bool }
	MakeRecovery    struct{}
	ConfirmRecovery struct{ First, Second string }
	ForgetRecovery  struct{}
	CountAccess     struct{}
	CompleteSetUp   struct{ Rows []technician.Row }
	LookAtHealth    struct{}
	ListBundle      struct{}
	WriteBundle     struct{ Place technician.Place }
	MakeChallenge   struct{}
	Wipe            struct{}
	UsePower        struct{ What technician.PowerKind }
)

func (IsGuarded) task()       {}
func (CheckPIN) task()        {}
func (SetPIN) task()          {}
func (ResetPIN) task()        {}
func (Peek) task()            {}
func (TryTurn) task()         {}
func (KeepTurn) task()        {}
func (TurnBack) task()        {}
func (SetNetwork) task()      {}
func (DropPassphrase) task()  {}
func (SaveShop) task()        {}
func (SaveBrand) task()       {}
func (LookAtClock) task()     {}
func (SetClock) task()        {}
func (ConfirmClock) task()    {}
func (LookAtPanel) task()     {}
func (Listen) task()          {}
func (PlayTone) task()        {}
func (Speak) task()           {}
func (MeasureEcho) task()     {}
func (AskHub) task()          {}
func (JoinHub) task()         {}
func (Seal) task()            {}
func (MakeRecovery) task()    {}
func (ConfirmRecovery) task() {}
func (ForgetRecovery) task()  {}
func (CountAccess) task()     {}
func (CompleteSetUp) task()   {}
func (LookAtHealth) task()    {}
func (ListBundle) task()      {}
func (WriteBundle) task()     {}
func (MakeChallenge) task()   {}
func (Wipe) task()            {}
func (UsePower) task()        {}
