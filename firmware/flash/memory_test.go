package flash

import (
	"errors"
	"sync"

	"tenin/firmware/powercut/powercuttest"
)

// A memory is a disk that counts what is done to it, fails when it is told to, and may forget a byte.
type memory struct {
	mu      sync.Mutex
	disk    []byte
	steps   int
	failAt  int
	failed  bool
	forgets int64
	// record has every write and flush, if it is not nil.
	record *powercuttest.Recorder
}

var errBroken = errors.New("input/output error")

func newMemory(size int64) *memory { return &memory{disk: make([]byte, size), forgets: -1} }

func (m *memory) open(string) (target, error) { return m, nil }

// step says whether this one works. After the one that failed, none does: that is what a pulled plug is like.
func (m *memory) step() bool {
	m.steps++
	m.failed = m.failed || m.steps == m.failAt
	return !m.failed
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := copy(p, m.disk[off:])
	if m.forgets >= off && m.forgets < off+int64(n) {
		p[m.forgets-off] ^= 1
	}
	return n, nil
}

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	already := m.failed
	if !m.step() {
		if !already {
			copy(m.disk[off:], p[:len(p)/2/512*512])
		}
		return 0, errBroken
	}
	if m.record != nil {
		m.record.Write(off, p)
	}
	return copy(m.disk[off:], p), nil
}

func (m *memory) Zero(off, n int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.step() {
		return errBroken
	}
	clear(m.disk[off : off+n])
	if m.record != nil {
		m.record.Write(off, m.disk[off:off+n])
	}
	return nil
}

func (m *memory) Flush() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.step() {
		return errBroken
	}
	if m.record != nil {
		m.record.Flush()
	}
	return nil
}

func (m *memory) Reread() error { return nil }
func (m *memory) Size() int64   { return int64(len(m.disk)) }
func (m *memory) Close() error  { return nil }
