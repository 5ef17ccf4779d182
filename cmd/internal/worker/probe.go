package worker

import (
	"context"
	"encoding/json"
	"fmt"

	"tenin/cmd/internal/worker/pb"
	"tenin/cmd/internal/worker/sandbox"
)

// Probe tries from inside the worker of that role what it should not be able to do. The worker is not replaced afterwards.
func (p *Pool) Probe(ctx context.Context, role Role, targets sandbox.Targets) ([]sandbox.Result, error) {
	s, err := p.slot(role)
	if err != nil {
		return nil, err
	}
	asked, err := json.Marshal(targets)
	if err != nil {
		return nil, fmt.Errorf("probe of the %s worker: %w", role, err)
	}
	var results []sandbox.Result
	err = s.do(ctx, s.limits.load, func(ctx context.Context, p *process) error {
		reply, err := p.rpc.Probe(ctx, &pb.ProbeRequest{Targets: asked})
		if err != nil {
			return err
		}
		if err := common.err(role, reply.GetFault()); err != nil {
			return err
		}
		if json.Unmarshal(reply.GetResults(), &results) != nil {
			return errGarbage
		}
		return nil
	})
	return results, err
}

// ProbeItself tries targets, which are sandbox.Targets as JSON, in the calling process, and returns the results as JSON;
// nil when they are no targets.
func ProbeItself(ctx context.Context, targets []byte) []byte {
	var t sandbox.Targets
	if json.Unmarshal(targets, &t) != nil {
		return nil
	}
	results, err := json.Marshal(sandbox.RunProbes(ctx, t))
	if err != nil {
		return nil
	}
	return results
}
