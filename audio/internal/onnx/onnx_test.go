//go:build engines

package onnx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// childMode makes the test program play one part of a test in a process of its own.
const childMode = "TENIN_ONNX_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		if err := child(mode); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(mode string) error {
	switch mode {
	case "load":
		return Load()
	case "file":
		info, err := load(func() (string, string, func(), error) {
			return "", "", nil, errors.New("memory file refused")
		}, fromFile)
		if err != nil {
			return err
		}
		fmt.Println(info.Opened)
		return nil
	}
	if err := killAtSocketOrNewFile(); err != nil {
		return err
	}
	switch mode {
	case "socket":
		_, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
		return err
	case "create":
		return os.WriteFile("x", nil, 0o600)
	}
	return add()
}

// add computes 1+2 with a model of one operator.
func add() error {
	s, err := NewSession(addModel(), []string{"a", "b"}, []string{"c"}, Options{Threads: 2})
	if err != nil {
		return err
	}
	defer s.Close()
	out, err := s.Run(context.Background(),
		Tensor{Shape: []int64{2}, Float32: []float32{1, 5}}, Tensor{Shape: []int64{2}, Float32: []float32{2, 6}})
	if err != nil {
		return err
	}
	if len(out) != 1 || len(out[0].Float32) != 2 || out[0].Float32[0] != 3 || out[0].Float32[1] != 11 {
		return fmt.Errorf("1+2, 5+6 = %v", out)
	}
	return nil
}

// addModel is an ONNX file (protobuf, onnx.proto3) of one Add over vectors of two float32.
func addModel() []byte {
	field := func(n int, b ...byte) []byte { return append([]byte{byte(n<<3 | 2), byte(len(b))}, b...) }
	number := func(n int, v byte) []byte { return []byte{byte(n << 3), v} }
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	vector := func(name string) []byte {
		shape := field(1, number(1, 2)...)
		tensor := join(number(1, 1), field(2, shape...))
		return join(field(1, []byte(name)...), field(2, field(1, tensor...)...))
	}
	node := join(field(1, 'a'), field(1, 'b'), field(2, 'c'), field(4, []byte("Add")...))
	graph := join(field(1, node...), field(2, 'g'), field(11, vector("a")...), field(11, vector("b")...), field(12, vector("c")...))
	return join(number(1, 8), field(7, graph...), field(8, number(2, 13)...))
}

// killAtSocketOrNewFile installs a system-call filter on every thread of the process.
func killAtSocketOrNewFile() error {
	const load, equal, set, ret = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K,
		unix.BPF_JMP | unix.BPF_JSET | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	const flagsOfOpenat = 16 + 2*8 // seccomp_data: nr, arch, instruction pointer, then 64-bit arguments; low half first
	kill := unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_KILL_PROCESS}
	program := []unix.SockFilter{{Code: load, K: 0}}
	for _, nr := range []uint32{unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_SENDTO, unix.SYS_MKDIRAT, unix.SYS_RENAMEAT2, unix.SYS_IO_URING_SETUP} {
		program = append(program, unix.SockFilter{Code: equal, K: nr, Jf: 1}, kill)
	}
	program = append(program,
		unix.SockFilter{Code: equal, K: unix.SYS_OPENAT, Jf: 3},
		unix.SockFilter{Code: load, K: flagsOfOpenat},
		unix.SockFilter{Code: set, K: unix.O_CREAT, Jf: 1},
		kill,
		unix.SockFilter{Code: ret, K: unix.SECCOMP_RET_ALLOW})
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog))); errno != 0 || r != 0 {
		return fmt.Errorf("seccomp: %v %v", r, errno)
	}
	return nil
}

