package worker_test

import (
	"testing"

	"tenin/cmd/internal/worker/workertest"
)

func TestMain(m *testing.M) { workertest.Main(m) }
