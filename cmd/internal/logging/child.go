package logging

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
)

// childVariable carries a child's token, level and format in its environment.
const childVariable = "TENIN_LOG"

// longestLine is what one write to a pipe takes without being torn (PIPE_BUF, pipe(7)).
const longestLine = 4096

func newToken() string { return rand.Text() }

// Child returns the variable that a child's environment needs so that [OpenChild] there writes for [Log.Drain] here.
func (l *Log) Child() string {
	return fmt.Sprintf("%s=%s:%s:%s", childVariable, l.token, l.options.Level, l.options.Format)
}

// OpenChild begins the log of a process whose standard error another one drains. Without the variable of [Log.Child] it
// is the log of a process of its own.
func OpenChild() (*Log, error) {
	token, rest, ok := strings.Cut(os.Getenv(childVariable), ":")
	if !ok || token == "" {
		return Open(Options{})
	}
	level, format, _ := strings.Cut(rest, ":")
	l, err := newLog(Options{Level: level, Format: format}, os.Stderr, false, nil)
	if err != nil {
		return nil, err
	}
	l.token, l.sink.prefix = token, token
	return l, nil
}

// Drain reads a child's standard error until it ends. Records of the child's own log, which carry a token that no other
// text has, are written to this one; of all other lines only the class is told. who names the child's role.
func (l *Log) Drain(r io.Reader, who string) error {
	log := l.With("role", who)
	lines := bufio.NewReaderSize(r, longestLine)
	mark := []byte(l.token + " ")
	whole := true
	for {
		line, err := lines.ReadSlice('\n')
		begins := whole
		whole = err == nil
		switch {
		case len(line) == 0 || !begins:
			// The rest of a line that was too long belongs to its beginning.
		case whole && bytes.HasPrefix(line, mark):
			number, text, _ := bytes.Cut(line[len(mark):], []byte(" "))
			level, bad := strconv.Atoi(string(number))
			if bad == nil && len(text) > 0 {
				_ = l.sink.line(slog.Level(level), text)
			}
		case foreignClass(line) != "":
			log.Warn("a line that is not of the log was dropped", "what", foreignClass(line))
		default:
			log.Debug("a line that is not of the log was dropped", "what", "message")
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the standard error of a child cannot be read: %w", err)
		}
	}
}

// foreignClass names what ended a process, by how the Go runtime and the C library begin the line; "" for other lines.
func foreignClass(line []byte) string {
	for _, c := range []struct{ prefix, class string }{
		{"panic: ", "panic"}, {"fatal error: ", "fatal error"}, {"runtime: ", "runtime"}, {"SIGSEGV", "segmentation fault"},
		{"SIGABRT", "abort"}, {"SIGQUIT", "quit"}, {"SIGBUS", "bus error"}, {"SIGILL", "illegal instruction"}, {"SIGFPE", "arithmetic fault"},
		{"SIGSYS", "forbidden system call"}, {"terminate called", "uncaught C++ exception"}, {"malloc", "heap damage"},
		{"free(): ", "heap damage"}, {"double free", "heap damage"}, {"unexpected fault address", "fault"},
	} {
		if bytes.HasPrefix(line, []byte(c.prefix)) {
			return c.class
		}
	}
	return ""
}
