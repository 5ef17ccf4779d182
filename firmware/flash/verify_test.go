package flash

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"tenin/firmware/powercut/powercuttest"
)

func TestAnImageSaysWhetherItIsForTests(t *testing.T) {
	k := powercuttest.New(t, nil)
	path := filepath.Join(t.TempDir(), "kiosk.img")
	if err := os.WriteFile(path, k.Disk, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Read(path); err != nil || c.Version != "1" || !c.Test {
		t.Errorf("%+v %v", c, err)
	}
	if err := VerifyImage(t.Context(), path); !errors.Is(err, ErrImage) || !errors.Is(err, ErrNoHash) {
		t.Errorf("without its hash beside it: %v", err)
	}
	sidecarFor(t, path)
	if err := VerifyImage(t.Context(), path); err != nil {
		t.Errorf("with its hash beside it: %v", err)
	}
}
