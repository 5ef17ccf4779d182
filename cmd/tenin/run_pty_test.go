//go:build engines

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenin/llm/models"
)

// openTerminal returns both ends of a pseudo-terminal of 80 columns: the one that a person sits at, and the program's.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		t.Fatal(err)
	}
	return person, program
}

// terminal is a tenin with a person in front of it.
type terminal struct {
	t      *testing.T
	person *os.File
	screen *transcript
	exit   chan error
	pid    int
}

// startTerminal runs tenin at a terminal, with env beside this process's own.
func startTerminal(t *testing.T, env []string, args ...string) *terminal {
	t.Helper()
	return startTerminalWith(t, env, func(*exec.Cmd) {}, args...)
}

// startTerminalWith is startTerminal; change may send an output elsewhere.
func startTerminalWith(t *testing.T, env []string, change func(*exec.Cmd), args ...string) *terminal {
	t.Helper()
	person, program := openTerminal(t)
	path, err := exec.LookPath("tenin")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	change(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	s := &terminal{t: t, person: person, screen: &transcript{}, exit: make(chan error, 1), pid: cmd.Process.Pid}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		buffer := make([]byte, 4096)
		for {
			// The last end that closes makes this an error.
			n, err := person.Read(buffer)
			s.screen.Write(buffer[:n])
			if err != nil {
				return
			}
		}
	}()
	ended := make(chan struct{})
	go func() {
		err := cmd.Wait()
		<-shown
		s.exit <- err
		close(ended)
	}()
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	return s
}

// Keys of a terminal.
const (
	enter = "\r"
	ctrlC = "\x03"
	ctrlD = "\x04"
)

func (s *terminal) press(keys string) {
	s.t.Helper()
	if _, err := s.person.WriteString(keys); err != nil {
		s.t.Fatal(err)
	}
}

func (s *terminal) waitFor(text string) string {
	s.t.Helper()
	return s.screen.waitFor(s.t, text)
}

// welcome goes up to the open microphone and returns how long that took from the last key on.
func (s *terminal) welcome(consent string) time.Duration {
	s.t.Helper()
	s.waitFor("leave\r\n")
	s.press(enter)
	s.waitFor("いいえ no")
	begin := time.Now()
	s.press(consent + enter)
	s.waitFor("speak now")
	return time.Since(begin)
}

// wantExit waits for the program's end, which is a clean one.
func (s *terminal) wantExit() {
	s.t.Helper()
	select {
	case err := <-s.exit:
		if err != nil {
			s.t.Errorf("it ends with %v", err)
		}
		s.exit <- err
	case <-time.After(patience):
		s.t.Fatalf("it does not end: %q", s.screen)
	}
	for _, trace := range []string{"goroutine ", "panic", "SIG", "tenin: "} {
		if strings.Contains(s.screen.String(), trace) {
			s.t.Errorf("the screen shows %q: %q", trace, s.screen)
		}
	}
}

// tenin runs a command to its end and returns its standard output.
func tenin(t *testing.T, env []string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("tenin")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("tenin %s: %v: %s", strings.Join(args, " "), err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

// weights are found although the test's user has another home.
func weights() string { return "TENIN_MODELS=" + models.DefaultDir() }
