package uplink

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// proxy answers a CONNECT with text, and then repeats what it is told. asked gets the address that was asked for.
func proxy(t *testing.T, text string) (address string, asked chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	asked = make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		in := bufio.NewReader(conn)
		r, err := http.ReadRequest(in)
		if err != nil || r.Method != http.MethodConnect {
			asked <- "no CONNECT"
			return
		}
		asked <- r.Host
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(conn, in)
	}()
	return l.Addr().String(), asked
}

func TestTheHubIsReachedThroughTheProxyThatIsNamed(t *testing.T) {
	address, asked := proxy(t, "HTTP/1.1 200 Connection established\r\nX: y\r\n\r\nhub first")
	t.Setenv(ProxyVariable, "http://"+address)
	conn, err := dialTCP(context.Background(), "hub.example.jp:4222")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if got := <-asked; got != "hub.example.jp:4222" {
		t.Errorf("the proxy was asked for %q", got)
	}
	if _, err := io.WriteString(conn, ", then me"); err != nil {
		t.Fatal(err)
	}
	both := make([]byte, len("hub first, then me"))
	if _, err := io.ReadFull(conn, both); err != nil || string(both) != "hub first, then me" {
		t.Errorf("through it came %q, %v", both, err)
	}
}

func TestAProxyThatRefusesIsNamedAndTheHubIsNotTriedWithoutIt(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 403 Forbidden\r\n\r\n":                                "status 403",
		"220 mail.example ready\r\n":                                    "not understood",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", maxTunnelAnswer): "not understood",
	} {
		address, _ := proxy(t, answer)
		t.Setenv(ProxyVariable, "http://"+address)
		_, err := dialTCP(context.Background(), "127.0.0.1:1")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), address) {
			t.Errorf("%.20q: %v", answer, err)
		}
	}
}

func TestAProxyWithAPasswordIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, text := range []string{"http://u:secret@h:1", "socks5://h:1", "http://h", "h:1", "http://h:1/x", "::"} {
		t.Setenv(ProxyVariable, text)
		if _, err := Proxy(); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
