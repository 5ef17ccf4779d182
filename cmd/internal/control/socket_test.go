package control

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// abandon leaves a socket that nobody listens at, as a kiosk that was killed does.
func abandon(t *testing.T, path string) {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
}

func TestTheSocketIsForItsOwnerAlone(t *testing.T) {
	// With a umask that takes nothing away the mode is what was asked for; the kernel takes the rest.
	defer syscall.Umask(syscall.Umask(0))
	home, _ := serve(t, &shop{}, nil)
	info, err := os.Lstat(Path(home))
	if err != nil || info.Mode() != fs.ModeSocket|0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestTheSocketOfADeadKioskIsReplacedAndThatOfALivingOneIsNot(t *testing.T) {
	home := t.TempDir()
	if err := Running(home); err != nil {
		t.Fatal(err)
	}
	abandon(t, Path(home))
	if err := Running(home); err != nil {
		t.Fatal(err)
	}
	l, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{Running(home), func() error { _, err := Listen(home); return err }()} {
		if !errors.Is(err, ErrRunning) || !strings.Contains(err.Error(), home) || !strings.Contains(err.Error(), "process") {
			t.Error(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if err := Running(home); err != nil {
		t.Error(err)
	}
}

func TestAKioskWhoseQueueIsFullLives(t *testing.T) {
	home := t.TempDir()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: Path(home)}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	raw(t, home)
	if _, err := Listen(home); !errors.Is(err, ErrRunning) {
		t.Error(err)
	}
	if _, err := Dial(t.Context(), home, nil); err == nil || errors.Is(err, ErrNotRunning) {
		t.Error(err)
	}
}

func TestWhatIsNoSocketIsNeitherFollowedNorRemoved(t *testing.T) {
	elsewhere := t.TempDir()
	abandon(t, Path(elsewhere))
	for name, put := range map[string]func(path string) error{
		"a link to a socket": func(path string) error { return os.Symlink(Path(elsewhere), path) },
		"a link to nothing":  func(path string) error { return os.Symlink("nowhere", path) },
		"a file":             func(path string) error { return os.WriteFile(path, []byte("words"), 0o600) },
		"a folder":           func(path string) error { return os.Mkdir(path, 0o700) },
		"a pipe with no end": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a link to a device": func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		home := t.TempDir()
		if err := put(Path(home)); err != nil {
			t.Fatal(err)
		}
		before, _ := os.Lstat(Path(home))
		_, listens := Listen(home)
		_, dials := Dial(t.Context(), home, nil)
		for _, err := range []error{listens, dials, Running(home)} {
			if !errors.Is(err, ErrNotOurs) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if after, err := os.Lstat(Path(home)); err != nil || !os.SameFile(before, after) {
			t.Errorf("%s: it was touched: %v", name, err)
		}
	}
}

func TestAListenerLeavesTheSocketOfItsSuccessor(t *testing.T) {
	home := t.TempDir()
	first, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(Path(home)); err != nil {
		t.Fatal(err)
	}
	second, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := Running(home); !errors.Is(err, ErrRunning) {
		t.Errorf("the successor's socket is gone: %v", err)
	}
}

func TestAPathThatIsTooLongForASocketWorksAllTheSame(t *testing.T) {
	home := filepath.Join(t.TempDir(), strings.Repeat("long", 60), strings.Repeat("longer", 40))
	if err := os.MkdirAll(home, 0o700); err != nil {
		t.Fatal(err)
	}
	abandoned, err := placeOf(home)
	if err != nil {
		t.Fatal(err)
	}
	abandon(t, abandoned.addr)
	abandoned.release()
	l, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	server := Serve(l, Options{Gate: &shop{}, Services: nil})
	defer server.Close()
	if err := Running(home); !errors.Is(err, ErrRunning) {
		t.Error(err)
	}
	c, err := Dial(t.Context(), home, nil)
	// Nobody serves Status here: that it says so shows that it was reached.
	if err == nil {
		c.Close()
	} else if !strings.Contains(err.Error(), "another version") {
		t.Error(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(Path(home)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was left behind: %v", err)
	}
}

func TestNoHomeIsNoKiosk(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, home := range []string{filepath.Join(t.TempDir(), "none"), file, filepath.Join(file, strings.Repeat("x", 200))} {
		if _, err := Dial(t.Context(), home, nil); !errors.Is(err, ErrNotRunning) {
			t.Errorf("%s: %v", home, err)
		}
		if _, err := Listen(home); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", home, err)
		}
	}
}

func TestSomethingElseThatAnswersThereIsNoKiosk(t *testing.T) {
	home := t.TempDir()
	l, err := net.Listen("unix", Path(home))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "220 mail ready\r\n")
			conn.Close()
		}
	}()
	if _, err := Dial(t.Context(), home, nil); !errors.Is(err, ErrNoAnswer) {
		t.Error(err)
	}
}

// The stranger is this test binary again, as another user.
const stranger = "TENIN_TEST_STRANGER"

func TestMain(m *testing.M) {
	if what, home, ok := strings.Cut(os.Getenv(stranger), ":"); ok {
		os.Exit(asStranger(what, home))
	}
	os.Exit(m.Run())
}

// asStranger returns 0 when the stranger was kept out as it should be.
func asStranger(what, home string) int {
	switch what {
	case "connect": // a socket whose mode lets everybody in: the kernel's word keeps the stranger out
		conn, err := net.Dial("unix", Path(home))
		if err != nil {
			return 2
		}
		_, _ = io.WriteString(conn, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
		if n, _ := io.Copy(io.Discard, conn); n != 0 {
			return 3
		}
	case "dial": // the mode alone
		_, err := net.Dial("unix", Path(home))
		if !errors.Is(err, fs.ErrPermission) {
			return 2
		}
	case "listen": // a home that is not the stranger's
		_, err := Listen(home)
		if !errors.Is(err, fs.ErrPermission) || strings.Contains(err.Error(), "\n") {
			return 2
		}
	}
	return 0
}

func asNobody(t *testing.T, what, home string) {
	t.Helper()
	binary, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	// The test binary lies where only root may look.
	folder, err := os.MkdirTemp("", "stranger")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "test")
	if err := errors.Join(os.Chmod(folder, 0o755), os.WriteFile(program, binary, 0o755)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program)
	cmd.Dir = "/"
	cmd.Env = []string{stranger + "=" + what + ":" + home}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", what, err, out)
	}
}

func TestAStrangerIsKeptOutByTheModeAndByTheKernelsWord(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("a process of another user cannot be started: that takes root")
	}
	home, _ := serve(t, &shop{}, nil)
	for _, folder := range []string{home, filepath.Dir(home)} {
		if err := os.Chmod(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	asNobody(t, "dial", home)
	if err := os.Chmod(Path(home), 0o666); err != nil {
		t.Fatal(err)
	}
	asNobody(t, "connect", home)
	if err := show(t, dial(t, home)); err != nil {
		t.Error(err)
	}
	empty := t.TempDir()
	if err := os.Chmod(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	asNobody(t, "listen", empty)
}

func TestAPINIsNotTypedIntoAStrangersSocket(t *testing.T) {
	home := t.TempDir()
	if !servesUs(Peer{UID: os.Geteuid()}, home) || !servesUs(Peer{UID: 0}, home) {
		t.Error("our own kiosk is not known")
	}
	if servesUs(Peer{UID: 4_000_000}, home) {
		t.Error("a stranger is taken for our kiosk")
	}
	if os.Geteuid() != 0 {
		t.Skip("that root trusts a home's owner cannot be seen: that takes root")
	}
	if err := os.Chown(home, 4_000_000, 4_000_000); err != nil {
		t.Fatal(err)
	}
	if !servesUs(Peer{UID: 4_000_000}, home) {
		t.Error("root does not know the home's owner")
	}
}
