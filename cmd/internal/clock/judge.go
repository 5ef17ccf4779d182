package clock

import (
	"time"

	"tenin/storage"
)

// Evidence is what is known about a time.
type Evidence struct {
	// Now is the machine's time.
	Now time.Time
	// Built is when the source of the program was last changed; zero when the build did not say.
	Built time.Time
	// Mark is what the vault remembers; its zero value is nothing.
	Mark storage.ClockMark
	// Synchronised says that a time server keeps the kernel's clock.
	Synchronised bool
	// Boot names this start of the machine, and Uptime is how long ago it was, sleep included.
	Boot   [16]byte
	Uptime time.Duration
	// Hardware is the clock that runs while the machine is off.
	Hardware Hardware
	// Hub is a time that the hub told since this start, and HubAt the Uptime then; zero where it told none.
	Hub   time.Time
	HubAt time.Duration
}

// Hardware is a clock with a battery.
type Hardware struct {
	// Present says that there is one that can be read.
	Present bool
	// Time is what it shows.
	Time time.Time
	// Flat says that it knows its battery to be empty.
	Flat bool
}

// Tolerances. Two minutes is more than a clock drifts in a month (20 ppm are 52 s) and less than anybody would notice on a
// receipt.
const (
	// agreement is how far two clocks that are both right may be apart.
	agreement = 2 * time.Minute
	// longestRest is how long a machine may have been off for its battery to be believed: what lay in a store for longer
	// is looked at.
	longestRest = 180 * 24 * time.Hour
	// farFuture is how long after its build a program is still plausibly run.
	farFuture = 15 * 365 * 24 * time.Hour
	// buildSlack: the source may be from a machine whose clock is a little ahead, or east of here.
	buildSlack = 24 * time.Hour
)

// Judge weighs the evidence. What cannot be is found first; then one reason to trust is enough.
func Judge(e Evidence) Trust {
	t := Trust{Now: e.Now, NotBefore: e.Built}
	if e.Mark.Latest.After(t.NotBefore) {
		t.NotBefore = e.Mark.Latest
	}
	refuse := func(r Reason) Trust { t.Reason = r; return t }
	trust := func(r Reason) Trust { t.Trusted, t.Reason = true, r; return t }
	switch {
	case !e.Built.IsZero() && e.Now.Before(e.Built.Add(-buildSlack)):
		t.NotBefore = e.Built
		return refuse(BeforeBuild)
	case !e.Built.IsZero() && e.Now.After(e.Built.Add(farFuture)):
		return refuse(FarAhead)
	case e.Now.Before(e.Mark.Latest.Add(-agreement)):
		return refuse(BeforeLast)
	}
	if !e.Hub.IsZero() {
		hub := e.Hub.Add(e.Uptime - e.HubAt)
		if !near(e.Now, hub) {
			t.Other = hub
			return refuse(HubDiffers)
		}
		return trust(HubAgrees)
	}
	if e.Synchronised {
		return trust(Kept)
	}
	if !e.Mark.Wall.IsZero() && e.Boot != [16]byte{} && e.Boot == e.Mark.Boot {
		should := e.Mark.Wall.Add(e.Uptime - e.Mark.Uptime)
		if !near(e.Now, should) {
			t.Other = should
			return refuse(Stepped)
		}
		return trust(Confirmed)
	}
	known := !e.Mark.Latest.IsZero() && e.Now.Sub(e.Mark.Latest) < longestRest
	if known && e.Hardware.Present && !e.Hardware.Flat && near(e.Now, e.Hardware.Time) {
		return trust(Carried)
	}
	return refuse(NoWitness)
}

func near(a, b time.Time) bool { return a.Sub(b).Abs() <= agreement }

// Mark returns what the vault should remember of a time that is trusted. Somebody who confirms it, or a time server, or
// the hub, ties it to this start of the machine.
func (e Evidence) MarkOf(t Trust) storage.ClockMark {
	m := storage.ClockMark{Latest: e.Now}
	switch t.Reason {
	case Kept, HubAgrees, Confirmed:
		m.Wall, m.Boot, m.Uptime = e.Now, e.Boot, e.Uptime
	case Carried:
		// The tie to an earlier start says nothing any more, and this start has none.
	}
	return m
}
