//go:build !engines

package llama

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestWithoutTheEngineAGoodFileSaysHowToBuild(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := os.WriteFile(path, tinyGGUF(1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(path); !errors.Is(err, ErrNoEngine) {
		t.Errorf("got %v", err)
	}
}
