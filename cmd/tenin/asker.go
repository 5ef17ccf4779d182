package main

import (
	"context"
	"errors"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// closers are closed in their order.
type closers struct {
	kiosk.Asker
	owner interface{ Close() error }
}

// Close ends the visit, then closes who answered it.
func (c closers) Close() error { return errors.Join(c.Asker.Close(), c.owner.Close()) }

// openAsker begins a visit at the kiosk that runs on the home, or, where none does, at a clerk of this process that has
// these parts. greeting is what the clerk says of itself.
func openAsker(ctx context.Context, f *flags, parts kiosk.Parts, terms kiosk.Terms) (asker kiosk.Asker, greeting string, err error) {
	home, _, err := f.load()
	if err != nil {
		return nil, "", err
	}
	for try := 0; ; try++ {
		client, err := kiosk.DialKiosk(ctx, home)
		if err == nil {
			visit, err := kiosk.AskKiosk(ctx, client, terms)
			if err != nil {
				return nil, "", errors.Join(err, client.Close())
			}
			return closers{visit, client}, client.Status().GetGreeting(), nil
		}
		if !errors.Is(err, control.ErrNotRunning) {
			return nil, "", refused(err)
		}
		clerk, err := openClerk(ctx, f, parts, terms.Language)
		// A kiosk that has just started holds the vault before it answers: it is asked once more.
		if errors.Is(err, storage.ErrLocked) && try == 0 {
			continue
		} else if err != nil {
			return nil, "", err
		}
		if parts&kiosk.Knowing != 0 {
			greeting = clerk.Greeting()
		}
		return closers{kiosk.AskHere(clerk, terms), clerk}, greeting, nil
	}
}
