package storage

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"tenin/storage/seal"
)

var testTime = time.Date(2026, 11, 22, 10, 30, 0, 123456789, time.UTC)

// fatal is what tests and rapid's tests have in common.
type fatal interface {
	Helper()
	Fatalf(string, ...any)
}

// testSealer returns the sealer of a home: a real key file beside it.
func testSealer(home string) seal.Sealer { return seal.NewKeyFile(home + ".key") }

// anyRoom opens vaults whatever is left on the test machine's disk. It waits for
// the lock: a process that another test starts holds all files between its fork
// and its exec.
var anyRoom = Options{Reserve: -1, LockWait: 10 * time.Second}

// newHome returns where a home may be made, in memory if there is such a place:
// these tests sync thousands of times and none cuts the power of a real disk.
func newHome(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "tenin")
	if err != nil {
		return filepath.Join(t.TempDir(), "home")
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "home")
}

func openVault(t fatal, home string) *Vault {
	t.Helper()
	v, err := Open(home, testSealer(home), anyRoom)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return v
}

func closeVault(t fatal, v *Vault) {
	t.Helper()
	if err := v.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func must(t fatal, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v", err)
	}
}

func begin(t fatal, v *Vault, source Source) *Session {
	t.Helper()
	s, err := v.Begin(SessionMeta{Started: testTime, Source: source, Language: "ja"})
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	return s
}

func testTurn(words string) Turn {
	return Turn{At: testTime, Transcript: words, Language: "ja", Answer: "十時から八時までです。", Kind: "approved",
		Sources: []string{"hours"}, Score: 0.93, Timings: Timings{ASR: 310 * time.Millisecond, Total: 700 * time.Millisecond}}
}

func testSound(n int, seed int16) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(i)*7 + seed
	}
	return s
}

// fill puts a little of everything into the vault and closes it.
func fill(t fatal, v *Vault) (ids []ID) {
	t.Helper()
	for i := range 3 {
		s := begin(t, v, FromFile())
		ids = append(ids, s.ID())
		if i == 1 {
			c, err := s.NewClip()
			must(t, err)
			must(t, c.Write(testSound(SampleRate+500, 3)))
			must(t, c.Close())
		}
		must(t, s.Append(testTurn("営業時間は？")))
		must(t, s.Append(testTurn("ありがとう")))
		must(t, s.Close())
	}
	must(t, v.Outbox().Put([16]byte{1}, []byte("summary one")))
	must(t, v.Outbox().Put([16]byte{2}, []byte("summary two")))
	return ids
}

func copyHome(t testing.TB, from string) string {
	t.Helper()
	to := newHome(t)
	copyInto(t, from, to)
	key, err := os.ReadFile(from + ".key")
	must(t, err)
	must(t, os.WriteFile(to+".key", key, 0o600))
	return to
}

func copyInto(t fatal, from, to string) {
	t.Helper()
	must(t, os.MkdirAll(to, 0o700))
	for _, name := range []string{dbName, keyringName} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		must(t, err)
		must(t, os.WriteFile(filepath.Join(to, name), b, 0o600))
	}
}

func sameTurns(a, b []Turn) bool {
	return slices.EqualFunc(a, b, func(x, y Turn) bool {
		same := x.At.Equal(y.At) && slices.Equal(x.Sources, y.Sources)
		return same && x.Transcript == y.Transcript && x.Language == y.Language && x.Answer == y.Answer && x.Detail == y.Detail &&
			x.Kind == y.Kind && x.Score == y.Score && x.Clip == y.Clip && x.Timings == y.Timings
	})
}
