package logging

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"pgregory.net/rapid"
)

// heard is text that no constant of the program is: as a shopper's words, it comes to be at run time.
func heard() string { return strings.Join([]string{"my", "name", "is", "山田", "0901234"}, " ") }

// plain is text of a shopper's that is nothing but lower-case ASCII.
func plain() string { return strings.Repeat("secret", 2) }

// written returns a log at level debug and what it wrote.
func written(t testing.TB, format string) (*Log, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	l, err := newLog(Options{Level: "debug", Format: format}, &out, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l, &out
}

type role string

type shopper struct {
	Name string
	Said []byte
}

func (s shopper) String() string { return s.Name }

type lying struct{ said string }

func (l lying) Error() string        { return l.said }
func (l lying) LogValue() slog.Value { return slog.StringValue(l.said) }

var errSentinel = errors.New("the engine is gone")

func TestConstantsNumbersAndClassesAreWritten(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		l, out := written(t, format)
		l.Info("worker started", "role", "asr", "pid", 17, "took", 3*time.Second, "well", true, "score", 0.5,
			"named", role("voice"), "kind", role("voice"), "step", Word("load"), "word", Word("load"),
			"err", fmt.Errorf("%s: %w", heard(), errSentinel), slog.Group("inner", "state", "ready"))
		for _, want := range []string{"worker started", "asr", "17", "3", "true", "0.5", "voice", "load", "the engine is gone", "ready"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s: %q is missing in %s", format, want, out)
			}
		}
	}
}

func TestNothingThatWasHeardIsWrittenByAnyWayIn(t *testing.T) {
	text := heard()
	ways := map[string]func(*slog.Logger){
		"message":         func(l *slog.Logger) { l.Info(text) },
		"built message":   func(l *slog.Logger) { l.Info("heard: " + text) },
		"key":             func(l *slog.Logger) { l.Info("turn", text, 1) },
		"value":           func(l *slog.Logger) { l.Info("turn", "kind", text) },
		"any":             func(l *slog.Logger) { l.Info("turn", "kind", any(text)) },
		"bytes":           func(l *slog.Logger) { l.Info("turn", "kind", []byte(text)) },
		"runes":           func(l *slog.Logger) { l.Info("turn", "kind", []rune(text)) },
		"list":            func(l *slog.Logger) { l.Info("turn", "kind", []string{text}) },
		"map":             func(l *slog.Logger) { l.Info("turn", "kind", map[string]string{text: text}) },
		"struct":          func(l *slog.Logger) { l.Info("turn", "kind", shopper{Name: text}) },
		"pointer":         func(l *slog.Logger) { l.Info("turn", "kind", &shopper{Name: text}) },
		"named string":    func(l *slog.Logger) { l.Info("turn", "kind", role(text)) },
		"group":           func(l *slog.Logger) { l.Info("turn", slog.Group("inner", "kind", text)) },
		"group's name":    func(l *slog.Logger) { l.Info("turn", slog.Group(text, "kind", 1)) },
		"with":            func(l *slog.Logger) { l.With("kind", text).Info("turn") },
		"with a key":      func(l *slog.Logger) { l.With(text, 1).Info("turn") },
		"with a group":    func(l *slog.Logger) { l.WithGroup(text).Info("turn", "kind", 1) },
		"valuer":          func(l *slog.Logger) { l.Info("turn", "kind", valuer{text}) },
		"panicing valuer": func(l *slog.Logger) { l.Info("turn", "kind", panicking{text}) },
		"missing value":   func(l *slog.Logger) { l.Info("turn", []any{text}...) },
		"error":           func(l *slog.Logger) { l.Info("turn", "err", errors.New(text)) },
		"wrapped error":   func(l *slog.Logger) { l.Info("turn", "err", fmt.Errorf("%s: %w", text, fs.ErrExist)) },
		"own error":       func(l *slog.Logger) { l.Info("turn", "err", lying{text}) },
		"error's pointer": func(l *slog.Logger) { l.Info("turn", "err", &lying{text}) },
		"path": func(l *slog.Logger) {
			l.Info("turn", "err", &fs.PathError{Op: text, Path: text, Err: errors.New(text)})
		},
		"status": func(l *slog.Logger) { l.Info("turn", "err", status.Error(codes.Internal, text)) },
		"enum":   func(l *slog.Logger) { l.Info("turn", "kind", Enum(text, "quote", "product")) },
	}
	for name, way := range ways {
		for _, format := range []string{"text", "json"} {
			l, out := written(t, format)
			way(l.Logger)
			if out.Len() == 0 {
				t.Errorf("%s: nothing was written at all", name)
			}
			for _, part := range []string{"山田", "0901234", "my name"} {
				if strings.Contains(out.String(), part) {
					t.Errorf("%s, %s: %q came out in %s", name, format, part, out)
				}
			}
		}
	}
}

