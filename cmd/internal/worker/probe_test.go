package worker

import (
	"testing"

	"tenin/cmd/internal/worker/sandbox"
)

func TestAWorkerCanBeProbedFromInside(t *testing.T) {
	p := start(t, nil, LLM)
	before := p.Processes()[0].PID
	decoys, err := sandbox.NewDecoys(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer decoys.Close()
	results, err := p.Probe(bounded(t), LLM, decoys.Targets())
	if err != nil {
		t.Fatal(err)
	}
	if len(results) < len(sandbox.Probes()) {
		t.Errorf("%d results of %d probes", len(results), len(sandbox.Probes()))
	}
	missing := len(sandbox.Missing()) > 0
	for _, f := range sandbox.Features() {
		missing = missing || !f.Have
	}
	for _, r := range results {
		if r.Open && !missing {
			t.Errorf("%s is open: %s", r.Probe, r.Detail)
		}
	}
	if after := p.Processes()[0].PID; after != before {
		t.Error("the probes ended the worker")
	}
}
