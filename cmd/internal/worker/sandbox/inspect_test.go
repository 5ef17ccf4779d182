package sandbox

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func init() {
	// waiting seals itself, says so, and waits for the end of standard input.
	roles["waiting"] = func() error {
		if err := Seal(); err != nil {
			return err
		}
		if _, err := os.Stdout.WriteString("ready\n"); err != nil {
			return err
		}
		os.Stdin.Read(make([]byte, 1))
		return nil
	}
}

// waiting starts a child that is ready and stays until the test ends.
func waiting(t *testing.T, s *Starter, cmd *exec.Cmd) {
	t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := s.Start(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
}

func TestInspectSeesTheLayersOfASealedChild(t *testing.T) {
	need(t)
	cmd, err := Command(Policy{Role: "waiting", AddressSpace: 8 << 30, OpenFiles: 100, CPUSeconds: 1000, Nice: 3}, Refuse)
	if err != nil {
		t.Fatal(err)
	}
	waiting(t, starter(t), cmd)
	inside, err := Inspect(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	outside, err := Inspect(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	shared := inside.Shared(outside)
	if want := []string{"user"}; os.Geteuid() == 0 && !slices.Equal(shared, want) || os.Geteuid() != 0 && len(shared) > 0 {
		t.Errorf("the child shares the namespaces %v", shared)
	}
	if !inside.NoNewPrivs || inside.Seccomp != 2 || inside.Filters != outside.Filters+1 || inside.Capabilities != 0 ||
		inside.CoreLimit != "0" || inside.AddressSpace != "8589934592" {
		t.Errorf("the child is %+v", inside)
	}
	if os.Geteuid() != 0 && !inside.OwnedByRoot {
		t.Error("the child can be dumped")
	}
	nice, err := unix.Getpriority(unix.PRIO_PROCESS, cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	own, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The raw call answers 20 minus the nice value, and 19 is the end.
	if want := max(own-3, 1); nice != want {
		t.Errorf("the child's priority is %d, want %d", nice, want)
	}
	var limit unix.Rlimit
	if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_NOFILE, nil, &limit); os.Geteuid() == 0 && (err != nil || limit.Cur != 100) {
		t.Errorf("the child may open %d files, %v", limit.Cur, err)
	}
	// The supervisor watches the child's memory through this file.
	if _, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", cmd.Process.Pid)); err != nil {
		t.Errorf("the child's memory cannot be watched: %v", err)
	}
}

func TestInspectOfAProcessThatIsGoneSaysSo(t *testing.T) {
	if _, err := Inspect(1 << 30); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
