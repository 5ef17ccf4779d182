package main

import (
	"bufio"
	"context"
	"io"
	"strings"
	"time"

	"golang.org/x/text/width"
)

// key is a line that a person typed at the kiosk, in lower case; full-width letters, as a Japanese keyboard gives them,
// are the same.
type key string

const (
	keyEnter key = ""
	keyNext  key = "n"
	keyLeave key = "q"
	// keyGone is nobody having touched a key for as long as a shopper is waited for.
	keyGone key = "gone"
)

// keyboard gives the lines of a terminal one by one; it is closed at the end of the input.
type keyboard chan key

// readKeys reads in until its end. The reader lives as long as the process: a terminal cannot be asked to stop. A line
// that finds no room is dropped, because nobody waits for what was typed so far ahead.
func readKeys(in io.Reader) keyboard {
	keys := make(keyboard, 16)
	go func() {
		defer close(keys)
		for lines := bufio.NewScanner(in); lines.Scan(); {
			select {
			case keys <- key(strings.ToLower(strings.TrimSpace(width.Fold.String(lines.Text())))):
			default:
			}
		}
	}()
	return keys
}

// next waits for a key. It is keyLeave at the end of the input or of ctx, and keyGone after patience; 0 is no end to it.
func (k keyboard) next(ctx context.Context, patience time.Duration) key {
	var gone <-chan time.Time
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		gone = timer.C
	}
	select {
	case pressed, ok := <-k:
		if !ok || ctx.Err() != nil {
			return keyLeave
		}
		return pressed
	case <-gone:
		return keyGone
	case <-ctx.Done():
		return keyLeave
	}
}

// forget drops what was typed before a question was asked: a yes must come after its question. It tells when the input
// has ended.
func (k keyboard) forget() (ended bool) {
	for {
		select {
		case _, ok := <-k:
			if !ok {
				return true
			}
		default:
			return false
		}
	}
}
