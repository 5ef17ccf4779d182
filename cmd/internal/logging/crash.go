package logging

import (
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime/debug"
	"syscall"

	"google.golang.org/grpc/grpclog"
)

// Traceback is what the environment of each process of ours holds before it starts: with it the runtime prints no stack
// of a panic. The runtime reads it before main, and it cannot be lowered later (runtime/debug.SetTraceback). A fatal signal
// prints stacks and registers all the same (Go 1.26, measured), so a process that hears shoppers also has its standard
// error drained by another ([Log.Drain]).
const Traceback = "GOTRACEBACK=none"

// ErrTraceback says that the process was started without [Traceback].
var ErrTraceback = errors.New("GOTRACEBACK is not none")

// QuietCrashes makes sure that a crash of this process leaves nothing of its memory: no core file, and no copy of the
// crash's report in another file. It returns an error wrapping ErrTraceback when the report itself would have a stack.
// A core that is piped to a program ignores the limit (core(5)): only a process that is not dumpable makes none.
func QuietCrashes() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("the limit on cores cannot be set: %w", err)
	}
	if err := debug.SetCrashOutput(nil, debug.CrashOptions{}); err != nil {
		return fmt.Errorf("the crash report's second output cannot be closed: %w", err)
	}
	if "GOTRACEBACK="+os.Getenv("GOTRACEBACK") != Traceback {
		return fmt.Errorf("%w: start the process with %s", ErrTraceback, Traceback)
	}
	return nil
}

// Install makes l the log of slog's own functions, and withholds what libraries write through the standard log or
// gRPC's: that they wrote is told at level debug, the text is not.
func Install(l *slog.Logger) {
	slog.SetDefault(l)
	log.SetFlags(0)
	log.SetOutput(libraryLines{l})
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
}

type libraryLines struct{ log *slog.Logger }

func (w libraryLines) Write(line []byte) (int, error) {
	w.log.Debug("a library wrote a line, which was withheld", "bytes", len(line))
	return len(line), nil
}