type valuer struct{ text string }

func (v valuer) LogValue() slog.Value { return slog.StringValue(v.text) }

type panicking struct{ text string }

func (p panicking) LogValue() slog.Value { panic(p.text) }

func TestAPlainWordUnderAnyKeyIsWithheld(t *testing.T) {
	l, out := written(t, "json")
	l.Info("turn", "kind", plain(), "word", "constant")
	if strings.Contains(out.String(), "secret") || strings.Contains(out.String(), "constant") {
		t.Errorf("a key that is not listed, or a word that is no constant: %s", out)
	}
}

func TestNamesOfAccountsAndDevicesAreWrittenAndNothingElseUnderTheirKeys(t *testing.T) {
	l, out := written(t, "json")
	l.Info("staff session", "staff", strings.Clone("sato-2"), "device", strings.Clone("shop_1"))
	l.Info("staff session", "staff", heard(), "device", []byte(plain()))
	if s := out.String(); !strings.Contains(s, "sato-2") || !strings.Contains(s, "shop_1") || strings.Contains(s, "山田") || strings.Contains(s, "secret") {
		t.Errorf("%s", s)
	}
}

func TestAMessageThatIsWithheldSaysWhereItStands(t *testing.T) {
	l, out := written(t, "text")
	l.Info(plain())
	if !regexp.MustCompile(`\(message withheld\)" at=logging/logging_test\.go:\d+`).MatchString(out.String()) {
		t.Errorf("%s", out)
	}
}

func TestNoRandomTextComesOutAtAnyLevel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.StringN(4, 40, 200).Draw(r, "text")
		checkNothingComesOut(r, text)
	})
}

func FuzzNoTextComesOutAtAnyLevel(f *testing.F) {
	for _, text := range []string{"予約の山田です", "4111 1111 1111 1111", "worker started", "asr asr", "\n<3>forged", "{\"level\":1}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) >= 4 {
			checkNothingComesOut(t, text)
		}
	})
}

// checkNothingComesOut writes two records that differ in nothing but the text, and demands that the outputs are the same:
// so nothing of the text came out, not even its length.
func checkNothingComesOut(t interface {
	Fatalf(string, ...any)
}, text string) {
	write := func(text string) string {
		text = strings.Clone(text)
		var out bytes.Buffer
		l, err := newLog(Options{Level: "debug", Format: "json"}, &out, true, nil)
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			l.Log(context.Background(), level, text, "kind", text, text, text, "err", fmt.Errorf("%s %w", text, lying{text}),
				"any", []string{text}, slog.Group(text, text, text))
			l.With("state", text).WithGroup(text).Log(context.Background(), level, "turn", text, []byte(text))
		}
		func() {
			defer Recover(l.Logger, "test", nil)
			panic(text)
		}()
		if err := l.Drain(strings.NewReader(text+"\npanic: "+text+"\n"), "asr"); err != nil {
			t.Fatalf("%v", err)
		}
		return out.String()
	}
	foreign := func(s string) string { return regexp.MustCompile(`(?m)^.*not of the log.*\n`).ReplaceAllString(s, "") }
	if one, other := foreign(write(text)), foreign(write("another text")); one != other {
		t.Fatalf("%q came through:\n%s\n%s", text, one, other)
	}
}

func TestAClassIsTheChainOfSentinelsAndTypes(t *testing.T) {
	_, missing := os.Open(filepath.Join(t.TempDir(), "山田"))
	ring := &ringError{}
	ring.next = ring
	for want, err := range map[string]error{
		"none":                                    nil,
		"the engine is gone":                      fmt.Errorf("%s: %w", heard(), errSentinel),
		"*fs.PathError(open): ENOENT":             missing,
		"error":                                   errors.New(heard()),
		"context.deadlineExceededError":           context.DeadlineExceeded,
		"context canceled":                        context.Canceled,
		"the engine is gone: EIO":                 errors.Join(errSentinel, syscall.EIO),
		"the engine is gone: file already exists": fmt.Errorf("%w and %w", errSentinel, fs.ErrExist),
		"grpc Unavailable":                        fmt.Errorf("call: %w", status.Error(codes.Unavailable, heard())),
		"logging.lying":                           lying{heard()},
		"*fmt.wrapError":                          fmt.Errorf("x: %w", error(nil)),
		"*os.SyscallError(connect): ECONNREFUSED": os.NewSyscallError("connect", syscall.ECONNREFUSED),
		"*logging.unwrapPanics":                   &unwrapPanics{},
		strings.Repeat("*logging.ringError: ", 16) + "*logging.ringError": ring,
	} {
		if got := Class(err).String(); got != want {
			t.Errorf("%T is %q, want %q", err, got, want)
		}
	}
}

