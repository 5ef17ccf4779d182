package hub

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"tenin/storage/uplink"
)

func TestABundleIsOnTheShelfWholeOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	s, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, data := someBundle(2, 300_000)
	other, _ := someBundle(3, 300_000)
	broken := errors.New("the stick was pulled out")
	for what, r := range map[string]io.Reader{
		"cut":     bytes.NewReader(data[:299_999]),
		"longer":  bytes.NewReader(append(data[:len(data):len(data)], 0)),
		"another": bytes.NewReader(bytes.Repeat([]byte{1}, len(data))),
		"nothing": strings.NewReader(""),
		"broken":  io.MultiReader(bytes.NewReader(data[:1000]), iotest.ErrReader(broken)),
	} {
		if err := s.put(b, r, 0); err == nil {
			t.Errorf("%s: it was taken", what)
		}
	}
	if len(s.all()) != 0 {
		t.Errorf("%v", s.all())
	}
	if err := s.put(b, bytes.NewReader(data), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.put(b, bytes.NewReader(data), 0); !errors.Is(err, ErrBundle) {
		t.Errorf("published twice: %v", err)
	}
	bad := other
	bad.Name = "1\n2"
	if err := s.put(bad, bytes.NewReader(data), 0); !errors.Is(err, ErrBundle) {
		t.Errorf("a name with a line end: %v", err)
	}
	if err := s.put(other, bytes.NewReader(data), 1<<60); !errors.Is(err, ErrBundle) {
		t.Errorf("no room: %v", err)
	}
	// What a kill leaves at any point is swept away.
	for name, content := range map[string][]byte{".part-123": data, "9.bundle": data, ".9.json-1": []byte("{}")} {
		if err := os.WriteFile(filepath.Join(s.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.close()
	if s, err = openShelf(dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) != 2 || len(s.all()) != 1 || !bytes.Equal(s.all()[0].SHA256, b.SHA256) {
		t.Errorf("%v, %v, %v", entries, s.all(), err)
	}
	if err := s.remove(2); err != nil {
		t.Error(err)
	}
	if err := s.remove(2); !errors.Is(err, ErrNoBundle) {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(s.dir); len(entries) != 0 {
		t.Errorf("%v", entries)
	}
}

func TestDevicesReadWhileAPublicationHangs(t *testing.T) {
	s, err := openShelf(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	first, data := someBundle(2, 1000)
	if err := s.put(first, bytes.NewReader(data), 0); err != nil {
		t.Fatal(err)
	}
	second, more := someBundle(3, 1000)
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.put(second, r, 0) }()
	if _, err := w.Write(more[:10]); err != nil { // it has begun
		t.Fatal(err)
	}
	if b, err := s.chunk(nil, uplink.Read{Version: 2, Length: 1000}); err != nil || !bytes.Equal(b, data) {
		t.Errorf("%d bytes, %v", len(b), err)
	}
	if _, err := s.get(3); !errors.Is(err, ErrNoBundle) {
		t.Errorf("half a bundle is there: %v", err)
	}
	if _, err := w.Write(more[10:]); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	if err := <-done; err != nil || len(s.all()) != 2 {
		t.Errorf("%v, %v", s.all(), err)
	}
}

func TestAShelfThatIsFullTakesNothingMore(t *testing.T) {
	s, err := openShelf(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for v := range int64(maxBundles + 1) {
		b, data := someBundle(v+1, 10)
		if err := s.put(b, bytes.NewReader(data), 0); (err != nil) != (v == maxBundles) {
			t.Errorf("%d: %v", v+1, err)
		}
	}
}

func TestADamagedShelfIsNotGuessedAt(t *testing.T) {
	dir := t.TempDir()
	s, err := openShelf(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, data := someBundle(2, 1000)
	if err := s.put(b, bytes.NewReader(data), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(s.dir, "2.bundle"), 999); err != nil {
		t.Fatal(err)
	}
	if _, err := openShelf(dir); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func FuzzAFleetsFileIsRefusedOrUsable(f *testing.F) {
	f.Add([]byte(`{"version":1,"secret":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","rollout":{"Version":2,"Stages":[500,10000],"Pause":0,"MaxFailures":0,"Share":90,"Silence":1,"Phase":"running","Stage":0,"Limit":1,"Started":"2026-11-02T09:00:00Z","Opened":"2026-11-02T09:00:00Z","Why":""},"trials":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := decodeFleet(b)
		if err != nil {
			return
		}
		p := newPark(3)
		p.rollout = file.Rollout
		p.ask("U001", running(1))
		p.pass(100 * DefaultSilence)
	})
}
