package bundle

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// Files are what a bundle is made of. Models is nil for one that brings no weights.
type Files struct {
	UKI          []byte
	Root, Models io.ReaderAt
}

// Write writes a bundle. What the manifest says of files, version and key is taken from these themselves: product, name,
// time, test, architecture, vault and downgrade are the caller's. Images are checked against the root hashes in the kernel
// image before anything is written; progress, which may be nil, is told how many of all bytes were read. It returns the
// manifest as it was signed. Equal input gives equal bytes.
func Write(ctx context.Context, w io.Writer, m Manifest, key ed25519.PrivateKey, f Files, progress func(done, total int64)) (Manifest, error) {
	info, err := uki.Read(f.UKI)
	if err != nil {
		return Manifest{}, fmt.Errorf("kernel image: %w", err)
	}
	m.Format, m.Key = Format, Fingerprint(key.Public().(ed25519.PublicKey))
	if m.Version, err = version(info); err != nil {
		return Manifest{}, err
	}
	root, models, err := images(info)
	if err != nil {
		return Manifest{}, err
	}
	meter := &meter{tell: progress, total: 2*root.Size() + int64(len(f.UKI))}
	m.Models, m.ModelsUUID = nil, ""
	switch {
	case f.Models != nil && models == (verity.Image{}):
		return Manifest{}, errors.New("weights were given, and the kernel image names none: leave them out")
	case f.Models != nil:
		meter.total += 2 * models.Size()
	case models != (verity.Image{}):
		m.ModelsUUID = verity.FormatUUID(models.UUID)
	}

	if m.Root, err = slot(ctx, FileRoot, f.Root, root, meter); err != nil {
		return Manifest{}, err
	}
	if f.Models != nil {
		s, err := slot(ctx, FileModels, f.Models, models, meter)
		if err != nil {
			return Manifest{}, err
		}
		m.Models = &s
	}
	sum := sha256.Sum256(f.UKI)
	m.UKI = File{FileUKI, int64(len(f.UKI)), hex.EncodeToString(sum[:])}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("manifest: %w", err)
	}
	return m, write(ctx, w, m, key, f, meter)
}

func write(ctx context.Context, w io.Writer, m Manifest, key ed25519.PrivateKey, f Files, meter *meter) error {
	encoded, err := m.Encode()
	if err != nil {
		return err
	}
	put := func(name string, r io.Reader, size int64, sha string) error {
		h, err := header(name, size, m.Created)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if _, err := w.Write(h); err != nil {
			return err
		}
		sum := sha256.New()
		if _, err := io.CopyN(io.MultiWriter(w, sum), r, size); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if sha != "" && hex.EncodeToString(sum.Sum(nil)) != sha {
			return fmt.Errorf("%s was changed while it was read: begin again", name)
		}
		_, err = w.Write(make([]byte, -size&(tarBlock-1)))
		return err
	}
	if err := put(FileManifest, bytes.NewReader(encoded), int64(len(encoded)), ""); err != nil {
		return err
	}
	if err := put(FileSignature, bytes.NewReader(ed25519.Sign(key, encoded)), ed25519.SignatureSize, ""); err != nil {
		return err
	}
	readers := map[string]io.ReaderAt{FileUKI: bytes.NewReader(f.UKI), FileRoot: f.Root, FileModels: f.Models}
	for _, p := range m.files() {
		r := io.NewSectionReader(readers[p.name], 0, p.size)
		if err := put(p.name, meter.reader(ctx, r), p.size, p.sha256); err != nil {
			return err
		}
	}
	_, err = w.Write(make([]byte, trailer))
	return err
}

// slot checks an image and describes it.
func slot(ctx context.Context, name string, r io.ReaderAt, want verity.Image, meter *meter) (Slot, error) {
	if r == nil {
		return Slot{}, fmt.Errorf("%s is missing", name)
	}
	if err := verity.Check(ctx, r, want, nil); err != nil {
		return Slot{}, fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, meter.reader(ctx, io.NewSectionReader(r, 0, want.Size()))); err != nil {
		return Slot{}, fmt.Errorf("%s: %w", name, err)
	}
	return Slot{
		File: name, Size: want.Size(), SHA256: hex.EncodeToString(sum.Sum(nil)),
		Hash: hex.EncodeToString(want.Hash[:]), UUID: verity.FormatUUID(want.UUID), DataSize: want.DataSize,
	}, nil
}

// version reads the number on an image's command line.
func version(info uki.Info) (int64, error) {
	text, _ := info.Param("tenin.version")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("kernel image: tenin.version on its command line is %.40q instead of a number from 1", text)
	}
	return n, nil
}

// images reads the root and the weights on an image's command line; the weights are zero where it names none.
func images(info uki.Info) (root, models verity.Image, err error) {
	text, _ := info.Param("tenin.root")
	if root, err = verity.Parse(text); err != nil {
		return root, models, fmt.Errorf("kernel image: tenin.root on its command line: %w", err)
	}
	if text, ok := info.Param("tenin.models"); ok {
		if models, err = verity.Parse(text); err != nil {
			return root, models, fmt.Errorf("kernel image: tenin.models on its command line: %w", err)
		}
	}
	return root, models, nil
}

// CheckUKI says whether the kernel image starts what the manifest names: so nobody can pair a signed image with the
// description of another. Errors wrap ErrDamaged.
func (m Manifest) CheckUKI(image []byte) error {
	info, err := uki.Read(image)
	if err != nil {
		return damaged("%s: %v", FileUKI, err)
	}
	n, err := version(info)
	if err != nil {
		return damaged("%v", err)
	}
	root, models, err := images(info)
	if err != nil {
		return damaged("%v", err)
	}
	uuid := ""
	if models != (verity.Image{}) {
		uuid = verity.FormatUUID(models.UUID)
	}
	switch {
	case n != m.Version:
		return damaged("%s is version %d, and the manifest says %d", FileUKI, n, m.Version)
	case root != m.Root.Image():
		return damaged("%s starts the root %s, and the manifest says %s", FileUKI, verity.FormatUUID(root.UUID), m.Root.UUID)
	case m.Models != nil && models != m.Models.Image():
		return damaged("%s starts with the weights %s, and the manifest says %s", FileUKI, uuid, m.Models.UUID)
	case m.Models == nil && uuid != m.ModelsUUID:
		return damaged("%s starts with the weights %s, and the manifest asks for %s", FileUKI, uuid, m.ModelsUUID)
	}
	return nil
}

// meter counts what is read.
type meter struct {
	tell        func(done, total int64)
	done, total int64
}

func (m *meter) reader(ctx context.Context, r io.Reader) io.Reader {
	return readFunc(func(p []byte) (int, error) {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		n, err := r.Read(p)
		if m.done += int64(n); m.tell != nil {
			m.tell(m.done, m.total)
		}
		return n, err
	})
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
