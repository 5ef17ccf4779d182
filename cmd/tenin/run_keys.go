package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"sync/atomic"

	"golang.org/x/text/width"
)

// key is a line that a person typed at the kiosk, in lower case; full-width letters, as a Japanese keyboard gives them,
// are the same.
type key string

const (
	keyEnter   key = ""
	keyNext    key = "n"
	keyStaff   key = "s"
	keyMessage key = "m"
	keyLeave   key = "q"
)

// yes says whether k agrees.
func (k key) yes() bool { return k == "y" || k == "yes" || k == "はい" }

// typed is a key and how many questions had been asked when it arrived.
type typed struct {
	key   key
	asked uint64
}

// keyboard gives the lines of a terminal one by one.
type keyboard struct {
	lines chan typed // closed at the end of the input
	asked atomic.Uint64
}

// stamped notes how many questions were asked when bytes arrived: lines that came together were typed before whatever the
// first of them leads to.
type stamped struct {
	io.Reader
	keys  *keyboard
	asked uint64
}

func (s *stamped) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	s.asked = s.keys.asked.Load()
	return n, err
}

// readKeys reads in until its end. The reader lives as long as the process: a terminal cannot be asked to stop. A line
// that finds no room is dropped, because nobody waits for what was typed so far ahead.
func readKeys(in io.Reader) *keyboard {
	k := &keyboard{lines: make(chan typed, 16)}
	source := &stamped{Reader: in, keys: k}
	go func() {
		defer close(k.lines)
		for lines := bufio.NewScanner(source); lines.Scan(); {
			select {
			case k.lines <- typed{key(strings.ToLower(strings.TrimSpace(width.Fold.String(lines.Text())))), source.asked}:
			default:
			}
		}
	}()
	return k
}

// ask is called before a question is shown: what was typed earlier is no answer to it, and is forgotten.
func (k *keyboard) ask() { k.asked.Add(1) }

// each calls pressed for one key after the other until ctx ends. The end of the input is keyLeave.
func (k *keyboard) each(ctx context.Context, pressed func(typed)) {
	for {
		select {
		case line, ok := <-k.lines:
			if !ok {
				pressed(typed{key: keyLeave})
				return
			}
			if line.asked == k.asked.Load() {
				pressed(line)
			}
		case <-ctx.Done():
			return
		}
	}
}
