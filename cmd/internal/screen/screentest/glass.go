// Package screentest is a window for tests: it shows nothing, keeps the pictures that it was given, and touches what a
// test tells it to.
package screentest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"tenin/cmd/internal/screen"
)

// Glass has the methods of screen.Screen. Each picture and each touch crosses the wire's form, so that what a real window
// could not be sent fails here too.
type Glass struct {
	mu       sync.Mutex
	pictures []screen.Picture
	forgot   int
	err      error
	closed   bool
	changed  chan struct{}
	touches  chan screen.Touch
}

// New is an empty glass.
func New() *Glass {
	return &Glass{changed: make(chan struct{}), touches: make(chan screen.Touch, 32)}
}

// Show keeps the picture, as a copy.
func (g *Glass) Show(p screen.Picture) {
	g.mu.Lock()
	defer g.mu.Unlock()
	copied, err := cross(p)
	if err != nil {
		if g.err == nil {
			g.err = fmt.Errorf("picture %d: %w", len(g.pictures)+1, err)
		}
		return
	}
	g.pictures = append(g.pictures, copied)
	close(g.changed)
	g.changed = make(chan struct{})
}

// Touches are those of Touch. The channel is closed by Close.
func (g *Glass) Touches() <-chan screen.Touch { return g.touches }

// Touch touches. It returns an error for what no window could send, waits as long as 32 touches wait, and must not be
// called after Close.
func (g *Glass) Touch(t screen.Touch) error {
	copied, err := cross(t)
	if err != nil {
		return err
	}
	g.touches <- copied
	return nil
}

// Pictures are all that were shown, in order.
func (g *Glass) Pictures() []screen.Picture {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]screen.Picture(nil), g.pictures...)
}

// Last is the number of the newest picture, from 1; 0: none was shown.
func (g *Glass) Last() uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return uint64(len(g.pictures))
}

// Shown waits until picture n was given to Show.
func (g *Glass) Shown(ctx context.Context, n uint64) error {
	_, err := g.until(ctx, func(all []screen.Picture) bool { return uint64(len(all)) >= n })
	return err
}

// Until waits until the newest picture is one that a test waits for, and returns it.
func (g *Glass) Until(ctx context.Context, is func(screen.Picture) bool) (screen.Picture, error) {
	return g.until(ctx, func(all []screen.Picture) bool { return len(all) > 0 && is(all[len(all)-1]) })
}

func (g *Glass) until(ctx context.Context, is func([]screen.Picture) bool) (screen.Picture, error) {
	for {
		g.mu.Lock()
		all, changed := g.pictures, g.changed
		g.mu.Unlock()
		if is(all) {
			if len(all) == 0 {
				return screen.Picture{}, nil
			}
			return all[len(all)-1], nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return screen.Picture{}, ctx.Err()
		}
	}
}

// Forget counts.
func (g *Glass) Forget(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.forgot++
	return nil
}

// Forgot is how often Forget was called.
func (g *Glass) Forgot() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.forgot
}

// PID is 0: there is no process.
func (g *Glass) PID() int { return 0 }

// Close closes Touches and returns what the first picture that could not be sent was refused for.
func (g *Glass) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.closed = true
		close(g.touches)
	}
	return g.err
}

// cross is v as it arrives at the other side.
func cross[T any](v T) (copied T, err error) {
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &copied)
	}
	return copied, err
}
