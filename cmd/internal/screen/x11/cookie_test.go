package x11

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestACookieIsReadAsItWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "authority")
	want := []byte("0123456789abcdef")
	if err := WriteCookie(path, want); err != nil {
		t.Fatal(err)
	}
	for _, number := range []string{"", "0", "77"} {
		if got, err := Cookie(path, number); err != nil || !bytes.Equal(got, want) {
			t.Errorf("display %q: %q, %v", number, got, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := WriteCookie(path, []byte("short")); err == nil {
		t.Error("a short cookie was written")
	}
	if got, err := Cookie("", "0"); got != nil || err != nil {
		t.Errorf("no file: %q, %v", got, err)
	}
}

// entry is one of a file of cookies.
func entry(family byte, number, cookie string) string {
	field := func(s string) string { return string([]byte{0, byte(len(s))}) + s }
	return string([]byte{family, 0}) + field("shop") + field(number) + field(method) + field(cookie)
}

func TestTheCookieOfTheRightDisplayIsFound(t *testing.T) {
	const local = 1 // 256
	file := entry(local, "1", "aaaaaaaaaaaaaaaa") + entry(2, "0", "bbbbbbbbbbbbbbbb") + entry(local, "0", "cccccccccccccccc")
	if got, err := parseCookie([]byte(file), "0"); err != nil || string(got) != "cccccccccccccccc" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := parseCookie([]byte(file), "5"); err != nil || got != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := parseCookie([]byte(file[:len(file)-1]), "5"); err == nil {
		t.Error("half a file was read")
	}
}

func FuzzCookie(f *testing.F) {
	f.Add([]byte(entry(1, "0", "cccccccccccccccc")), "0")
	f.Fuzz(func(t *testing.T, b []byte, number string) {
		if cookie, err := parseCookie(b, number); err == nil && cookie != nil && len(cookie) != CookieSize {
			t.Errorf("a cookie of %d bytes", len(cookie))
		}
	})
}

// What a server says at the beginning may be anything.
func FuzzSetUp(f *testing.F) {
	f.Add(make([]byte, 100))
	f.Fuzz(func(t *testing.T, b []byte) { _ = new(Conn).setUp(b) })
}
