package update

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Check is one thing that a healthy version can do.
type Check struct {
	// Name is what is shown, Reason what is told where it fails.
	Name   string
	Reason Reason
	// Run returns nil where it can. An error of Never will not go away.
	Run func(context.Context) error
}

// never is an error that waiting does not mend.
type never struct{ error }

func (n never) Unwrap() error { return n.error }

// Never marks an error that waiting does not mend.
func Never(err error) error { return never{err} }

// Health tells whether the version that runs is healthy: each check in its order, each until it succeeds or the time is
// over. A start needs its time, so a check that fails is asked again after pause. told hears how each ended. The error wraps
// a Refusal with the reason of the check that failed.
func Health(ctx context.Context, checks []Check, limit, pause time.Duration, told func(c Check, err error, took time.Duration)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for _, c := range checks {
		begun := time.Now()
		err := c.until(ctx, pause)
		told(c, err, time.Since(begun))
		if err != nil {
			return refuse(c.Reason, "%s: %w", c.Name, err)
		}
	}
	return nil
}

// until runs the check until it succeeds, or returns why it did not at last. A check that does not come back is not waited for.
func (c Check) until(ctx context.Context, pause time.Duration) (err error) {
	last := errors.New("there was no time for it")
	for {
		answer := make(chan error, 1)
		go func() { answer <- c.Run(ctx) }()
		select {
		case err := <-answer:
			if err == nil || errors.As(err, new(never)) {
				return err
			}
			if ctx.Err() == nil {
				last = err
			}
		case <-ctx.Done():
			return fmt.Errorf("not in time: %w", errors.Join(last, ctx.Err()))
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not in time: %w", last)
		case <-time.After(pause):
		}
	}
}
