package kiosk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestOneHolderAtATime(t *testing.T) {
	p := newPermit()
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			_ = p.during(context.Background(), i%2 == 0, func() error {
				most.Store(max(most.Load(), inside.Add(1)))
				time.Sleep(time.Millisecond)
				inside.Add(-1)
				return nil
			})
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d held it at once", most.Load())
	}
}

func TestATurnGoesBeforeBackgroundWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPermit()
		if err := p.take(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		var order []string
		var all sync.WaitGroup
		enter := func(name string, background bool) {
			all.Go(func() {
				_ = p.during(context.Background(), background, func() error { order = append(order, name); return nil })
			})
			synctest.Wait()
		}
		enter("render", true)
		enter("turn", false)
		p.give()
		all.Wait()
		if len(order) != 2 || order[0] != "turn" {
			t.Errorf("order %v", order)
		}
	})
}

func TestWaitingForThePermitEndsWithItsContext(t *testing.T) {
	p := newPermit()
	if err := p.take(context.Background(), false); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := p.take(ctx, false); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	p.give()
	if err := p.take(context.Background(), true); err != nil {
		t.Errorf("after a wait that was given up: %v", err)
	}
}

func TestATurnGoesBeforeStaffAndStaffBeforeWorkThatNobodyWaitsFor(t *testing.T) {
	p := newPermit()
	if err := p.take(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var order []string
	var all sync.WaitGroup
	for _, w := range []struct {
		who        string
		ctx        context.Context
		background bool
		rank       int
	}{
		{"nobody", t.Context(), true, rankNobody},
		{"staff", attended(t.Context()), true, rankStaff},
		{"turn", t.Context(), false, rankTurn},
	} {
		all.Go(func() {
			_ = p.during(w.ctx, w.background, func() error {
				mu.Lock()
				defer mu.Unlock()
				order = append(order, w.who)
				return nil
			})
		})
		for waits := false; !waits; {
			p.mu.Lock()
			waits = p.waiting[w.rank] == 1
			p.mu.Unlock()
		}
	}
	p.give()
	all.Wait()
	if !slices.Equal(order, []string{"turn", "staff", "nobody"}) {
		t.Error(order)
	}
}

// Who speaks ahead gives the permit after each sentence and takes it at once: somebody of the staff must get in between.
func TestStaffGetInBetweenWorkThatGoesOnAndOn(t *testing.T) {
	p := newPermit()
	ctx, stop := context.WithCancel(t.Context())
	var busy sync.WaitGroup
	busy.Go(func() {
		for p.during(ctx, true, func() error { return nil }) == nil {
		}
	})
	for range 50 {
		if err := p.during(attended(t.Context()), true, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	busy.Wait()
}
