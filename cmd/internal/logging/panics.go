package logging

import (
	"log/slog"
	"reflect"
	"runtime"
	"strings"
)

// Recover reports a panic and calls then, which decides what follows: end the process, or nothing when it is nil. It is
// the first deferred call of a goroutine:
//
//	defer logging.Recover(log, "microphone", nil)
//
// Of the panic's value only the type is told, and the runtime's own text (an index out of range), which holds numbers and
// types; of the stack the functions and lines, without arguments.
func Recover(log *slog.Logger, what constant, then func()) {
	value := recover()
	if value == nil {
		return
	}
	attrs := []any{"what", Word(what), "type", Type(value), "stack", stack(3)}
	if text, ok := runtimeText(value); ok {
		attrs = append(attrs, "fault", text)
	}
	log.Error("panic", attrs...)
	if then != nil {
		then()
	}
}

// Go runs f in a goroutine of its own under Recover. done, when it is not nil, is called after f however f ends.
func Go(log *slog.Logger, what constant, f func(), done func(panicked bool)) {
	go func() {
		panicked := true
		defer func() {
			if done != nil {
				done(panicked)
			}
		}()
		defer Recover(log, what, nil)
		f()
		panicked = false
	}()
}

// runtimeText is what the Go runtime itself says of a fault; other types that call themselves runtime errors do not count.
func runtimeText(value any) (Safe, bool) {
	err, ok := value.(runtime.Error)
	if !ok {
		return Safe{}, false
	}
	t := reflect.TypeOf(value)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.PkgPath() != "runtime" {
		return Safe{}, false
	}
	return Safe{err.Error()}, true
}

// deepestStack is how many functions of a stack are told.
const deepestStack = 16

// stack names the functions from where the panic began outwards.
func stack(skip int) Safe {
	counters := make([]uintptr, deepestStack)
	frames := runtime.CallersFrames(counters[:runtime.Callers(skip, counters)])
	var names []string
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			names = append(names, frame.Function+" "+shortFile(frame))
		}
		if !more {
			break
		}
	}
	return Safe{strings.Join(names, " < ")}
}
