package screen_test

import (
	"os"
	"testing"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/worker/sandbox"
)

// The test binary is its own window's process.
func TestMain(m *testing.M) {
	if role, ok := sandbox.Child(); ok && role == screen.Role {
		os.Exit(screen.Main())
	}
	os.Exit(m.Run())
}
