package hub

import (
	"context"
	"fmt"
	"io"
)

// Publish implements Admin.
func (h *Hub) Publish(_ context.Context, b Bundle, r io.Reader) error {
	b.Published = h.o.Now().UTC()
	return h.shelf.put(b, r, max(h.o.MinFree, 0))
}

// Bundles implements Admin.
func (h *Hub) Bundles(context.Context) ([]Bundle, error) { return h.shelf.all(), nil }

// RemoveBundle implements Admin.
func (h *Hub) RemoveBundle(_ context.Context, version int64) error {
	if h.fleet.uses(version) {
		return fmt.Errorf("%w: version %d is being rolled out: `tenin hub rollout undo` first", ErrRollout, version)
	}
	return h.shelf.remove(version)
}

// Rollout implements Admin.
func (h *Hub) Rollout(context.Context) (RolloutStatus, error) { return h.fleet.status() }

// StartRollout implements Admin.
func (h *Hub) StartRollout(_ context.Context, p Plan) (RolloutStatus, error) { return h.fleet.begin(p) }

// HaltRollout implements Admin.
func (h *Hub) HaltRollout(context.Context) (RolloutStatus, error) { return h.fleet.halt("by hand") }

// ResumeRollout implements Admin.
func (h *Hub) ResumeRollout(_ context.Context, maxFailures int, retry bool) (RolloutStatus, error) {
	return h.fleet.resume(maxFailures, retry)
}

// UndoRollout implements Admin.
func (h *Hub) UndoRollout(context.Context) (RolloutStatus, error) { return h.fleet.undo() }

// Accept implements Admin.
func (h *Hub) Accept(_ context.Context, name string) error { return h.registry.accept(name) }
