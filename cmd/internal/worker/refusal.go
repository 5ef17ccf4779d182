package worker

import (
	"strings"
	"sync"
)

// Refusal is the standard error of a worker. It keeps the beginning of what is written, which is shown only where the
// sandbox refused to begin: before that no engine and no shopper has been near the process. The rest is dropped.
type Refusal struct {
	mu   sync.Mutex
	text []byte
}

const longestRefusal = 512

// Write never fails, so that a worker is not hurt by what it writes.
func (r *Refusal) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text = append(r.text, b[:min(len(b), longestRefusal-len(r.text))]...)
	return len(b), nil
}

// Line is the first line, fit for a terminal.
func (r *Refusal) Line() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	first, _, _ := strings.Cut(string(r.text), "\n")
	return plain(strings.TrimPrefix(first, "tenin: "))
}
