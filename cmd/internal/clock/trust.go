package clock

import (
	"errors"
	"fmt"
	"time"
)

// ErrUntrusted means that something hangs on a time that nobody vouches for.
var ErrUntrusted = errors.New("the clock is not trusted")

// Reason is why a time is trusted, or why not. It is a stable word.
type Reason string

// The reasons to trust a time.
const (
	// Kept: a time server keeps it.
	Kept Reason = "kept"
	// HubAgrees: the hub has the same time.
	HubAgrees Reason = "hub"
	// Confirmed: somebody looked at it since the machine was started.
	Confirmed Reason = "confirmed"
	// Carried: it was right before, and the hardware clock ran on.
	Carried Reason = "carried"
)

// The reasons not to.
const (
	// BeforeBuild: it is earlier than the program.
	BeforeBuild Reason = "before_build"
	// BeforeLast: it is earlier than a time that the vault knows to have been.
	BeforeLast Reason = "before_last"
	// FarAhead: it is later than is plausible.
	FarAhead Reason = "far_ahead"
	// HubDiffers: the hub has another time.
	HubDiffers Reason = "hub_differs"
	// Stepped: somebody set it since it was looked at.
	Stepped Reason = "stepped"
	// NoWitness: nobody says that it is right.
	NoWitness Reason = "no_witness"
)

// Use is something that hangs on the time.
type Use string

// The uses that are refused while the clock is not trusted.
const (
	// Retention: erasing conversations because they are old. One that is erased too early is gone.
	Retention Use = "retention"
	// Enrolment: joining a hub, whose certificates and codes have times.
	Enrolment Use = "enrolment"
	// Today: closing the kiosk, or showing a notice, for the rest of the day.
	Today Use = "today"
	// Receipts: writing a day on a receipt.
	Receipts Use = "receipts"
)

// Uses lists them all.
func Uses() []Use { return []Use{Retention, Enrolment, Today, Receipts} }

// refusals says what a refused use means for the shop.
var refusals = map[Use]string{
	Retention: "conversations are not erased by their age",
	Enrolment: "the kiosk does not join a hub",
	Today:     "nothing is closed or shown for the rest of today",
	Receipts:  "receipts have no day",
}

// String says what does not happen while the use is refused.
func (u Use) String() string { return refusals[u] }

// Trust is what a time is worth.
type Trust struct {
	Trusted bool
	Reason  Reason
	// Now is the machine's time when it was judged.
	Now time.Time
	// NotBefore is what the time cannot be earlier than, zero where nothing is known.
	NotBefore time.Time
	// Other is the time that disagrees, of the hub or since somebody looked at it; zero where none does.
	Other time.Time
}

// Refused lists the uses that must not be made of this time.
func (t Trust) Refused() []Use {
	if t.Trusted {
		return nil
	}
	return Uses()
}

// Allows returns nil, or an error that wraps ErrUntrusted and says what to do.
func (t Trust) Allows(u Use) error {
	if t.Trusted {
		return nil
	}
	return fmt.Errorf("%w (%s): %s; look at the time and confirm it: `tenin setup clock --confirm`, or let a time server keep it", ErrUntrusted, t.Why(), u)
}

// Day returns the local day of the time, as in 2026-11-22, or "" while it is not trusted.
func (t Trust) Day() string {
	if !t.Trusted {
		return ""
	}
	return t.Now.Local().Format(time.DateOnly)
}

// Why says the reason in a few words.
func (t Trust) Why() string {
	switch t.Reason {
	case Kept:
		return "a time server keeps it"
	case HubAgrees:
		return "the hub has the same time"
	case Confirmed:
		return "somebody looked at it since the machine was started"
	case Carried:
		return "the hardware clock ran on since it was right"
	case BeforeBuild:
		return "earlier than this program, of " + t.NotBefore.Format(time.DateOnly)
	case BeforeLast:
		return "earlier than it was before, " + t.NotBefore.Local().Format(time.DateTime)
	case FarAhead:
		return "later than is plausible"
	case HubDiffers:
		return "the hub has " + t.Other.Local().Format(time.DateTime)
	case Stepped:
		return "it was set since somebody looked at it, and should be " + t.Other.Local().Format(time.DateTime)
	}
	return "no time server keeps it, and nobody has looked at it since the machine was started"
}
