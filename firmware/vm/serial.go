package vm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"
)

// Log is what came over the serial line since the machine was started: the firmware, the boot loader, the kernel. What the
// firmware orders a terminal to do is left out.
type Log struct {
	mu      sync.Mutex
	text    []byte
	rest    []byte // the start of an order whose end has not come
	changed chan struct{}
	ended   bool
}

func newLog() *Log { return &Log{changed: make(chan struct{})} }

// fill copies from to the log, and as it is to raw, until it ends.
func (l *Log) fill(from io.Reader, raw io.Writer) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		_, _ = raw.Write(buffer[:n])
		l.add(buffer[:n], err != nil)
		if err != nil {
			return
		}
	}
}

func (l *Log) add(b []byte, end bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b = append(l.rest, b...)
	l.rest = nil
	if i := bytes.LastIndexByte(b, 0x1b); i >= 0 && !end && len(b)-i < 32 && !order.Match(b[i:]) {
		b, l.rest = b[:i], bytes.Clone(b[i:])
	}
	l.text = append(l.text, bytes.ReplaceAll(order.ReplaceAll(b, nil), []byte("\r"), nil)...)
	l.ended = end
	close(l.changed)
	l.changed = make(chan struct{})
}

// order is what a terminal obeys: CSI sequences (ECMA-48) and escapes of two bytes.
var order = regexp.MustCompile(`\x1b\[[0-9;?=]*[A-Za-z]|\x1b[^\[]`)

// String is all that came so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}

// Len is the length of [Log.String], a place to give to [Log.WaitFor].
func (l *Log) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.text)
}

// WaitFor returns the first match of pattern at or after the place from, with its groups, and the place after it. The error
// has the last lines when the machine or the context ends first.
func (l *Log) WaitFor(ctx context.Context, from int, pattern *regexp.Regexp) (match []string, next int, err error) {
	for {
		l.mu.Lock()
		text, changed, ended := l.text, l.changed, l.ended
		l.mu.Unlock()
		if from < len(text) {
			if at := pattern.FindSubmatchIndex(text[from:]); at != nil {
				for _, group := range pattern.FindSubmatch(text[from:]) {
					match = append(match, string(group))
				}
				return match, from + at[1], nil
			}
		}
		if ended {
			return nil, 0, fmt.Errorf("virtual machine: it ended without %q; last: %s", pattern, lastLines(string(text)))
		}
		select {
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("virtual machine: no %q: %w; last: %s", pattern, ctx.Err(), lastLines(string(text)))
		case <-changed:
		}
	}
}

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-6):], " | ")
}

var anything = regexp.MustCompile(`[A-Za-z]`)
