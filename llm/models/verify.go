package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
)

// Verify reads the files that a running Tenin needs, and those only needed
// to build it where they are there, and compares their sha256 with the
// manifest. It goes on after a bad file and returns all errors joined, each
// one line wrapping [ErrMissing] or [ErrDamaged]. progress may be nil.
func (s Store) Verify(ctx context.Context, progress func(Event)) error {
	var total, done int64
	var todo []Model
	for _, m := range s.manifest {
		if !m.Build || s.state(m) != Missing {
			todo = append(todo, m)
			total += m.Size
		}
	}
	var errs []error
	for _, m := range todo {
		report := func(n int64) {
			if progress != nil {
				progress(Event{Stage: Verifying, Model: m.Name, Done: done + n, Total: total})
			}
		}
		err := s.verify(ctx, m, report)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		errs = append(errs, err)
		done += m.Size
		report(0)
	}
	return errors.Join(errs...)
}

func (s Store) verify(ctx context.Context, m Model, report func(int64)) error {
	path, err := s.Path(m.Name)
	if err != nil {
		return err
	}
	sum, err := hashFile(ctx, path, report)
	if err != nil {
		return err
	}
	if sum != m.SHA256 {
		return fail(ErrDamaged, "%s is damaged (sha256 %.12s…, want %.12s…): %s", path, sum, m.SHA256, pullHint)
	}
	return nil
}

// hashFile returns the sha256 of a file; report is told of the bytes read.
func hashFile(ctx context.Context, path string, report func(int64)) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	buf := make([]byte, 1<<20)
	for done := int64(0); ; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.Read(buf)
		h.Write(buf[:n])
		if done += int64(n); report != nil {
			report(done)
		}
		if err == io.EOF {
			return hex.EncodeToString(h.Sum(nil)), nil
		}
		if err != nil {
			return "", err
		}
	}
}
