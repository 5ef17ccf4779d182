package flash

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"tenin/firmware/powercut/fat"
	"tenin/firmware/uki"
)

// Contents are what an image says of itself.
type Contents struct {
	// Version is that of the system, as os-release(5) has it; empty for an image that holds no kernel image of ours.
	Version string `json:"version,omitempty"`
	// Test says that it is made for tests: it has a console without a password.
	Test bool `json:"test"`
}

// VerifyImage is the check that needs no keys: both partition tables are whole, and the file has the SHA-256 that a file
// beside it, IMAGE.sha256 in the form of sha256sum, has for its name. The error wraps [ErrImage] when it does not verify, and
// [ErrNoHash] besides when that file is missing; or is ctx's.
func VerifyImage(ctx context.Context, path string) error {
	i, err := openImage(path)
	if err != nil {
		return err
	}
	defer i.file.Close()
	want, err := sidecar(path)
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, reader{ctx, io.NewSectionReader(i.file, 0, i.size)}); err != nil {
		return fmt.Errorf("image %s: %w", path, err)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		return fmt.Errorf("%w: %s has the SHA-256 %s, and %s.sha256 says %s", ErrImage, path, got, path, want)
	}
	return nil
}

// Read returns what an image says of itself. The error is that of an image that is none.
func Read(path string) (Contents, error) {
	i, err := openImage(path)
	if err != nil {
		return Contents{}, err
	}
	defer i.file.Close()
	return i.contents(), nil
}

// contents reads os-release from the kernel images. Where that fails, nothing is known.
func (i *image) contents() (c Contents) {
	p, ok := i.table.Find("esp")
	if !ok {
		return c
	}
	esp, err := fat.Open(io.NewSectionReader(i.file, p.Offset(), p.Size()), p.Size())
	if err != nil {
		return c
	}
	list, err := esp.List("EFI/Linux")
	if err != nil {
		return c
	}
	for _, e := range list {
		program, err := esp.ReadFile("EFI/Linux/"+e.Name, 256<<20)
		if err != nil {
			continue
		}
		info, err := uki.Read(program)
		if err != nil {
			continue
		}
		c.Version = info.Release("VERSION_ID")
		c.Test = c.Test || info.Release("VARIANT_ID") == "test"
	}
	return c
}

// A reader ends when its context does.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}
