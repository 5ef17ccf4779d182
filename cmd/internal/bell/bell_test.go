package bell

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"tenin/cmd/internal/config"
)

const hold = time.Minute

var names = Names{Kiosk: 3, Topics: []string{"返品", "駐車場"}}

func TestAMessageIsSixBytesAndComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := Message{Kind(rapid.IntRange(1, 3).Draw(t, "kind")), rapid.Uint16().Draw(t, "kiosk"), rapid.Uint8().Draw(t, "topic")}
		b := m.encode()
		if got, err := decode(b); err != nil || got != m || len(b) != frameSize {
			t.Fatalf("%+v, and back %+v, %v", m, got, err)
		}
	})
}

// FuzzFrame: whatever comes through the pipe is a message of its six bytes, or ends the reading.
func FuzzFrame(f *testing.F) {
	f.Add(Message{Called, 3, 1}.encode())
	f.Add([]byte("駐車場"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode(b)
		if err != nil {
			return
		}
		if !bytes.Equal(m.encode(), b) || m.Kind.String() == "" {
			t.Errorf("%x is read as %+v", b, m)
		}
		if text := line(m, names); strings.Count(text, "\n") != 1 || len(text) > 80 {
			t.Errorf("%q", text)
		}
	})
}

// pull has a kiosk ring, and returns when the far side has read everything.
func pull(t *testing.T, o Options, calls func(*Rope)) error {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rope := NewRope(w, names)
	calls(rope)
	rope.Close()
	o.pause = time.Millisecond
	if o.Names.Kiosk == 0 {
		o.Names = names
	}
	ended := make(chan error, 1)
	go func() { ended <- Ring(context.Background(), r, o) }()
	select {
	case err := <-ended:
		return err
	case <-time.After(hold):
		t.Fatal("the bell does not end with its pipe")
		return nil
	}
}

func address(t *testing.T, send string) config.CallAddress {
	t.Helper()
	a, err := config.Call{Send: send}.Address()
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// What a kiosk was told beside, no message may hold.
const words = "わたしの傘を返してください"

func ringThrice(r *Rope) {
	r.Pull(Called, "返品")
	r.Pull(Late, words)
	r.Pull(Kind(9), "返品")
	r.Pull(Handled, "")
}

const wantLines = "kiosk 3, topic 返品, called\nkiosk 3, late\nkiosk 3, handled\n"

func TestAPacketSaysWhichKioskAndTopicAndNoMore(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := pull(t, Options{Address: address(t, "udp://"+conn.LocalAddr().String())}, ringThrice); err != nil {
		t.Fatal(err)
	}
	got, b := "", make([]byte, 1000)
	for range 3 {
		_ = conn.SetReadDeadline(time.Now().Add(hold))
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		got += string(b[:n])
	}
	if got != wantLines {
		t.Errorf("%q", got)
	}
}

func TestAConnectionBringsALine(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 1)
	go func() {
		text := ""
		for range 3 {
			conn, err := l.Accept()
			if err != nil {
				break
			}
			b, _ := io.ReadAll(conn)
			text += string(b)
			conn.Close()
		}
		got <- text
	}()
	if err := pull(t, Options{Address: address(t, "tcp://"+l.Addr().String())}, ringThrice); err != nil {
		t.Fatal(err)
	}
	if text := <-got; text != wantLines {
		t.Errorf("%q", text)
	}
}

