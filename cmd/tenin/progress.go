package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// reporter shows long work: a bar on a terminal, nothing in a pipe or with -q.
type reporter struct {
	mu     sync.Mutex
	out    io.Writer
	bar    *progressbar.ProgressBar
	what   string
	silent bool
}

func newReporter(f *flags) *reporter {
	return &reporter{out: os.Stderr, silent: f.quiet || !isTerminal(os.Stderr)}
}

// step is called with what is being done, how much of it is done, and how much there is. Bytes says what is counted.
func (r *reporter) step(what string, done, total int64, bytes bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.silent {
		return
	}
	if what != r.what || r.bar == nil {
		r.finish()
		r.what = what
		options := []progressbar.Option{
			progressbar.OptionSetWriter(r.out),
			progressbar.OptionSetDescription(what),
			progressbar.OptionThrottle(100 * time.Millisecond),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetWidth(24),
			progressbar.OptionShowBytes(bytes),
			progressbar.OptionSetPredictTime(true),
		}
		if os.Getenv("NO_COLOR") == "" {
			options = append(options, progressbar.OptionEnableColorCodes(true))
		}
		r.bar = progressbar.NewOptions64(total, options...)
	}
	_ = r.bar.Set64(done)
	if done >= total {
		r.finish()
	}
}

func (r *reporter) finish() {
	if r.bar != nil {
		_ = r.bar.Finish()
		r.bar = nil
	}
}

// say prints a line for people, on standard error, unless -q.
func (f *flags) say(format string, a ...any) {
	if !f.quiet {
		fmt.Fprintf(os.Stderr, format+"\n", a...)
	}
}
