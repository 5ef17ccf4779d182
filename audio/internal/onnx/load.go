//go:build engines

package onnx

import (
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	ort "github.com/yalue/onnxruntime_go"
	"golang.org/x/sys/unix"
)

//go:embed libonnxruntime.so
var library string

// telemetry is read while the program initialises: setting the variable later, from within, does not count.
var telemetry = os.Getenv(TelemetryVariable)

var state struct {
	once sync.Once
	err  error
	info atomic.Pointer[Info]
}

// Load opens the embedded library. It does so once: later calls, also concurrent ones, return the first result.
// It returns an error wrapping ErrTelemetry when the process was started without ORT_DISABLE_TELEMETRY=1.
func Load() error {
	state.once.Do(func() {
		info, err := load(fromMemory, fromFile)
		if err == nil {
			state.info.Store(&info)
		}
		state.err = err
	})
	return state.err
}

// Loaded says how the library was opened; ok is false before a successful Load.
func Loaded() (info Info, ok bool) {
	if p := state.info.Load(); p != nil {
		return *p, true
	}
	return Info{}, false
}

// An opener puts the library where dlopen finds it. release is called when dlopen has come back.
type opener func() (path, name string, release func(), err error)

func load(openers ...opener) (Info, error) {
	if telemetry != "1" {
		return Info{}, fmt.Errorf("%w: start the process with %s=1 in its environment", ErrTelemetry, TelemetryVariable)
	}
	var failed []error
	for _, open := range openers {
		path, name, release, err := open()
		if err == nil {
			ort.SetSharedLibraryPath(path)
			err = ort.InitializeEnvironment(ort.WithLogLevelFatal())
			release()
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		if v := ort.GetVersion(); v != RuntimeVersion {
			ort.DestroyEnvironment()
			return Info{}, fmt.Errorf("onnxruntime: the embedded library is version %s, want %s: build again with make build", v, RuntimeVersion)
		}
		if len(failed) > 0 {
			name = fmt.Sprintf("%s (%s)", name, oneLine(failed))
		}
		return Info{Version: RuntimeVersion, Opened: name}, nil
	}
	return Info{}, fmt.Errorf("onnxruntime: cannot open the embedded library: %s", oneLine(failed))
}

func oneLine(errs []error) string {
	s := ""
	for i, err := range errs {
		if i > 0 {
			s += "; "
		}
		s += err.Error()
	}
	return s
}

func fromMemory() (string, string, func(), error) {
	fd, err := unix.MemfdCreate("libonnxruntime.so", unix.MFD_CLOEXEC|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) {
		// Kernels before 6.3 do not know MFD_EXEC: there every memory file may be executed.
		fd, err = unix.MemfdCreate("libonnxruntime.so", unix.MFD_CLOEXEC)
	}
	if err != nil {
		return "", "", nil, fmt.Errorf("memory file refused (%w; see sysctl vm.memfd_noexec)", err)
	}
	f := os.NewFile(uintptr(fd), "libonnxruntime.so in memory")
	if _, err := f.WriteString(library); err != nil {
		f.Close()
		return "", "", nil, fmt.Errorf("write the library into memory: %w", err)
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), "memory", func() { f.Close() }, nil
}

// fromFile serves hosts whose kernel forbids executable memory files (vm.memfd_noexec=2).
func fromFile() (string, string, func(), error) {
	dir, err := os.MkdirTemp("", "tenin-onnxruntime-")
	if err != nil {
		return "", "", nil, fmt.Errorf("no folder for the library: %w", err)
	}
	path := filepath.Join(dir, "libonnxruntime.so")
	if err := os.WriteFile(path, []byte(library), 0o500); err != nil {
		os.RemoveAll(dir)
		return "", "", nil, fmt.Errorf("write the library: %w", err)
	}
	return path, "a file in " + dir + ", removed again", func() { os.RemoveAll(dir) }, nil
}
