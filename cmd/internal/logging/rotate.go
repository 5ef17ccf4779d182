package logging

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// file is a log on the disk that never takes more than twice its size: a full one becomes NAME.old.
type file struct {
	mu   sync.Mutex
	path string
	most int64
	size int64
	f    *os.File
}

func openFile(path string, most int64) (*file, error) {
	w := &file{path: path, most: most}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("log %s: its folder cannot be made: %w", path, errors.Unwrap(err))
	}
	if err := w.open(); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *file) open() error {
	f, err := os.OpenFile(w.path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("log %s: %w: name another file as log.file, or leave it empty", w.path, errors.Unwrap(err))
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close()
		return fmt.Errorf("log %s: %w", w.path, err)
	}
	w.f, w.size = f, info.Size()
	return nil
}

// Write appends whole lines. A line that the disk does not take is lost: a log must not stop a clerk.
func (w *file) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f == nil || w.size > 0 && w.size+int64(len(line)) > w.most {
		if w.f != nil {
			_ = w.f.Close()
			w.f = nil
			_ = os.Rename(w.path, w.path+".old")
		}
		if err := w.open(); err != nil {
			return 0, err
		}
	}
	n, err := w.f.Write(line)
	w.size += int64(n)
	return n, err
}

func (w *file) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.f == nil {
		return nil
	}
	err := w.f.Close()
	w.f = nil
	return err
}
