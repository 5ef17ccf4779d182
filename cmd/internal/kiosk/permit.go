package kiosk

import (
	"context"
	"sync"

	"tenin/asr"
)

// A permit lets one heavy engine run at a time. Two engines that spin on two cores are slower than one after the
// other: ggml's barriers made an embedding of 5 ms take 25 to 1,000 ms beside another engine, and generation fell from
// 113 to 13 tokens a second. A turn goes before what staff wait for, and that before work that nobody waits for.
type permit struct {
	mu      sync.Mutex
	free    *sync.Cond
	held    bool
	waiting [3]int // who waits, by rank
}

// The ranks, the first of which goes first.
const (
	rankTurn = iota
	rankStaff
	rankNobody
)

// attendedKey marks a context.
type attendedKey struct{}

// attended is ctx for background work that somebody of the staff waits for. Without it a screen would hang for as long as
// answers are spoken ahead: who gives the permit and takes it at once gets it before all who wait.
func attended(ctx context.Context) context.Context {
	return context.WithValue(ctx, attendedKey{}, true)
}

func rankOf(ctx context.Context, background bool) int {
	switch {
	case !background:
		return rankTurn
	case ctx.Value(attendedKey{}) != nil:
		return rankStaff
	}
	return rankNobody
}

// others says whether somebody waits who goes before rank.
func (p *permit) others(rank int) bool {
	for _, n := range p.waiting[:rank] {
		if n > 0 {
			return true
		}
	}
	return false
}

func newPermit() *permit {
	p := &permit{}
	p.free = sync.NewCond(&p.mu)
	return p
}

// take waits for the permit. Background work waits until no turn does, nor anything that is attended. It returns ctx's error when ctx ends first.
func (p *permit) take(ctx context.Context, background bool) error {
	stop := context.AfterFunc(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.free.Broadcast()
	})
	defer stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	rank := rankOf(ctx, background)
	p.waiting[rank]++
	defer func() {
		p.waiting[rank]--
		if rank < rankNobody {
			// Whoever waited for this one to go first.
			p.free.Broadcast()
		}
	}()
	for p.held || p.others(rank) {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.free.Wait()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.held = true
	return nil
}

func (p *permit) give() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held = false
	p.free.Broadcast()
}

// during runs work while it holds the permit.
func (p *permit) during(ctx context.Context, background bool, work func() error) error {
	if err := p.take(ctx, background); err != nil {
		return err
	}
	defer p.give()
	return work()
}

// permitted is a recogniser that takes the permit for each decode.
type permitted struct {
	asr.Recognizer
	permit *permit
}

func (r permitted) Transcribe(ctx context.Context, samples []float32, o asr.Options) (t asr.Transcript, err error) {
	err = r.permit.during(ctx, false, func() error {
		t, err = r.Recognizer.Transcribe(ctx, samples, o)
		return err
	})
	return t, err
}
