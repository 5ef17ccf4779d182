package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	roles["kiosk"] = kioskRole
	roles["launched"] = launchedRole
	roles["orphan"] = orphanRole
}

// report is what the launched process and its worker found.
type report struct {
	Args   []string
	Group  int
	State  State
	Own    []Result
	Worker []Result
}

// kioskRole probes itself and a worker that it starts.
func kioskRole() error {
	var targets Targets
	if err := json.NewDecoder(os.Stdin).Decode(&targets); err != nil {
		return err
	}
	r := report{Args: os.Args, Group: unix.Getpgrp(), Own: RunProbes(context.Background(), targets)}
	var err error
	if r.State, err = Inspect(os.Getpid()); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(targets.Folders[0], "kept"), nil, 0o600); err != nil {
		return err
	}
	input, err := json.Marshal(targets)
	if err != nil {
		return err
	}
	// A worker can be started by a parent that nobody may look into.
	if err := Seal(); err != nil {
		return err
	}
	s := NewStarter()
	defer s.Close()
	cmd, err := Command(sealed("probe"), Refuse)
	if err != nil {
		return err
	}
	var out, failed bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &failed
	if err := s.Start(cmd); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the worker ended with %w: %s", err, failed.String())
	}
	if err := json.Unmarshal(out.Bytes(), &r.Worker); err != nil {
		return err
	}
	if err := tryDump(context.Background(), targets, ""); err == nil {
		return errors.New("it is dumpable after it started a worker")
	}
	return json.NewEncoder(os.Stdout).Encode(r)
}

// launchedRole says to file 3 that it is ready, and ends at SIGTERM.
func launchedRole() error {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	if _, err := os.NewFile(3, "ready").Write([]byte{1}); err != nil {
		return err
	}
	<-terminated
	fmt.Println("bye")
	return nil
}

// orphanRole starts a launched child that writes to file 3, and ends without a word to it.
func orphanRole() error {
	began, ready, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd, err := Launch(Policy{Role: "launched"}, Refuse, nil, ready)
	if err != nil {
		return err
	}
	cmd.Stdout = os.NewFile(3, "test")
	if err := NewStarter().Start(cmd); err != nil {
		return err
	}
	ready.Close()
	_, err = began.Read(make([]byte, 1))
	return err
}

func TestALaunchedParentHasNoNetworkButWorkers(t *testing.T) {
	need(t)
	targets := decoys(t)
	cmd, err := Launch(Policy{Role: "kiosk", Env: []string{"HOME=/"}}, Refuse, []string{"run", "--headless"})
	if err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(targets)
	if err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err := run(t, cmd, string(input))
	if err != nil {
		t.Fatal(err, stderr)
	}
	var r report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatal(err)
	}
	if want := []string{"run", "--headless"}; !slices.Equal(r.Args[1:], want) {
		t.Errorf("its arguments are %v, want %v", r.Args[1:], want)
	}
	if r.Group != unix.Getpgrp() {
		t.Error("it left the process group, and with it the terminal's signals")
	}
	outside, err := Inspect(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if shared := r.State.Shared(outside); !slices.Equal(shared, []string{"ipc", "mnt", "pid", "uts"}) {
		t.Errorf("it shares %v", shared)
	}
	if !r.State.NoNewPrivs || r.State.CoreLimit != "0" || r.State.Seccomp != 2 {
		t.Errorf("it is %+v", r.State)
	}
	expectClosed(t, r.Own, "tcp", "udp", "dns", "listen", "inet", "inet6", "raw", "packet", "netlink", "vsock", "families",
		"io_uring", "abstract", "environ", "mem", "root", "vm_read", "ptrace", "setns", "bpf", "perf", "userfaultfd", "keyctl", "tiocsti")
	expectOpen(t, r.Own, "unix", "socket", "read", "append", "fork", "program", "userns")
	for _, result := range r.Worker {
		if result.Open {
			t.Errorf("its worker's probe %s is open: %s", result.Key(), result.Detail)
		}
	}
}

func TestALaunchedParentIsToldOfTheLaunchersDeath(t *testing.T) {
	need(t)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	cmd, err := Command(Policy{Role: "orphan"}, Off, writer)
	if err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := run(t, cmd, ""); err != nil {
		t.Fatal(err, stderr)
	}
	writer.Close()
	// Only the grandchild holds the other end now. It says goodbye, and the end of the pipe is its end.
	var said bytes.Buffer
	if _, err := said.ReadFrom(reader); err != nil && !errors.Is(err, os.ErrClosed) {
		t.Fatal(err)
	}
	if !strings.HasSuffix(said.String(), "bye\n") {
		t.Errorf("it said %q", said.String())
	}
}
