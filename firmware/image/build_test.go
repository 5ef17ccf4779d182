package image

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tenin/firmware/device"
)

// The whole way, twice, with a program and weights that stand in: minutes, and a gigabyte of downloads the first time.
func TestARealImageIsBuiltTwiceByteForByte(t *testing.T) {
	if os.Getenv("TENIN_IMAGE") == "" {
		t.Skip("TENIN_IMAGE is not set: this builds a whole image twice")
	}
	if os.Geteuid() != 0 {
		t.Skip("this builds a root file system, as root")
	}
	if missing := MissingTools(); len(missing) > 0 {
		t.Skipf("missing: %s", strings.Join(names(missing), ", "))
	}
	dir := t.TempDir()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	weights := filepath.Join(dir, "weights.bin")
	if err := os.WriteFile(weights, []byte("stands in"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := device.Default()
	c.Version, c.Lock = 1, filepath.Join(dir, "device.lock")
	cache := os.Getenv("TENIN_IMAGE_CACHE")
	if cache == "" {
		cache = filepath.Join(dir, "cache")
	}
	r, err := Reproduce(context.Background(), c, Options{
		Out: filepath.Join(dir, "kiosk.img"), Cache: cache, Program: program, Weights: []Weight{{Name: "weights.bin", Path: weights}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.Same || r.Root.Size > 260e6 || r.Packages < 100 {
		t.Errorf("%+v", r)
	}
}