// inEmptyFolder runs the child where everything it could call home is one empty folder.
func inEmptyFolder(t *testing.T, mode string, environment ...string) (output string, files []string, err error) {
	t.Helper()
	dir := t.TempDir()
	exe, e := os.Executable()
	if e != nil {
		t.Fatal(e)
	}
	cmd := exec.Command(exe)
	cmd.Dir = dir
	cmd.Env = append([]string{childMode + "=" + mode, "HOME=" + dir, "TMPDIR=" + dir, "XDG_CACHE_HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir}, environment...)
	b, err := cmd.CombinedOutput()
	filepath.WalkDir(dir, func(path string, _ os.DirEntry, _ error) error {
		if path != dir {
			files = append(files, path)
		}
		return nil
	})
	return string(b), files, err
}

func TestTheRuntimeOpensNoSocketAndCreatesNoFile(t *testing.T) {
	out, files, err := inEmptyFolder(t, "add", TelemetryVariable+"=1")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(files) > 0 {
		t.Errorf("files appeared: %q", files)
	}
	if out != "" {
		t.Errorf("the runtime printed: %s", out)
	}
}

func TestTheFilterOfTheTestAboveReallyKills(t *testing.T) {
	for _, mode := range []string{"socket", "create"} {
		if out, _, err := inEmptyFolder(t, mode); err == nil || !strings.Contains(err.Error(), "bad system call") {
			t.Errorf("%s went through: %v %s", mode, err, out)
		}
	}
}

func TestLoadRefusesAProcessStartedWithTelemetry(t *testing.T) {
	for _, environment := range []string{"X=1", TelemetryVariable + "=0"} {
		out, files, err := inEmptyFolder(t, "load", environment)
		if err == nil || !strings.Contains(out, ErrTelemetry.Error()) || !strings.Contains(out, TelemetryVariable+"=1") {
			t.Errorf("%s: %v %q", environment, err, out)
		}
		if len(files) > 0 {
			t.Errorf("files appeared: %q", files)
		}
	}
}

func TestWithoutMemoryFilesTheLibraryIsOpenedFromAFileThatIsRemovedAgain(t *testing.T) {
	out, files, err := inEmptyFolder(t, "file", TelemetryVariable+"=1")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if len(files) > 0 {
		t.Errorf("left behind: %q", files)
	}
	if !strings.Contains(out, "removed again") || !strings.Contains(out, "memory file refused") {
		t.Errorf("the reason is not told: %q", out)
	}
}

func requireRuntime(t *testing.T) {
	t.Helper()
	if err := Load(); err != nil {
		t.Fatal(err)
	}
}

func TestConcurrentLoadsAgree(t *testing.T) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := Load(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if info, ok := Loaded(); !ok || info.Version != RuntimeVersion || info.Opened != "memory" {
		t.Errorf("loaded %+v %v", info, ok)
	}
}

func TestASessionAnswersAndKnowsThatItIsClosed(t *testing.T) {
	requireRuntime(t)
	if err := add(); err != nil {
		t.Fatal(err)
	}
	s, err := NewSession(addModel(), []string{"a", "b"}, []string{"c"}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	v := Tensor{Shape: []int64{2}, Float32: []float32{1, 2}}
	cancelled, cancel := context.WithCancel(t.Context())
	if _, err := s.Run(cancelled, v, v); err != nil {
		t.Errorf("with a context that can end: %v", err)
	}
	cancel()
	if _, err := s.Run(cancelled, v, v); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for name, in := range map[string][]Tensor{
		"one input missing": {v}, "no values": {v, {Shape: []int64{2}}}, "wrong shape": {v, {Shape: []int64{3}, Float32: make([]float32, 3)}},
		"wrong type": {v, {Shape: []int64{2}, Int64: []int64{1, 2}}}, "fewer values than the shape": {v, {Shape: []int64{2}, Float32: []float32{1}}},
	} {
		if _, err := s.Run(t.Context(), in...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Run(t.Context(), v, v); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestABrokenModelIsOneClearLine(t *testing.T) {
	requireRuntime(t)
	broken := filepath.Join(t.TempDir(), "broken.onnx")
	if err := os.WriteFile(broken, []byte("not a model"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, open := range []func() (*Session, error){
		func() (*Session, error) { return OpenSession(broken, []string{"a"}, []string{"c"}, Options{}) },
		func() (*Session, error) { return OpenSession(broken+"x", []string{"a"}, []string{"c"}, Options{}) },
		func() (*Session, error) { return NewSession(nil, []string{"a"}, []string{"c"}, Options{}) },
		func() (*Session, error) { return NewSession(addModel()[:20], []string{"a"}, []string{"c"}, Options{}) },
	} {
		if _, err := open(); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("got %v", err)
		}
	}
}
