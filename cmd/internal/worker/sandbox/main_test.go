package sandbox

import (
	"os"
	"testing"
)

// roles are what this test binary does as a child.
var roles = map[string]func() int{}

func TestMain(m *testing.M) {
	if role, ok := Child(); ok {
		os.Exit(roles[role]())
	}
	os.Exit(m.Run())
}
