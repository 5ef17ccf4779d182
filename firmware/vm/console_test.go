package vm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// hold gives up on what hangs; no test measures time.
func hold(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// guest is the machine's side of a console, in the hands of the test.
func guest(t *testing.T) (*Console, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	return newConsole(near), far
}

func say(t *testing.T, far net.Conn, format string, args ...any) {
	t.Helper()
	if _, err := fmt.Fprintf(far, format, args...); err != nil {
		t.Error(err)
	}
}

func TestTheConsoleOfATestImageRunsScripts(t *testing.T) {
	for _, tool := range []string{"base64", "flock"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing", tool)
		}
	}
	// The script of the image, on a line to this test. It opens the line by name, as it opens a port.
	near, far, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	script, err := os.ReadFile("../image/overlay-test/usr/lib/tenin-test/console")
	if err != nil {
		t.Fatal(err)
	}
	// A socket cannot be opened anew by its name, a port can.
	text := strings.Replace(string(script), `exec 3<>"$port"`, `:`, 1)
	if text == string(script) {
		t.Fatal("the script opens its port in another way than this test knows")
	}
	cmd := exec.Command("sh", "-c", text, "console", "/dev/null", filepath.Join(t.TempDir(), "work"))
	cmd.ExtraFiles = []*os.File{far}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = far.Close()
	c := newConsole(near)
	t.Cleanup(func() {
		near.Close()
		_ = cmd.Wait()
	})

	ctx := hold(t)
	boot, err := c.Ready(ctx, "")
	if err != nil || len(boot) != 36 {
		t.Fatalf("Ready: %q, %v", boot, err)
	}
	if out, err := c.Output(ctx, "printf 'a\\nb\\n\\n'; echo error >&2"); err != nil || out != "a\nb\n\nerror" {
		t.Errorf("Output: %q, %v", out, err)
	}
	if r, err := c.Run(ctx, "echo no; exit 7"); err != nil || r.Code != 7 || r.Output != "no\n" {
		t.Errorf("Run: %+v, %v", r, err)
	}
	if r, err := c.Run(ctx, "true"); err != nil || r != (Result{}) {
		t.Errorf("a script that says nothing: %+v, %v", r, err)
	}
	if _, err := c.Output(ctx, "echo why; exit 3"); err == nil || !strings.Contains(err.Error(), "exit code 3: why") {
		t.Errorf("Output of a failure: %v", err)
	}
	if out, err := c.Output(ctx, "head -c 3000000 /dev/zero | tr '\\0' x"); err != nil || len(out) != 3000000 {
		t.Errorf("much output: %d bytes, %v", len(out), err)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			want := strings.Repeat(fmt.Sprint(i), 5000)
			if out, err := c.Output(ctx, "cat <<E\n"+want+"\nE"); err != nil || out != want {
				t.Errorf("side by side: %.20q, %v", out, err)
			}
		})
	}
	all.Wait()
}

func TestTheConsolePassesOverNoise(t *testing.T) {
	c, far := guest(t)
	go func() {
		say(t, far, "garbage\xff\x00 done 1 0\n\ndone 1\ndone x 0 \nready\nready a b\ndone 1 0 !!!! .\n\nready boot1\n")
		line := make([]byte, 64)
		n, _ := far.Read(line)
		if string(line[:n]) != "run 1 aGk=\n" {
			t.Errorf("request: %q", line[:n])
		}
		say(t, far, "half a li\ndone 9 0 .\n\ndone 1 2 eW8= .\n")
	}()
	if r, err := c.Run(hold(t), "hi"); err != nil || r != (Result{Code: 2, Output: "yo"}) {
		t.Errorf("Run: %+v, %v", r, err)
	}
}

func TestAScriptThatAResetCutsOffHasNoResult(t *testing.T) {
	c, far := guest(t)
	go func() {
		say(t, far, "\nready first\n")
		_, _ = far.Read(make([]byte, 64))
		say(t, far, "\ndone 1 0 ")
		say(t, far, "\nready second\n")
	}()
	ctx := hold(t)
	if _, err := c.Run(ctx, "reboot"); !errors.Is(err, ErrRestarted) {
		t.Errorf("Run: %v", err)
	}
	if boot, err := c.Ready(ctx, "first"); err != nil || boot != "second" {
		t.Errorf("Ready: %q, %v", boot, err)
	}
	far.Close()
	if _, err := c.Ready(ctx, "second"); !errors.Is(err, ErrGone) {
		t.Errorf("Ready of a machine that is off: %v", err)
	}
}

func FuzzConsoleMessage(f *testing.F) {
	f.Add("ready 3b1f\n")
	f.Add("done 1 0 aGk= .\n")
	f.Add("done 1 0 .\n")
	f.Fuzz(func(t *testing.T, line string) {
		m, ok := parseMessage(line)
		if !ok && m.boot != "" || ok && m.boot != "" && m.number != 0 {
			t.Errorf("%q: %+v", line, m)
		}
	})
}

func TestTheSerialLogLeavesOrdersToATerminalOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var raw, want strings.Builder
		for range rapid.IntRange(0, 20).Draw(t, "parts") {
			order := rapid.SampledFrom([]string{"", "\x1b[2J", "\x1b[01;01H", "\x1b[=3h", "\x1bM", "\r"}).Draw(t, "order")
			text := rapid.StringMatching(`[a-z \n]{0,5}`).Draw(t, "text")
			raw.WriteString(order + text)
			want.WriteString(text)
		}
		l := newLog()
		rest := raw.String()
		for rest != "" {
			n := rapid.IntRange(1, len(rest)).Draw(t, "read")
			l.add([]byte(rest[:n]), false)
			rest = rest[n:]
		}
		l.add(nil, true)
		if l.String() != want.String() {
			t.Fatalf("%q became %q, not %q", raw.String(), l.String(), want.String())
		}
	})
}
