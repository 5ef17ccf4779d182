// Package audiotest gives tests a sound server of their own, where a machine has no sound card: PulseAudio with null
// sinks. What is played on a sink is heard at its monitor, so a sink stands for a loudspeaker, or for a room with a
// microphone in it.
package audiotest

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience is no expectation: it only turns a hang into a failure.
const patience = 20 * time.Second

// Server is a running sound server.
type Server struct {
	dir   string
	sinks []string
	cmd   *exec.Cmd
	ended chan struct{}
}

// Start runs a server whose sinks have these names. It ends with the test. The test fails where PulseAudio is missing.
func Start(t testing.TB, sinks ...string) *Server {
	t.Helper()
	for _, program := range []string{"pulseaudio", "pactl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is missing: apt install pulseaudio pulseaudio-utils libasound2-plugins", program)
		}
	}
	// A socket's path is at most 107 bytes long, which a test's own folder can exceed.
	dir, err := os.MkdirTemp("", "tenin-pulse-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &Server{dir: dir, sinks: sinks}
	t.Cleanup(s.Kill)
	s.Restart(t)
	return s
}

func (s *Server) socket() string { return filepath.Join(s.dir, "s") }

// Env is what a process needs to find the server: it plays on sink and hears source. Either may be empty for the
// server's own defaults.
func (s *Server) Env(sink, source string) []string {
	env := []string{"PULSE_SERVER=unix:" + s.socket(), "PULSE_RUNTIME_PATH=" + s.dir}
	if sink != "" {
		env = append(env, "PULSE_SINK="+sink)
	}
	if source != "" {
		env = append(env, "PULSE_SOURCE="+source)
	}
	return env
}

// Kill ends the server at once, as a crash would.
func (s *Server) Kill() {
	s.cmd.Process.Kill()
	<-s.ended
}

// Restart starts the server again after Kill, at the same address.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	os.Remove(s.socket())
	args := []string{"-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=no", "--realtime=no",
		"--high-priority=no", "-L", "module-native-protocol-unix auth-anonymous=1 socket=" + s.socket()}
	for _, sink := range s.sinks {
		// Without norewinds a null sink works in blocks of two seconds.
		args = append(args, "-L", "module-null-sink sink_name="+sink+" rate=48000 channels=1 norewinds=1")
	}
	cmd := exec.Command("pulseaudio", args...)
	cmd.Env = append(append(os.Environ(), s.Env("", "")...), "HOME="+s.dir)
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, ended := make(chan error), make(chan struct{})
	go func() {
		// A server must not outlive a test that is killed; the kernel watches the thread that started it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	s.cmd, s.ended = cmd, ended
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("unix", s.socket()); err == nil {
			c.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("pulseaudio ended: %s", log.String())
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("pulseaudio does not answer")
		}
	}
}

// Play plays a WAV file on a sink and returns when it is over.
func (s *Server) Play(path, sink string) error {
	cmd := exec.Command("paplay", "--device="+sink, path)
	cmd.Env = append(os.Environ(), s.Env("", "")...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("paplay: %w: %s", err, out)
	}
	return nil
}

// Record writes what a sink plays from now on, as it comes: 16-bit little-endian mono at rate. stop ends it.
func (s *Server) Record(t testing.TB, sink, rate string, to io.Writer) (stop func()) {
	t.Helper()
	cmd := exec.Command("parec", "--device="+sink+".monitor", "--format=s16le", "--channels=1", "--rate="+rate, "--latency-msec=10")
	cmd.Env = append(os.Environ(), s.Env("", "")...)
	cmd.Stdout = to
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread() // the kernel watches the thread that started it
	if err := cmd.Start(); err != nil {
		runtime.UnlockOSThread()
		t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cmd.Process.Kill()
			cmd.Wait()
			runtime.UnlockOSThread()
		}
	}
	t.Cleanup(stop)
	return stop
}
