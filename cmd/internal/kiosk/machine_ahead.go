package kiosk

import (
	"context"
	"errors"
)

// ahead is work that goes on while nobody is being served.
type ahead struct {
	work   func(context.Context) error // nil: none
	failed func(error)

	stop  context.CancelFunc
	ended chan struct{} // of the last start; nil before the first
	over  bool          // all is done; read after ended
	anew  bool          // there is more to do than was thought
}

// resume starts or goes on, unless all is done. It does not wait for what was paused to end.
func (a *ahead) resume(ctx context.Context) {
	if a.work == nil {
		return
	}
	a.pause()
	ctx, stop := context.WithCancel(ctx)
	before, ended := a.ended, make(chan struct{})
	a.stop, a.ended = stop, ended
	anew := a.anew
	a.anew = false
	go func() {
		defer close(ended)
		defer stop()
		if before != nil {
			<-before
		}
		if anew {
			a.over = false
		}
		if a.over || ctx.Err() != nil {
			return
		}
		err := a.work(ctx)
		switch {
		case errors.Is(err, ErrEngineLost), ctx.Err() != nil: // another time
		case err != nil:
			a.over = true
			a.failed(err)
		default:
			a.over = true
		}
	}()
}

// pause stops the work without waiting for its end: a shopper has come.
func (a *ahead) pause() {
	if a.stop != nil {
		a.stop()
	}
}

// close stops the work and waits for its end.
func (a *ahead) close() {
	a.pause()
	if a.ended != nil {
		<-a.ended
	}
}
