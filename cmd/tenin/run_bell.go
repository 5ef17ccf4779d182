package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"tenin/cmd/internal/bell"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/logging"
)

// ropeFile is the kiosk's end of the pipe through which it calls staff outside, where ropeVariable says that it has one.
const (
	ropeFile     = 5
	ropeVariable = "TENIN_ROPE"
)

// bellPull is the launcher's side of that pipe: it sends what the kiosk, which has no network, cannot.
type bellPull struct {
	ours, theirs *os.File
	ended        chan struct{}
	stop         context.CancelFunc
	log          *logging.Log
}

// hangBell returns nil where the settings name no address. The calls are sent from now on.
func hangBell(ctx context.Context, home string, settings config.Config) (*bellPull, error) {
	address, err := settings.Call.Address()
	if err != nil || address.Scheme == "" {
		return nil, err
	}
	log, err := openLog(home, settings)
	if err != nil {
		return nil, err
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		log.Close()
		return nil, fmt.Errorf("no pipe to the kiosk: %w", err)
	}
	b := &bellPull{ours: ours, theirs: theirs, ended: make(chan struct{}), log: log}
	ctx, b.stop = context.WithCancel(ctx)
	logging.Go(log.Logger, "calls of staff", func() {
		if err := bell.Ring(ctx, ours, bell.Options{Names: bellNames(settings), Address: address, Log: log.Logger}); err != nil && ctx.Err() == nil {
			log.Error("no call of staff is sent any more", "error", err)
		}
	}, func(bool) { close(b.ended) })
	return b, nil
}

// bellNames are what the numbers of a call stand for.
func bellNames(settings config.Config) bell.Names {
	return bell.Names{Kiosk: settings.Kiosk.Number, Topics: settings.Call.TopicList()}
}

// files is what the kiosk is given, behind what it is given always.
func (b *bellPull) files(files ...*os.File) []*os.File {
	if b == nil {
		return files
	}
	return append(files, b.theirs)
}

// environment tells the kiosk of it.
func (b *bellPull) environment(env []string) []string {
	env = dropVariable(env, ropeVariable)
	if b == nil {
		return env
	}
	return append(env, ropeVariable+"=1")
}

// given says that the kiosk has its end, or never will.
func (b *bellPull) given() {
	if b != nil {
		b.theirs.Close()
	}
}

// close waits until the last call of a kiosk that has ended is sent.
func (b *bellPull) close() {
	if b == nil {
		return
	}
	b.given()
	select {
	case <-b.ended:
	case <-time.After(2 * time.Second): // somebody else holds the other end, or the address does not answer
	}
	b.stop()
	b.ours.Close()
	<-b.ended
	b.log.Close()
}

// ringOutside is how the kiosk calls staff outside; nil where nobody listens.
func ringOutside(settings config.Config) func(kiosk.Ring) {
	if os.Getenv(ropeVariable) == "" {
		return nil
	}
	rope := bell.NewRope(os.NewFile(ropeFile, "bell"), bellNames(settings))
	kinds := map[kiosk.RingKind]bell.Kind{kiosk.RingCalled: bell.Called, kiosk.RingLate: bell.Late, kiosk.RingHandled: bell.Handled}
	return func(r kiosk.Ring) { rope.Pull(kinds[r.Kind], r.Topic) }
}
