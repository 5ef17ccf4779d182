package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// writeAtomic makes the file path with what write writes, if check accepts its
// length and sha256: it appears complete and on the disk, or not at all. The
// caller holds the folder's lock, so the temporary name may be a fixed one,
// and what a killed pull left is simply written over.
func writeAtomic(ctx context.Context, path string, write func(io.Writer) error, check func(size int64, sha256 string) error, report func(int64)) (err error) {
	dir, base := filepath.Split(path)
	temp := filepath.Join(dir, "."+base+".part")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(temp)
		}
	}()
	out := &hashWriter{ctx: ctx, w: f, h: sha256.New(), report: report}
	if err := write(out); err != nil {
		return err
	}
	if err := check(out.n, hex.EncodeToString(out.h.Sum(nil))); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes a rename survive a power cut.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// hashWriter counts and hashes what it passes on, and stops with ctx.
type hashWriter struct {
	ctx    context.Context
	w      io.Writer
	h      hash.Hash
	n      int64
	report func(int64)
}

func (h *hashWriter) Write(p []byte) (int, error) {
	if err := h.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := h.w.Write(p)
	h.h.Write(p[:n])
	h.n += int64(n)
	h.report(h.n)
	return n, err
}
