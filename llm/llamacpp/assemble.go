package llama

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// assembler joins the byte pieces of tokens to text. A token may end inside a
// code point and a stop word may span tokens, so bytes wait in held until they
// can no longer become part of either.
type assembler struct {
	stops [][]byte
	held  []byte
}

func newAssembler(stops []string) *assembler {
	a := &assembler{}
	for _, s := range stops {
		if s != "" {
			a.stops = append(a.stops, []byte(s))
		}
	}
	return a
}

// feed takes a piece and returns the text that is now certain, and whether a
// stop word is complete. The stop word that ends first wins, so the result does
// not depend on how the text was cut into pieces.
func (a *assembler) feed(piece []byte) (text string, stopped bool) {
	a.held = append(a.held, piece...)
	cut, end := -1, len(a.held)+1
	for _, s := range a.stops {
		if i := bytes.Index(a.held, s); i >= 0 && (i+len(s) < end || i+len(s) == end && i < cut) {
			cut, end = i, i+len(s)
		}
	}
	if cut >= 0 {
		text = valid(a.held[:cut])
		a.held = nil
		return text, true
	}
	keep := a.partialStop()
	ready := len(a.held) - keep
	ready -= partialRune(a.held[:ready])
	text = valid(a.held[:ready])
	a.held = a.held[ready:]
	return text, false
}

// flush returns what is still held at the end; half a code point is dropped.
func (a *assembler) flush() string {
	text := valid(a.held[:len(a.held)-partialRune(a.held)])
	a.held = nil
	return text
}

// partialStop is the length of the longest end of held that begins a stop word.
func (a *assembler) partialStop() int {
	longest := 0
	for _, s := range a.stops {
		for n := min(len(s)-1, len(a.held)); n > longest; n-- {
			if bytes.HasSuffix(a.held, s[:n]) {
				longest = n
			}
		}
	}
	return longest
}

// partialRune is how many bytes at the end of b begin an unfinished code point.
func partialRune(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

func valid(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }
