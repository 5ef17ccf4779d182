package worker_test

import (
	"os"
	"testing"

	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/cmd/internal/worker/workertest"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(worker.RogueVariable); kind != "" {
		worker.Rogue(kind)
		os.Exit(0)
	}
	if os.Getenv(worker.RealVariable) != "" {
		if role, ok := sandbox.Child(); ok {
			os.Exit(worker.Main(role))
		}
	}
	workertest.Main(m)
}
