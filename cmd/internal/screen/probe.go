package screen

import (
	"bytes"
	"context"
	"errors"

	"tenin/cmd/internal/worker/sandbox"
)

// errNoWindow says that there is nothing to be probed.
var errNoWindow = errors.New("screen: no window runs")

// Probe has the window's process try what it should not be able to do (sandbox.RunProbes).
func (s *Screen) Probe(ctx context.Context, t sandbox.Targets) ([]sandbox.Result, error) {
	s.mu.Lock()
	p := s.process
	s.mu.Unlock()
	if p == nil {
		return nil, errNoWindow
	}
	results, err := p.probe(t)
	if err != nil {
		return nil, err
	}
	select {
	case r := <-results:
		return r, nil
	case <-p.dead:
		return nil, errNoWindow
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// probe asks for results; one question at a time.
func (p *process) probe(t sandbox.Targets) (<-chan []sandbox.Result, error) {
	var frame bytes.Buffer
	if err := writeFrame(&frame, order{Probe: &t}, longestPicture); err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.results != nil {
		return nil, errors.New("screen: the window is being probed")
	}
	p.asked, p.results = frame.Bytes(), make(chan []sandbox.Result, 1)
	p.rouse()
	return p.results, nil
}

// take is a probe to be written; nil: none.
func (p *process) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	asked := p.asked
	p.asked = nil
	return asked
}

// probed hands over what came; false: nobody asked.
func (p *process) probed(r []sandbox.Result) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.results == nil {
		return false
	}
	p.results <- r
	p.results = nil
	return true
}
