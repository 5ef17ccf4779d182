package main

import (
	"context"
	"errors"
)

// idleWork goes on while nobody is being served. It can be stopped at any point and takes up where it was.
type idleWork struct {
	work func(context.Context) error
	// failed is told an error, after which there is no more work.
	failed func(error)

	stop  context.CancelFunc
	ended chan struct{} // nil before the first start
	over  bool          // set before ended is closed
}

// resume starts or goes on, unless all is done.
func (w *idleWork) resume(ctx context.Context) {
	if w.ended != nil {
		<-w.ended
	}
	if w.over {
		return
	}
	ctx, w.stop = context.WithCancel(ctx)
	w.ended = make(chan struct{})
	go func(ended chan struct{}) {
		defer close(ended)
		err := w.work(ctx)
		w.over = ctx.Err() == nil
		if err != nil && !errors.Is(err, context.Canceled) {
			w.over = true
			w.failed(err)
		}
	}(w.ended)
}

// pause stops the work without waiting for its end: a shopper has come.
func (w *idleWork) pause() {
	if w.stop != nil {
		w.stop()
	}
}

// close stops the work and waits for its end.
func (w *idleWork) close() {
	w.pause()
	if w.ended != nil {
		<-w.ended
	}
}
