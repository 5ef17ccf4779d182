package logging

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
)

// Options say how much is written, how and where.
type Options struct {
	// Level is "debug", "info", "warn" or "error"; empty means info.
	Level string
	// Format is "text" or "json"; empty means text.
	Format string
	// File is written instead of standard error when it is not empty.
	File string
	// FileBytes is the size at which File becomes FILE.old; 0 means 10 MB.
	FileBytes int64
}

// Log is the log of a process. It is safe for use by several goroutines.
type Log struct {
	*slog.Logger
	options Options
	token   string
	sink    *sink
	repeat  *repeats
	close   io.Closer
}

// Open begins the log. Its error is one line that names the file or the setting.
func Open(o Options) (*Log, error) {
	if o.File == "" {
		return newLog(o, os.Stderr, isJournal(os.Stderr), nil)
	}
	if o.FileBytes == 0 {
		o.FileBytes = 10 << 20
	}
	f, err := openFile(o.File, o.FileBytes)
	if err != nil {
		return nil, err
	}
	return newLog(o, f, false, f)
}

// Discard is a log that writes nothing, for where nobody reads.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func newLog(o Options, out io.Writer, journal bool, closer io.Closer) (*Log, error) {
	level, err := parseLevel(o.Level)
	if err != nil {
		return nil, err
	}
	s := &sink{out: out, journal: journal}
	l := &Log{options: o, token: newToken(), sink: s, repeat: newRepeats(), close: closer}
	writing, err := newWriting(o.Format, level, s)
	if err != nil {
		return nil, err
	}
	l.Logger = slog.New(&handler{writing, l.repeat})
	return l, nil
}

// Close tells how many records were held back as repetitions and closes the file.
func (l *Log) Close() error {
	if n := l.repeat.untold(); n > 0 {
		l.Warn("repeated records were held back", "count", n)
	}
	if l.close == nil {
		return nil
	}
	return l.close.Close()
}

func parseLevel(name string) (slog.Level, error) {
	switch name {
	case "debug":
		return slog.LevelDebug, nil
	case "", "info":
		return slog.LevelInfo, nil
	case "warn":
		return slog.LevelWarn, nil
	case "error":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("log level %q is unknown: use debug, info, warn or error", name)
}

// sink writes whole lines, one at a time.
type sink struct {
	mu      sync.Mutex
	out     io.Writer
	journal bool
	// prefix stands before each line of a child's log; the parent knows its lines by it.
	prefix string
}

// line writes one record. The number before it is the journal's priority (sd-daemon(3)).
func (s *sink) line(level slog.Level, text []byte) error {
	var b bytes.Buffer
	switch {
	case s.prefix != "":
		fmt.Fprintf(&b, "%s %d ", s.prefix, int(level))
	case s.journal:
		fmt.Fprintf(&b, "<%d>", priority(level))
	}
	b.Write(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.out.Write(b.Bytes())
	return err
}

// priority is syslog(3)'s number for a level.
func priority(level slog.Level) int {
	switch {
	case level >= slog.LevelError:
		return 3
	case level >= slog.LevelWarn:
		return 4
	case level >= slog.LevelInfo:
		return 6
	default:
		return 7
	}
}

// writing is a handler of the standard library whose lines go to a sink with their level.
type writing struct {
	slog.Handler
	sink *sink
	line *lineBuffer
}

// lineBuffer is shared by all handlers that come from one.
type lineBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func newWriting(format string, level slog.Level, s *sink) (slog.Handler, error) {
	w := &writing{sink: s, line: &lineBuffer{}}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: shortTime}
	if s.journal {
		options.ReplaceAttr = dropTime
	}
	switch format {
	case "", "text":
		w.Handler = slog.NewTextHandler(&w.line.Buffer, options)
	case "json":
		w.Handler = slog.NewJSONHandler(&w.line.Buffer, options)
	default:
		return nil, fmt.Errorf("log format %q is unknown: use text or json", format)
	}
	return w, nil
}

func (w *writing) Handle(ctx context.Context, r slog.Record) error {
	w.line.mu.Lock()
	defer w.line.mu.Unlock()
	w.line.Reset()
	if err := w.Handler.Handle(ctx, r); err != nil {
		return err
	}
	return w.sink.line(r.Level, w.line.Bytes())
}

func (w *writing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &writing{w.Handler.WithAttrs(attrs), w.sink, w.line}
}

func (w *writing) WithGroup(name string) slog.Handler {
	return &writing{w.Handler.WithGroup(name), w.sink, w.line}
}
