package workshop

import "tenin/ui/technician"

// Event is what Next is told.
type Event interface{ event() }

// The events. Those with a Run are about the task of that number; when it is not the one under way, they change nothing.
type (
	// Opened begins: somebody wants the technician's screens.
	Opened struct{ Language technician.Language }
	// Touch is what was touched.
	Touch struct{ Event technician.Event }
	// Tick comes once a second.
	Tick struct{}
	// Told is what a test shows while it runs.
	Told struct {
		Run    int
		Screen technician.Screen
	}
	// Found is what a task found: a screen.
	Found struct {
		Run    int
		Screen technician.Screen
	}
	// Guard answers IsGuarded.
	Guard struct {
		Run int
		Lock
		Device bool
	}
	// Entered is what became of a PIN.
	Entered struct {
		Run   int
		Entry Entry
	}
	// Made is a new recovery key.
	Made struct {
		Run    int
		Groups []string
		Asked  [2]int
		Result technician.Result
	}
	// Challenged is the number that has to be typed before a wipe.
	Challenged struct {
		Run    int
		Number string
	}
	// Done is how a task without a screen of its own ended.
	Done struct {
		Run    int
		Result technician.Result
	}
)

func (Opened) event()     {}
func (Touch) event()      {}
func (Tick) event()       {}
func (Told) event()       {}
func (Found) event()      {}
func (Guard) event()      {}
func (Entered) event()    {}
func (Made) event()       {}
func (Challenged) event() {}
func (Done) event()       {}
