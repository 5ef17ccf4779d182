package service

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// listen is systemd's end: what was told comes out of the channel.
func listen(t *testing.T, name string) <-chan string {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: name, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	t.Setenv("NOTIFY_SOCKET", name)
	told := make(chan string, 100)
	go func() {
		defer close(told)
		buffer := make([]byte, 1024)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			told <- string(buffer[:n])
		}
	}()
	return told
}

func TestSystemdIsToldOverAPathAndAnAbstractSocket(t *testing.T) {
	for _, name := range []string{filepath.Join(t.TempDir(), "notify"), "@tenin-test-" + strconv.Itoa(os.Getpid())} {
		told := listen(t, name)
		if err := errors.Join(Ready(), Extend(2*time.Second), Stopping()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"READY=1", "EXTEND_TIMEOUT_USEC=2000000", "STOPPING=1"} {
			if got := <-told; got != want {
				t.Errorf("told %q, want %q", got, want)
			}
		}
	}
}

func TestWithoutSystemdNothingIsTold(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", "")
	t.Setenv("WATCHDOG_USEC", "")
	if err := Ready(); err != nil {
		t.Error(err)
	}
	Watchdog(context.Background(), func(context.Context) bool { t.Error("asked"); return true })
}

func TestASocketThatIsGoneIsAnError(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "none"))
	if err := Ready(); err == nil {
		t.Error("nobody listened, and there was no error")
	}
}

func TestTheWatchdogHearsOfALivingKioskOnly(t *testing.T) {
	told := listen(t, filepath.Join(t.TempDir(), "notify"))
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", strconv.Itoa(os.Getpid()))
	ctx, cancel := context.WithCancel(context.Background())
	asked := 0
	Watchdog(ctx, func(context.Context) bool {
		asked++
		if asked == 4 {
			cancel()
		}
		return asked == 1
	})
	if got := <-told; got != "WATCHDOG=1" {
		t.Errorf("told %q", got)
	}
	if err := Stopping(); err != nil {
		t.Fatal(err)
	}
	if got := <-told; got != "STOPPING=1" {
		t.Errorf("a kiosk that was not alive told %q", got)
	}
}

func TestAnothersWatchdogIsNotOurs(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "20000")
	t.Setenv("WATCHDOG_PID", "1")
	if _, ok := WatchdogInterval(); ok {
		t.Error("the watchdog of process 1 was taken for ours")
	}
}

func TestACredentialIsReadWithoutItsLineFeed(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", dir)
	if err := os.WriteFile(filepath.Join(dir, PIN), []byte("12 34\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	if got, err := Credential(PIN); err != nil || string(got) != "12 34" {
		t.Errorf("%q, %v", got, err)
	}
	for _, name := range []string{"other", "", "../" + filepath.Base(dir) + "/" + PIN} {
		if _, err := Credential(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	if _, err := Credential(PIN); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestTheSystemsHomeIsForItsOwnerAndRoot(t *testing.T) {
	dir := t.TempDir()
	for uid, want := range map[int]string{0: dir, os.Geteuid(): dir, 4242: ""} {
		if got := defaultHome(dir, uid); got != want {
			t.Errorf("user %d: %q, want %q", uid, got, want)
		}
	}
	if got := defaultHome(filepath.Join(dir, "none"), 0); got != "" {
		t.Errorf("a folder that is not there: %q", got)
	}
}

func TestAServiceAndItsHomeCountAsInstalled(t *testing.T) {
	t.Setenv("INVOCATION_ID", "")
	t.Setenv("SYSTEMD_EXEC_PID", "")
	if !Installed(Home+"/") || Installed(t.TempDir()) {
		t.Error("the home does not decide")
	}
	t.Setenv("INVOCATION_ID", "0123")
	t.Setenv("SYSTEMD_EXEC_PID", "1")
	if Installed(t.TempDir()) {
		t.Error("a shell that a service started was taken for the service")
	}
	t.Setenv("SYSTEMD_EXEC_PID", strconv.Itoa(os.Getpid()))
	if !Installed(t.TempDir()) {
		t.Error("what systemd started was not taken for a service")
	}
}
