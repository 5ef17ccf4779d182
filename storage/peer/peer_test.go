package peer

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestTheOtherEndOfASocketIsNamedByTheKernel(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	for name, conn := range map[string]net.Conn{"near": near, "far": far} {
		if p, err := Of(conn); err != nil || p.UID != os.Geteuid() || p.PID != os.Getpid() {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	near.Close()
	if _, err := Of(near); err == nil {
		t.Error("a closed connection has a peer")
	}
}

func TestOtherConnectionsHaveNoPeer(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if _, err := Of(a); !errors.Is(err, ErrNotUnix) {
		t.Error(err)
	}
	if _, err := OfFD(-1); err == nil {
		t.Error("no descriptor has a peer")
	}
}