type ringError struct{ next error }

func (r *ringError) Error() string { return "ring" }
func (r *ringError) Unwrap() error { return r.next }

type unwrapPanics struct{}

func (*unwrapPanics) Error() string { panic("no") }
func (*unwrapPanics) Unwrap() error { panic(heard()) }

func TestOnlyTheProgramsOwnTextIsConstant(t *testing.T) {
	word := "a word of the source"
	if !isConstant(word) || !isConstant(word[2:6]) || !isConstant("") {
		t.Error("a constant was not known")
	}
	for _, s := range []string{strings.Clone(word), heard(), plain(), "山田様", "a\nb", "x", string([]byte{'y'}), os.Args[0], fmt.Sprint("role", 1)} {
		if isConstant(s) {
			t.Errorf("%q was taken for a constant", s)
		}
	}
}

func TestRepetitionIsCountedAndToldLater(t *testing.T) {
	r := newRepeats()
	now := time.Unix(1000, 0)
	passed := 0
	for range 100 {
		if _, ok := r.allow(1, slog.LevelInfo, now); ok {
			passed++
		}
	}
	if passed != burst {
		t.Errorf("%d of 100 passed, want %d", passed, burst)
	}
	if _, ok := r.allow(2, slog.LevelInfo, now); !ok {
		t.Error("another place of the source was held back too")
	}
	if held, ok := r.allow(1, slog.LevelInfo, now.Add(window)); !ok || held != 100-burst {
		t.Errorf("after the window: passed %v, %d held", ok, held)
	}
	if _, ok := r.allow(1, slog.LevelInfo, now.Add(-time.Hour)); !ok {
		t.Error("a clock that was set back held a record")
	}
	for range 2 * burst {
		r.allow(3, slog.LevelInfo, now)
	}
	if n := r.untold(); n != burst {
		t.Errorf("%d are untold, want %d", n, burst)
	}
}

func TestAPanicIsToldByItsTypeAndFunctions(t *testing.T) {
	l, out := written(t, "json")
	after := false
	func() {
		defer Recover(l.Logger, "microphone", func() { after = true })
		fail(heard())
	}()
	if !after {
		t.Error("what follows was not called")
	}
	if s := out.String(); !strings.Contains(s, `"type":"string"`) || !strings.Contains(s, "logging.fail logging/logging_test.go") || strings.Contains(s, "山田") {
		t.Errorf("%s", s)
	}
	out.Reset()
	func() {
		defer Recover(l.Logger, "microphone", nil)
		_ = []byte(heard())[len(os.Args)+1000]
	}()
	if !strings.Contains(out.String(), "index out of range") {
		t.Errorf("%s", out)
	}
	done := make(chan bool)
	Go(l.Logger, "reader", func() { fail(heard()) }, func(panicked bool) { done <- panicked })
	if !<-done {
		t.Error("a goroutine that panicked ended well")
	}
	Go(l.Logger, "reader", func() {}, func(panicked bool) { done <- panicked })
	if <-done {
		t.Error("a goroutine that ended well panicked")
	}
}

//go:noinline
func fail(text string) { panic(text) }

func TestAFileIsPutAsideWhenItIsFull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sub", "tenin.log")
	l, err := Open(Options{File: path, FileBytes: 2000})
	if err != nil {
		t.Fatal(err)
	}
	log := []func(){}
	for i := range 20 {
		log = append(log, func() { l.Info("worker started", "pid", i) })
	}
	for _, write := range log {
		write()
		l.repeat.seen = map[source]*seen{}
	}
	for range 3 {
		for i := range 20 {
			l.Warn("worker started again and again, with a longer line", "pid", i)
			l.repeat.seen = map[source]*seen{}
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + ".old"} {
		info, err := os.Stat(name)
		if err != nil || info.Size() > 2000 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if _, err := Open(Options{File: filepath.Join(path, "below")}); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("a log below a file: %v", err)
	}
}

