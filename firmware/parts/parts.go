// Package parts reads the folder that a build leaves beside an image, and makes a bundle of it.
package parts

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tenin/firmware/bundle"
	"tenin/firmware/device"
	"tenin/firmware/uki"
)

// Name is the file of the folder that describes the others.
const Name = "parts.json"

// arch is the only architecture that images are built for.
const arch = "amd64"

// Parts is an opened folder.
type Parts struct {
	// Manifest is what the build says: product, name, time, test, architecture, and vault where it says that.
	Manifest bundle.Manifest

	dir   string
	files bundle.Files
	open  []*os.File
}

type described struct {
	Version int64        `json:"version"`
	Name    string       `json:"name"`
	Created int64        `json:"created"`
	Test    bool         `json:"test"`
	Vault   bundle.Vault `json:"vault"`
	Root    bundle.File  `json:"root"`
	Models  bundle.File  `json:"models"`
	UKI     bundle.File  `json:"uki"`
}

// Open opens the folder dir, the weights too with withModels.
func Open(dir string, withModels bool) (p *Parts, err error) {
	b, err := os.ReadFile(filepath.Join(dir, Name))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is no folder of parts, as `tenin firmware build` leaves one: it has no %s", dir, Name)
	} else if err != nil {
		return nil, err
	}
	var d described
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(dir, Name), err)
	}
	p = &Parts{dir: dir, Manifest: bundle.Manifest{Product: device.Product, Arch: arch, Name: d.Name, Created: d.Created, Test: d.Test, Vault: d.Vault}}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	f, err := p.file(d.UKI.File)
	if err != nil {
		return nil, err
	}
	if p.files.UKI, err = io.ReadAll(io.LimitReader(f, bundle.MaxUKI+1)); err != nil {
		return nil, err
	}
	if p.files.Root, err = p.reader(d.Root.File); err != nil {
		return nil, err
	}
	if withModels {
		if p.files.Models, err = p.reader(d.Models.File); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *Parts) reader(name string) (io.ReaderAt, error) {
	f, err := p.file(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (p *Parts) file(name string) (*os.File, error) {
	if name == "" || name != filepath.Base(name) {
		return nil, fmt.Errorf("%s names %q, which is no file beside it", filepath.Join(p.dir, Name), name)
	}
	f, err := os.Open(filepath.Join(p.dir, name))
	if err != nil {
		return nil, err
	}
	p.open = append(p.open, f)
	return f, nil
}

// Close closes the files.
func (p *Parts) Close() (err error) {
	for _, f := range p.open {
		err = errors.Join(err, f.Close())
	}
	p.open = nil
	return err
}

// CheckSigned says whether the kernel image is signed with these keys: devices would not start it otherwise. Errors are
// those of uki.VerifyPE and uki.VerifyPCR.
func (p *Parts) CheckSigned(db *x509.Certificate, pcrPublic []byte) error {
	err := uki.VerifyPE(p.files.UKI, db)
	if err == nil {
		err = uki.VerifyPCR(p.files.UKI, pcrPublic)
	}
	if err != nil {
		return fmt.Errorf("kernel image in %s: %w: sign it with `tenin firmware sign %s`", p.dir, err, p.dir)
	}
	return nil
}

// Write makes the bundle at path, which appears whole or not at all, and returns its manifest and length in bytes.
func Write(ctx context.Context, path string, p *Parts, m bundle.Manifest, key ed25519.PrivateKey, progress func(done, total int64)) (_ bundle.Manifest, size int64, err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".bundle-*")
	if err != nil {
		return m, 0, err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	m, err = bundle.Write(ctx, w, m, key, p.files, progress)
	if err == nil {
		err = w.Flush()
	}
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Chmod(0o644), f.Sync(), f.Close()); err != nil {
		var at *fs.PathError
		if errors.As(err, &at) && at.Path == f.Name() {
			// The name that it would have had says more than the one it had meanwhile.
			err = fmt.Errorf("%s: %w", path, at.Err)
		}
		return m, 0, err
	}
	return m, info.Size(), os.Rename(f.Name(), path)
}