func TestAPostIsJSONFollowsNobodyAndIsTriedAgain(t *testing.T) {
	var mu sync.Mutex
	var bodies []string
	elsewhere := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /bell", func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, string(b))
		switch len(bodies) {
		case 1:
			http.Error(w, "later", http.StatusServiceUnavailable)
		case 2:
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		elsewhere++
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	t.Setenv("http_proxy", "http://127.0.0.1:1")
	if err := pull(t, Options{Address: address(t, server.URL+"/bell")}, func(r *Rope) { r.Pull(Called, "返品") }); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	const want = `{"kiosk":3,"topic":"返品","kind":"called"}`
	if len(bodies) != 3 || bodies[0] != want || bodies[2] != want || elsewhere != 0 {
		t.Errorf("%q, elsewhere %d times", bodies, elsewhere)
	}
}

func TestAnAddressThatIsNotThereIsGivenUpAndLoggedWithoutATopic(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	var log bytes.Buffer
	o := Options{Address: address(t, "tcp://"+l.Addr().String()), Log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := pull(t, o, func(r *Rope) { r.Pull(Called, "返品") }); err != nil {
		t.Error(err)
	}
	if text := log.String(); !strings.Contains(text, "call.send") || strings.Contains(text, "返品") {
		t.Error(text)
	}
}

// The far side trusts nobody: it reads its own settings.
func TestWhatTheSettingsDoNotKnowIsNotSentAndWhatIsNoMessageEndsThePipe(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	to := address(t, "udp://"+conn.LocalAddr().String())
	quiet := slog.New(slog.DiscardHandler)
	for _, n := range []Names{{Kiosk: 4, Topics: names.Topics}, {Kiosk: 3}} {
		if err := pull(t, Options{Names: n, Address: to, Log: quiet}, func(r *Rope) { r.Pull(Called, "駐車場") }); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{words, "TB\x00\x00\x00\x03", "TB\x01\x00\x00"} {
		if err := Ring(t.Context(), strings.NewReader(text), Options{Names: names, Address: to, Log: quiet}); err == nil {
			t.Errorf("%q was read", text)
		}
	}
	// A flood is cut off.
	flood := bytes.Repeat(Message{Called, 3, 0}.encode(), 10*burst)
	if err := Ring(t.Context(), bytes.NewReader(flood), Options{Names: names, Address: to, Log: quiet}); err != nil {
		t.Error(err)
	}
	got, b := 0, make([]byte, 1000)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, _, err := conn.ReadFrom(b)
		if err != nil {
			break
		}
		if string(b[:n]) != "kiosk 3, called\n" {
			t.Errorf("%q", b[:n])
		}
		got++
	}
	if got < burst || got > burst+3 {
		t.Errorf("%d packets of a flood", got)
	}
}

func TestWhereTheKernelCanTheBellReachesNoOtherPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	at := func(l net.Listener) config.CallAddress {
		return config.CallAddress{Scheme: "tcp", Peer: netip.MustParseAddrPort(l.Addr().String())}
	}
	type result struct{ wall, own, other error }
	done := make(chan result)
	go func() {
		runtime.LockOSThread()
		r := result{wall: wall(at(l))}
		try := func(to net.Listener) error {
			conn, err := dial(at(to))
			if err == nil {
				conn.Close()
			}
			return err
		}
		r.own, r.other = try(l), try(other)
		done <- r
	}()
	r := <-done
	if r.wall != nil {
		t.Skip("no wall can be had here:", r.wall)
	}
	if r.own != nil || !errors.Is(r.other, syscall.EACCES) {
		t.Errorf("its own port: %v, another: %v", r.own, r.other)
	}
	// Nobody else is behind the wall.
	conn, err := net.Dial("tcp", other.Addr().String())
	if err != nil {
		t.Fatal("another thread was walled in:", err)
	}
	conn.Close()
}

func TestASerialLampGetsALineInASCII(t *testing.T) {
	master, name := openPTY(t)
	lamp := serial{name}
	read := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(master).ReadString('\n')
		read <- text
	}()
	if err := lamp.send(Message{Called, 3, 1}, names); err != nil {
		t.Fatal(err)
	}
	if text := <-read; text != "kiosk 3 called\r\n" {
		t.Errorf("%q", text)
	}
	if err := (serial{"/dev/null"}).send(Message{Called, 3, 1}, names); err == nil {
		t.Error("a device that is no serial port was written to")
	}
}

func TestTheStructuresOfTheKernelHaveItsSizes(t *testing.T) {
	// The sizes are a part of the numbers of the calls: bits 16 to 29.
	if n := unsafe.Sizeof(gpioLineRequest{}); n != gpioGetLine>>16&0x3fff {
		t.Errorf("a request has %d bytes", n)
	}
	if n := unsafe.Sizeof(gpioLineValues{}); n != gpioSetValues>>16&0x3fff {
		t.Errorf("values have %d bytes", n)
	}
	if err := (&lamp{chip: "/dev/null", line: 17}).send(Message{Called, 3, 0}, names); err == nil {
		t.Error("a device that is no GPIO chip was lit")
	}
}
