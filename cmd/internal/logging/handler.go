package logging

import (
	"context"
	"log/slog"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
)

// What stands for text that does not get through.
const (
	withheld        = "(withheld)"
	withheldMessage = "(message withheld)"
	withheldKey     = "withheld"
)

// textKeys are the keys under which a plain string may be written, when it is a constant. None of them asks for a word
// that somebody said.
var textKeys = map[string]bool{
	"call": true, "cause": true, "check": true, "command": true, "effect": true, "event": true, "feature": true, "from": true, "kind": true,
	"mode": true, "op": true, "part": true, "phase": true, "policy": true, "reason": true, "result": true, "role": true,
	"signal": true, "state": true, "step": true, "to": true, "unit": true, "version": true, "what": true, "where": true, "why": true,
}

// nameKeys are the keys under which the name of an account or of a device may be written, which staff have given. A name
// that has anything but letters, digits, hyphens and underscores in it is withheld.
var nameKeys = map[string]bool{"staff": true, "device": true}

var plainName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// handler lets through what the package comment lists and hands it to a writing handler.
type handler struct {
	next   slog.Handler
	repeat *repeats
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	held, pass := h.repeat.allow(r.PC, r.Level, r.Time)
	if !pass {
		return nil
	}
	clean := slog.NewRecord(r.Time, r.Level, r.Message, 0)
	if !isConstant(r.Message) {
		clean.Message = withheldMessage
		clean.AddAttrs(slog.String("at", place(r.PC)))
	}
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(cleanAttr(a, 0))
		return true
	})
	if held > 0 {
		clean.AddAttrs(slog.Int("repeated", held))
	}
	return h.next.Handle(ctx, clean)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = cleanAttr(a, 0)
	}
	return &handler{h.next.WithAttrs(clean), h.repeat}
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return &handler{h.next.WithGroup(cleanKey(name)), h.repeat}
}

func cleanAttr(a slog.Attr, depth int) slog.Attr {
	key := cleanKey(a.Key)
	if nameKeys[key] && a.Value.Kind() == slog.KindString && plainName.MatchString(a.Value.String()) {
		return slog.String(key, a.Value.String())
	}
	return slog.Attr{Key: key, Value: cleanValue(a.Value, textKeys[key], depth)}
}

func cleanKey(key string) string {
	if key == "" || isConstant(key) || len(key) == 1 && key[0] >= 'a' && key[0] <= 'z' {
		return key
	}
	return withheldKey
}

// cleanValue returns what may be written of v. text says that its key takes constants.
func cleanValue(v slog.Value, text bool, depth int) slog.Value {
	if depth > 8 {
		return slog.StringValue(withheld)
	}
	switch v.Kind() {
	case slog.KindBool, slog.KindDuration, slog.KindFloat64, slog.KindInt64, slog.KindUint64, slog.KindTime:
		return v
	case slog.KindString:
		return cleanText(v.String(), text)
	case slog.KindGroup:
		group := v.Group()
		clean := make([]slog.Attr, len(group))
		for i, a := range group {
			clean[i] = cleanAttr(a, depth+1)
		}
		return slog.GroupValue(clean...)
	}
	switch x := v.Any().(type) {
	case nil:
		return slog.StringValue("none")
	case Safe:
		return slog.StringValue(x.text)
	case error:
		return slog.StringValue(Class(x).text)
	case slog.LogValuer:
		return cleanValue(v.Resolve(), text, depth+1)
	default:
		return cleanAny(x, text)
	}
}

// cleanAny lets named numbers through as numbers, named strings as strings; their String methods are not called.
func cleanAny(x any, text bool) slog.Value {
	v := reflect.ValueOf(x)
	switch v.Kind() {
	case reflect.Bool:
		return slog.BoolValue(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return slog.Int64Value(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return slog.Uint64Value(v.Uint())
	case reflect.Float32, reflect.Float64:
		return slog.Float64Value(v.Float())
	case reflect.String:
		return cleanText(v.String(), text)
	default:
		return slog.StringValue("(" + v.Type().String() + ")")
	}
}

func cleanText(s string, text bool) slog.Value {
	if text && isConstant(s) {
		return slog.StringValue(s)
	}
	return slog.StringValue(withheld)
}

// place is the file and line of a program counter, with the folder that the file lies in.
func place(pc uintptr) string {
	if pc == 0 {
		return "unknown"
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return shortFile(frame)
}

func shortFile(frame runtime.Frame) string {
	folder, file := filepath.Split(frame.File)
	return filepath.Base(folder) + "/" + file + ":" + strconv.Itoa(frame.Line)
}

// dropTime leaves the time to the journal, which has its own.
func dropTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		return slog.Attr{}
	}
	return a
}

// shortTime writes the record's time in UTC to the millisecond.
func shortTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.StringValue(a.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return a
}
