package worker_test

import (
	"os"
	"testing"

	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/workertest"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv(worker.RogueVariable); kind != "" {
		worker.Rogue(kind)
		os.Exit(0)
	}
	workertest.Main(m)
}
