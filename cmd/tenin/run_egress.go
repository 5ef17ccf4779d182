package main

import (
	"context"
	"encoding/json"
	"errors"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/storage/uplink"
)

// probing tries, inside the process of a role of this kiosk, what it should not be able to do.
func probing(w *workers, window *screenRun, prober *uplink.Prober) func(context.Context, string, sandbox.Targets) ([]sandbox.Result, error) {
	return func(ctx context.Context, role string, targets sandbox.Targets) ([]sandbox.Result, error) {
		switch role {
		case kioskRole:
			return sandbox.RunProbes(ctx, targets), nil
		case screen.Role:
			return window.probe(ctx, targets)
		case string(worker.Uplink):
			return probeUplink(ctx, prober, targets)
		default:
			return w.probe(ctx, worker.Role(role), targets)
		}
	}
}

func probeUplink(ctx context.Context, prober *uplink.Prober, targets sandbox.Targets) ([]sandbox.Result, error) {
	asked, err := json.Marshal(targets)
	if err != nil {
		return nil, err
	}
	answer, err := prober.Probe(ctx, asked)
	if err != nil {
		return nil, err
	}
	var results []sandbox.Result
	if json.Unmarshal(answer, &results) != nil {
		return nil, errors.New("the uplink process did not answer as one of this program")
	}
	return results, nil
}
