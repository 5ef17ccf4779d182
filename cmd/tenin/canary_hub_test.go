package main

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// wiretap stands between the uplink and the hub with the hub's own key: it sees all that is sent, before and after it was
// encrypted on its way, and the uplink sees the hub that it trusts.
type wiretap struct {
	listener net.Listener
	sent     *os.File // what the uplink sent
	hub      string

	mu    sync.Mutex
	bytes int64
	links int
}

// openWiretap listens for uplinks of the hub in dir, which listens at address.
func openWiretap(t *testing.T, dir, address, sent string) *wiretap {
	t.Helper()
	var chain []byte
	for _, name := range []string{"hub.pem", "ca.pem"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		chain = append(chain, b...)
	}
	key, err := os.ReadFile(filepath.Join(dir, "hub.key"))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	w := &wiretap{hub: address}
	if w.sent, err = os.Create(sent); err != nil {
		t.Fatal(err)
	}
	w.listener, err = tls.Listen("tcp", "127.0.0.1:0", &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}})
	if err != nil {
		t.Fatal(err)
	}
	var links sync.WaitGroup
	links.Go(func() {
		for {
			conn, err := w.listener.Accept()
			if err != nil {
				return
			}
			links.Go(func() { w.link(conn) })
		}
	})
	t.Cleanup(func() {
		w.listener.Close()
		links.Wait()
		w.sent.Close()
	})
	return w
}

// link carries one connection to its end.
func (w *wiretap) link(conn net.Conn) {
	defer conn.Close()
	hub, err := tls.Dial("tcp", w.hub, &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer hub.Close()
	w.mu.Lock()
	w.links++
	w.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(conn, hub)
		conn.Close()
	}()
	_, _ = io.Copy(io.MultiWriter(hub, w), conn)
	hub.Close()
	<-done
}

// Write keeps what was sent.
func (w *wiretap) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += int64(len(b))
	return w.sent.Write(b)
}

func (w *wiretap) seen() (links int, bytes int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.links, w.bytes
}

// startHub runs `tenin hub serve` on dir and returns where it listens.
func (g *ground) startHub(dir string) string {
	g.t.Helper()
	p := g.start("hub", "hub", "serve", "--dir", dir, "--listen", "127.0.0.1:0")
	g.t.Cleanup(p.stop)
	listens := regexp.MustCompile(`the hub listens at (\S+)`)
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		said, err := os.ReadFile(p.errors)
		if err != nil {
			g.t.Fatal(err)
		}
		if m := listens.FindSubmatch(said); m != nil {
			return string(m[1])
		}
		if time.Now().After(deadline) {
			g.t.Fatalf("the hub does not listen: %s", said)
		}
	}
}

// joinHub lets the kiosk join the hub of dir through the wiretap.
func (g *ground) joinHub(dir string, w *wiretap) {
	g.t.Helper()
	var code codeJSON
	if err := json.Unmarshal([]byte(g.run("", "hub", "enrol", "canary-1", "--dir", dir, "--json")), &code); err != nil {
		g.t.Fatal(err)
	}
	g.run(code.Code, "hub", "join", "-", "--hub", w.listener.Addr().String())
}

// summaries returns the ids of what the hub of dir has, in its order.
func (g *ground) summaries(dir string) (ids []string) {
	g.t.Helper()
	for line := range strings.Lines(g.run("", "hub", "summaries", "--dir", dir, "--json", "--quiet")) {
		var r struct {
			Summary struct{ ID string }
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Summary.ID == "" {
			g.t.Fatalf("%q: %v", line, err)
		}
		ids = append(ids, r.Summary.ID)
	}
	return ids
}
