package main

import (
	"context"
	"sync"
	"time"

	"tenin/cmd/internal/service"
)

// report tells systemd when the runner serves, and from then on that it still takes what it is told, until end is called.
func (r *headlessRun) report(ctx context.Context, runner interface{ Answers(context.Context) bool }) (end func()) {
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if !runner.Answers(ctx) {
			return
		}
		// Nobody but systemd asked, and it finds out by itself.
		_ = service.Ready()
		service.Watchdog(ctx, runner.Answers)
	}()
	return func() {
		stop()
		<-ended
	}
}

const (
	// moreTime is what systemd is asked for while long work at the start goes on, at most once in every extendEvery.
	moreTime    = 2 * time.Minute
	extendEvery = 20 * time.Second
)

// extender asks systemd for more time as long as work before the start gets on.
func extender() func() {
	var mu sync.Mutex
	var last time.Time
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(last) >= extendEvery {
			last = now
			_ = service.Extend(moreTime)
		}
	}
}
