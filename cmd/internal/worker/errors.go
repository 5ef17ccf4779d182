package worker

import (
	"errors"
	"fmt"
)

var (
	// ErrLost is wrapped when the worker died, hung or broke the protocol during a call, or was not back in time for it.
	// A new one is being started: the next turn may succeed.
	ErrLost = errors.New("worker lost")
	// ErrClosed is returned by a closed Pool.
	ErrClosed = errors.New("the workers are closed")
	// ErrStart is wrapped when a worker did not come up.
	ErrStart = errors.New("worker did not start")
	// ErrEngine is wrapped when an engine failed in a way that has no name; its own words stay in the worker.
	ErrEngine = errors.New("the engine failed")
	// ErrSeal is wrapped when a worker could not give up its rights after loading.
	ErrSeal = errors.New("the worker could not be sealed")
)

// errGarbage is for what no honest worker says.
var errGarbage = errors.New("the worker broke the protocol")

// Reason is why a worker was replaced.
type Reason string

// The reasons. Only Crashed, Hung, Greedy and Broken count towards an Alert.
const (
	Crashed   Reason = "crashed"     // it ended by itself
	Hung      Reason = "hung"        // no answer in time
	Greedy    Reason = "memory"      // beyond its limit of memory
	Broken    Reason = "protocol"    // it said what no honest worker says
	Unready   Reason = "not ready"   // it did not open its engines
	Refreshed Reason = "refreshed"   // it had heard a shopper
	Worn      Reason = "device lost" // its sound library needs a new process
	Stopped   Reason = "pool closed" // the pool was closed
)

func lost(role Role, why Reason) error {
	return fmt.Errorf("%s %w (%s): ask again, a new one is being started", role, ErrLost, why)
}
