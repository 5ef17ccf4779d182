package vm

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
)

// ConsolePort is the name of the virtio port behind which a test image has a root console. Its side of the protocol is
// firmware/image/overlay-test/usr/lib/tenin-test/console.
//
// The protocol is lines. The machine says "ready BOOT" when somebody listens there, BOOT being the kernel's random number
// of this boot; the host says "run NUMBER SCRIPT", the machine "done NUMBER CODE OUTPUT .", SCRIPT and OUTPUT in base64.
// Each line of the machine begins after a line feed of its own, so that half a line from before a reset spoils nothing; a
// line that is none of these is passed over. Scripts run side by side.
const ConsolePort = "org.tenin.test"

// Console is a root shell in a running test image. Safe for several goroutines.
type Console struct {
	line io.ReadWriteCloser

	mu      sync.Mutex
	boot    string
	next    int
	waiting map[int]chan Result
	changed chan struct{} // closed and replaced with boot or err
	err     error
}

// Result is how a script ended.
type Result struct {
	// Code is the exit code.
	Code int
	// Output is what it wrote to standard output and standard error.
	Output string
}

// ErrRestarted means that the machine was started anew, or ended, while it ran a script.
var ErrRestarted = errors.New("virtual machine: it started anew before the script was done")

func newConsole(line io.ReadWriteCloser) *Console {
	c := &Console{line: line, waiting: map[int]chan Result{}, changed: make(chan struct{})}
	go c.read()
	return c
}

func (c *Console) read() {
	lines := bufio.NewReader(c.line)
	for {
		text, err := lines.ReadString('\n')
		if err != nil {
			c.mu.Lock()
			c.forget("")
			c.err = ErrGone
			c.mu.Unlock()
			return
		}
		m, ok := parseMessage(text)
		if !ok {
			continue
		}
		c.mu.Lock()
		if m.boot != "" {
			c.forget(m.boot)
		} else if answer := c.waiting[m.number]; answer != nil {
			delete(c.waiting, m.number)
			answer <- m.result
		}
		c.mu.Unlock()
	}
}

// forget is called with the lock held: who waits for an answer gets none.
func (c *Console) forget(boot string) {
	c.boot = boot
	for number, answer := range c.waiting {
		delete(c.waiting, number)
		close(answer)
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// message is a line of the machine: boot is set in "ready", the others in "done".
type message struct {
	boot   string
	number int
	result Result
}

func parseMessage(line string) (message, bool) {
	var m message
	var err error
	switch f := strings.Fields(line); {
	case len(f) == 2 && f[0] == "ready":
		m.boot = f[1]
		return m, true
	// A script that says nothing leaves its output out.
	case len(f) < 4 || len(f) > 5 || f[0] != "done" || f[len(f)-1] != ".":
		return m, false
	default:
		if m.number, err = strconv.Atoi(f[1]); err != nil {
			return m, false
		}
		if m.result.Code, err = strconv.Atoi(f[2]); err != nil {
			return m, false
		}
		if len(f) == 5 {
			output, err := base64.StdEncoding.DecodeString(f[3])
			if err != nil {
				return m, false
			}
			m.result.Output = string(output)
		}
		return m, true
	}
}

// Ready waits until a console listens whose boot is not the one named, and returns its boot; with "" any will do.
func (c *Console) Ready(ctx context.Context, not string) (boot string, err error) {
	for {
		c.mu.Lock()
		boot, changed, err := c.boot, c.changed, c.err
		c.mu.Unlock()
		switch {
		case err != nil:
			return "", fmt.Errorf("waiting for the console: %w", err)
		case boot != "" && boot != not:
			return boot, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("virtual machine: its console does not listen (is it a test image?): %w", ctx.Err())
		case <-changed:
		}
	}
}

// Run runs a script with /bin/sh as root and waits for its end, after [Console.Ready]. A script that fails is no error. Errors
// wrap [ErrRestarted] or [ErrGone]; when the context ends first the script goes on.
func (c *Console) Run(ctx context.Context, script string) (Result, error) {
	if _, err := c.Ready(ctx, ""); err != nil {
		return Result{}, err
	}
	answer := make(chan Result, 1)
	c.mu.Lock()
	c.next++
	number := c.next
	c.waiting[number] = answer
	_, err := fmt.Fprintf(c.line, "run %d %s\n", number, base64.StdEncoding.EncodeToString([]byte(script)))
	c.mu.Unlock()
	if err != nil {
		return Result{}, fmt.Errorf("%w (console: %v)", ErrGone, err)
	}
	select {
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.waiting, number)
		c.mu.Unlock()
		return Result{}, fmt.Errorf("virtual machine: %s: %w", firstLine(script), ctx.Err())
	case result, ok := <-answer:
		if !ok {
			return Result{}, fmt.Errorf("%w: %s", ErrRestarted, firstLine(script))
		}
		return result, nil
	}
}

// Output is [Console.Run] of a script that has to succeed: what it wrote, without the last line feed.
func (c *Console) Output(ctx context.Context, script string) (string, error) {
	r, err := c.Run(ctx, script)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("virtual machine: %s: exit code %d: %s", firstLine(script), r.Code, strings.TrimSpace(r.Output))
	}
	return strings.TrimSuffix(r.Output, "\n"), err
}

func firstLine(script string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(script), "\n")
	return line
}
