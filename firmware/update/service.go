package update

import (
	"context"
	"time"
)

// Patience says how long a restart waits for a good moment.
type Patience struct {
	// Idle is for how long nobody is to have been served, Longest after what time it restarts all the same.
	Idle, Longest time.Duration
	// Look is the time between two looks.
	Look time.Duration
}

// Manners are those of a kiosk on a counter: nobody is interrupted, and what is late comes after a day.
var Manners = Patience{Idle: 2 * time.Minute, Longest: 24 * time.Hour, Look: 10 * time.Second}

// Serve is the service on the device: it settles what the last start was about, takes what lies in the drop folder, and
// restarts once nobody is served. free tells since when nobody is; told hears the outcomes. It returns when nothing is to be
// done any more, or after restart was called.
func Serve(ctx context.Context, o Options, p Patience, free func(context.Context) (since time.Time, ok bool), restart func(context.Context) error, told func(Outcome)) error {
	news, failed := Settle(o)
	for _, n := range news {
		told(n)
	}
	waiting := false
	begun := o.now()
	for {
		r, err := Drop(ctx, o)
		for _, out := range r.Outcomes {
			told(out)
		}
		if err != nil {
			return err
		}
		if r.Restart && !waiting {
			waiting, begun = true, o.now()
		}
		if !waiting {
			return failed
		}
		// A newer bundle may come while nobody may be interrupted.
		for !o.Machine.Pending() {
			since, ok := free(ctx)
			if ok && o.now().Sub(since) >= p.Idle || o.now().Sub(begun) >= p.Longest {
				return restart(ctx)
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(p.Look):
			}
		}
	}
}
