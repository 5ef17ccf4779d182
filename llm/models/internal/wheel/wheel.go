// Package wheel takes files out of Python wheels, which are zip archives.
package wheel

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
)

// ErrFormat is wrapped by the errors of a damaged or unexpected wheel.
var ErrFormat = errors.New("not a readable wheel")

// Wheel is an open wheel.
type Wheel struct {
	zip *zip.Reader
}

// Open reads the directory of a wheel of the given size. Its errors wrap
// [ErrFormat].
func Open(r io.ReaderAt, size int64) (*Wheel, error) {
	z, err := zip.NewReader(r, size)
	// An unsafe path is no danger here: a member is looked up by its known
	// name, and its own path is never written to.
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("%w: %v", ErrFormat, err)
	}
	return &Wheel{zip: z}, nil
}

// Member opens the file of that exact name, of at most limit bytes: reading
// past the limit, a wrong checksum and a cut stream are errors that wrap
// [ErrFormat].
func (w *Wheel) Member(name string, limit int64) (*Member, error) {
	for _, f := range w.zip.File {
		if f.Name != name {
			continue
		}
		if f.UncompressedSize64 > uint64(limit) {
			return nil, fmt.Errorf("%w: %s has %d bytes, at most %d are taken", ErrFormat, name, f.UncompressedSize64, limit)
		}
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %v", ErrFormat, name, err)
		}
		return &Member{r: r, name: name, size: int64(f.UncompressedSize64), left: limit}, nil
	}
	return nil, fmt.Errorf("%w: it holds no %s", ErrFormat, name)
}

// Member is an open file of a wheel.
type Member struct {
	r          io.ReadCloser
	name       string
	size, left int64
}

// Size returns the bytes that the wheel announces, at most the limit; the
// file may turn out to be shorter.
func (m *Member) Size() int64 { return m.size }

// Read reads on, and guards the limit: the announced size may lie.
func (m *Member) Read(p []byte) (int, error) {
	if m.left < int64(len(p)) {
		p = p[:m.left+1]
	}
	n, err := m.r.Read(p)
	if m.left -= int64(n); m.left < 0 {
		return 0, fmt.Errorf("%w: %s is longer than it may be", ErrFormat, m.name)
	}
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %s: %v", ErrFormat, m.name, err)
	}
	return n, err
}

// Close ends the reading.
func (m *Member) Close() error { return m.r.Close() }
