package image

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"tenin/firmware/device"
)

// Reproduce builds the image, and then a second time from the same list of package versions and from no finished step,
// and compares every byte. Where they differ, the error names the first part that does and the offset in it; packages that
// were downloaded are not fetched again.
func Reproduce(ctx context.Context, c device.Config, o Options) (Result, error) {
	first, err := Build(ctx, c, o)
	if err != nil {
		return first, err
	}
	second := o
	second.Cache = filepath.Join(o.Cache, "second.part")
	second.Out = filepath.Join(second.Cache, "second.img")
	if err := os.RemoveAll(second.Cache); err != nil {
		return first, err
	}
	if err := os.MkdirAll(second.Cache, 0o700); err != nil {
		return first, plainSpace(err)
	}
	defer os.RemoveAll(second.Cache)
	if err := os.Symlink(filepath.Join("..", "archives"), filepath.Join(second.Cache, "archives")); err != nil {
		return first, err
	}
	again, err := Build(ctx, c, second)
	if err != nil {
		return first, fmt.Errorf("second build: %w", err)
	}
	// From the first cause to the last effect: the first that differs is where to look.
	pairs := [][2]string{
		{filepath.Join(first.Parts, rootImage), filepath.Join(again.Parts, rootImage)},
		{filepath.Join(first.Parts, modelsImage), filepath.Join(again.Parts, modelsImage)},
		{filepath.Join(first.Parts, "tenin.efi"), filepath.Join(again.Parts, "tenin.efi")},
		{first.SBOM, again.SBOM}, {first.Image, again.Image},
	}
	for _, p := range pairs {
		if err := sameFile(p[0], p[1]); err != nil {
			return first, fmt.Errorf("not reproducible: %w", err)
		}
	}
	first.Same = true
	return first, nil
}

// sameFile compares two files.
func sameFile(a, b string) error {
	x, err := os.Open(a)
	if err != nil {
		return err
	}
	defer x.Close()
	y, err := os.Open(b)
	if err != nil {
		return err
	}
	defer y.Close()
	var at int64
	p, q := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, m := fill(x, p), fill(y, q)
		for i := range min(n, m) {
			if p[i] != q[i] {
				return fmt.Errorf("%s differs from byte %d on", filepath.Base(a), at+int64(i))
			}
		}
		if n != m {
			return fmt.Errorf("%s differs in its length", filepath.Base(a))
		}
		if at += int64(n); n < len(p) {
			return nil
		}
	}
}

func fill(f *os.File, b []byte) (n int) {
	for n < len(b) {
		m, err := f.Read(b[n:])
		if n += m; err != nil {
			break
		}
	}
	return n
}
