package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// console is how the kiosk talks with the person at the terminal, apart from the results on standard output. Its methods
// may be called from any goroutine.
type console struct {
	out io.Writer
	// columns of the terminal; nil where a line cannot be overwritten. Words that are still being spoken are shown on a
	// terminal only: a log must not hold them.
	columns func() int
	quiet   bool
	// elsewhere: out is a file or a pipe, which must not hold a word of the shopper.
	elsewhere bool

	mu      sync.Mutex
	partial bool // the last line shows words that are being spoken
}

// newConsole talks on standard error, which stays the person's own when the results go into a pipe.
func newConsole(quiet bool) *console {
	c := &console{out: os.Stderr, quiet: quiet, elsewhere: !isTerminal(os.Stderr)}
	if isTerminal(os.Stderr) && os.Getenv("TERM") != "dumb" {
		c.columns = func() int {
			columns, _, err := term.GetSize(int(os.Stderr.Fd()))
			if err != nil || columns < 20 {
				return 80
			}
			return columns
		}
	}
	return c
}

// say prints a line that has to be seen.
func (c *console) say(format string, a ...any) { c.print(fmt.Sprintf(format, a...) + "\n") }

// hint prints a line that -q leaves out.
func (c *console) hint(format string, a ...any) {
	if !c.quiet {
		c.say(format, a...)
	}
}

// ask prints a question; the answer is typed behind it.
func (c *console) ask(question string) { c.print(question) }

func (c *console) print(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wipe()
	io.WriteString(c.out, text)
}

// hearing shows the words so far on one line, over those that were shown before.
func (c *console) hearing(words string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.columns == nil || c.quiet {
		return
	}
	c.wipe()
	// The last column stays free: a full line would move the cursor to the next one.
	io.WriteString(c.out, "… "+lastColumns(words, c.columns()-4))
	c.partial = true
}

// settle removes the words that were shown while they were spoken.
func (c *console) settle() { c.print("") }

// wipe clears the line of a partial transcript; c.mu is held.
func (c *console) wipe() {
	if c.partial {
		io.WriteString(c.out, "\r\x1b[K")
		c.partial = false
	}
}

// lastColumns returns the end of text that fits into so many columns: while somebody speaks, the last words are the new
// ones. Wide characters take two (Unicode Standard Annex 11).
func lastColumns(text string, columns int) string {
	letters := []rune(text)
	for i := len(letters) - 1; i >= 0; i-- {
		columns--
		switch width.LookupRune(letters[i]).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth, width.EastAsianAmbiguous:
			columns--
		}
		if columns < 0 {
			return string(letters[i+1:])
		}
	}
	return text
}