func TestTheJournalGetsPrioritiesAndNoTime(t *testing.T) {
	var out bytes.Buffer
	l, err := newLog(Options{}, &out, true, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Debug("not written")
	l.Info("one")
	l.Warn("two")
	l.Error("three")
	if want := "<6>level=INFO msg=one\n<4>level=WARN msg=two\n<3>level=ERROR msg=three\n"; out.String() != want {
		t.Errorf("%q", out.String())
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	var stat syscall.Stat_t
	if err := syscall.Fstat(int(w.Fd()), &stat); err != nil {
		t.Fatal(err)
	}
	t.Setenv("JOURNAL_STREAM", fmt.Sprintf("%d:%d", stat.Dev, stat.Ino))
	if !isJournal(w) || isJournal(os.Stdin) {
		t.Error("the journal's stream was not told from another")
	}
}

func TestAnUnknownLevelOrFormatIsAnError(t *testing.T) {
	for _, o := range []Options{{Level: "trace"}, {Format: "xml"}} {
		if _, err := Open(o); err == nil {
			t.Errorf("%+v was accepted", o)
		}
	}
}

func TestWhatLibrariesWriteIsWithheld(t *testing.T) {
	l, out := written(t, "text")
	before, flags, writer := slog.Default(), log.Flags(), log.Writer()
	t.Cleanup(func() { slog.SetDefault(before); log.SetOutput(writer); log.SetFlags(flags) })
	Install(l.Logger)
	log.Println(heard())
	slog.Info(heard())
	if out.Len() == 0 || strings.Contains(out.String(), "山田") {
		t.Errorf("%s", out)
	}
}

// TestMain runs the child of the tests below when it is asked for.
func TestMain(m *testing.M) {
	if kind := os.Getenv("LOGGING_TEST_CHILD"); kind != "" {
		child(kind)
		return
	}
	os.Exit(m.Run())
}

func child(kind string) {
	if err := QuietCrashes(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
	l, err := OpenChild()
	if err != nil {
		os.Exit(8)
	}
	l.Info("child started", "role", "asr")
	l.Debug("child looks around")
	l.Warn(heard())
	text := heard()
	switch kind {
	case "panic":
		panic(text)
	case "error":
		panic(errors.New(text))
	case "nil":
		fault(nil, text, [8]byte([]byte(text)))
	case "signal":
		_ = syscall.Kill(os.Getpid(), syscall.SIGSEGV)
		time.Sleep(time.Minute)
	case "talk":
		fmt.Fprintln(os.Stderr, text)
		fmt.Fprintln(os.Stderr, strings.Repeat(text, 1000))
		_, _ = io.WriteString(os.Stderr, text)
	}
	os.Exit(0)
}

//go:noinline
func fault(p *shopper, text string, head [8]byte) {
	p.Name = text + string(head[:])
	runtime.KeepAlive(head)
}

func TestAChildsRecordsPassAndItsDeathCriesDoNot(t *testing.T) {
	for kind, want := range map[string]string{
		"panic": `"what":"panic"`, "error": `"what":"panic"`, "nil": `"what":"panic"`, "signal": `"what":"segmentation fault"`, "talk": "child started",
	} {
		t.Run(kind, func(t *testing.T) {
			l, out := written(t, "json")
			command := exec.Command(os.Args[0])
			command.Env = []string{"LOGGING_TEST_CHILD=" + kind, l.Child(), Traceback}
			pipe, err := command.StderrPipe()
			if err != nil {
				t.Fatal(err)
			}
			var raw bytes.Buffer
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			if err := l.Drain(io.TeeReader(pipe, &raw), "asr"); err != nil {
				t.Fatal(err)
			}
			err = command.Wait()
			if (err == nil) != (kind == "talk") {
				t.Errorf("the child ended with %v", err)
			}
			s := out.String()
			for _, part := range []string{"child started", "child looks around", "(message withheld)", want} {
				if !strings.Contains(s, part) {
					t.Errorf("%q is missing in %s", part, s)
				}
			}
			for line := range strings.Lines(s) {
				if !json.Valid([]byte(line)) {
					t.Errorf("not a record: %s", line)
				}
			}
			if strings.Contains(s, "山田") || strings.Contains(s, "0901234") || strings.Contains(s, "my name") {
				t.Errorf("the shopper came out: %s", s)
			}
			// A fatal signal's report has registers whatever the environment says: that is what Drain is for.
			if kind != "signal" && (strings.Contains(raw.String(), "goroutine") || strings.Contains(raw.String(), "rax")) {
				t.Errorf("a stack or a register was printed: %s", &raw)
			}
		})
	}
}

func TestQuietCrashesLeaveNoCoreAndDemandTheEnvironment(t *testing.T) {
	t.Setenv("GOTRACEBACK", "all")
	if err := QuietCrashes(); !errors.Is(err, ErrTraceback) {
		t.Errorf("with stacks in the report: %v", err)
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &limit); err != nil || limit.Cur != 0 || limit.Max != 0 {
		t.Errorf("the limit on cores is %+v, %v", limit, err)
	}
	t.Setenv("GOTRACEBACK", "none")
	if err := QuietCrashes(); err != nil {
		t.Error(err)
	}
}

func TestAnIDIsHexadecimalAndAnEnumOneOfItsWords(t *testing.T) {
	type sessionID [16]byte
	if got := ID(sessionID{0xab, 1}).String(); got != "ab01000000000000" {
		t.Error(got)
	}
	if got := Enum(role("llm"), "asr", "llm"); got.String() != "llm" {
		t.Error(got)
	}
	if got := Enum(heard(), "asr"); got.String() != "other" {
		t.Error(got)
	}
}
