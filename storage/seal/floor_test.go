package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fakeNumber is a counter in memory that may stop before or after it moved.
type fakeNumber struct {
	made   map[string]uint64
	next   uint64
	fails  int // steps until one fails; below 0 none does
	after  bool
	failed bool
}

var errStopped = errors.New("stopped")

func (n *fakeNumber) step(do func()) error {
	n.fails--
	stop := n.fails == -1
	if !stop || n.after {
		do()
	}
	if stop {
		n.failed = true
		return errStopped
	}
	return nil
}

func (n *fakeNumber) Create(s Secret) (id []byte, value uint64, err error) {
	key := string(s.Bytes())
	err = n.step(func() {
		if n.made[key] == 0 {
			n.next++
			n.made[key] = n.next
		}
	})
	return bytes.Repeat([]byte{7}, CounterIDSize), n.made[key], err
}

func (n *fakeNumber) Read(_ []byte, s Secret) (uint64, error) {
	v, ok := n.made[string(s.Bytes())]
	if !ok {
		return 0, ErrNoCounter
	}
	return v, nil
}

func (n *fakeNumber) Increment(_ []byte, s Secret) (uint64, error) {
	err := n.step(func() { n.made[string(s.Bytes())]++; n.next = max(n.next, n.made[string(s.Bytes())]) })
	return n.made[string(s.Bytes())], err
}

func (n *fakeNumber) Delete([]byte) error { clear(n.made); return nil }

func TestAFloorGoesUpAndDownAndAnEarlierRecordIsFoundOut(t *testing.T) {
	e := newEmulator(t)
	path := filepath.Join(t.TempDir(), "floor")
	f := NewFloor(path, e.path)
	if v, err := f.Value(); v != 0 || err != nil {
		t.Fatalf("%d, %v", v, err)
	}
	var earlier [][]byte
	for _, want := range []int64{3, 4, 1_700_000_000, 2, 9} {
		if err := f.Set(want); err != nil {
			t.Fatal(err)
		}
		if v, err := NewFloor(path, e.path).Value(); v != want || err != nil {
			t.Fatalf("%d, %v; want %d", v, err, want)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		earlier = append(earlier, b)
	}
	e.restart()
	if v, err := f.Value(); v != 9 || err != nil {
		t.Fatalf("after a start: %d, %v", v, err)
	}
	for _, old := range earlier[:len(earlier)-1] {
		if err := os.WriteFile(path, old, 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := f.Value(); !errors.Is(err, ErrFloorOld) {
			t.Errorf("an earlier record was taken: %d, %v", v, err)
		}
		if err := f.Set(1); !errors.Is(err, ErrFloorOld) {
			t.Errorf("an earlier record was built on: %v", err)
		}
	}
	if n := e.transients(); n != 0 {
		t.Errorf("%d objects were left in the TPM", n)
	}
}

func TestAFloorWhoseNumberIsGoneSaysSoUntilItIsRenewed(t *testing.T) {
	e := newEmulator(t)
	f := NewFloor(filepath.Join(t.TempDir(), "floor"), e.path)
	if err := f.Set(5); err != nil {
		t.Fatal(err)
	}
	e.clear()
	if v, err := f.Value(); !errors.Is(err, ErrNoCounter) {
		t.Fatalf("%d, %v", v, err)
	}
	if err := f.Renew(); err != nil {
		t.Fatal(err)
	}
	if v, err := f.Value(); v != 5 || err != nil {
		t.Fatalf("%d, %v", v, err)
	}
	for range 2 {
		if err := f.Destroy(); err != nil {
			t.Error(err)
		}
	}
	if v, err := f.Value(); v != 0 || err != nil {
		t.Fatalf("%d, %v", v, err)
	}
	if err := f.Set(2); err != nil {
		t.Fatal(err)
	}
	e.stop()
	if _, err := f.Value(); !errors.Is(err, ErrNoTPM) {
		t.Error(err)
	}
}

func TestAnInterruptedFloorIsTheOldOneOrTheNewOne(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp("", "floor")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(dir)
		n := &fakeNumber{made: map[string]uint64{}, next: 40, fails: -1}
		f := &Floor{filepath.Join(dir, "floor"), n}
		is := int64(0)
		for range rapid.IntRange(1, 8).Draw(rt, "sets") {
			want := rapid.Int64Range(0, 5).Draw(rt, "version")
			n.fails, n.after, n.failed = rapid.IntRange(-1, 2).Draw(rt, "fails"), rapid.Bool().Draw(rt, "after"), false
			err := f.Set(want)
			if (err != nil) != n.failed {
				rt.Fatal(err)
			}
			n.fails = -1
			v, verr := f.Value()
			switch {
			case verr != nil:
				rt.Fatal(verr)
			case err == nil && v != want, v != want && v != is:
				rt.Fatalf("floor %d after %d was set over %d (%v)", v, want, is, err)
			}
			is = v
		}
	})
}

func TestADamagedFloorIsNoFloorOfNought(t *testing.T) {
	n := &fakeNumber{made: map[string]uint64{}, next: 1, fails: -1}
	path := filepath.Join(t.TempDir(), "floor")
	f := &Floor{path, n}
	if err := f.Set(3); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		for _, b := range [][]byte{bad, good[:i]} {
			if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if v, err := f.Value(); err == nil {
				t.Fatalf("byte %d: floor %d", i, v)
			}
		}
	}
}

func FuzzAFloorsRecord(f *testing.F) {
	r := floorRecord{secret: Random(32), count: 3, floor: 9, id: bytes.Repeat([]byte{1}, CounterIDSize)}
	f.Add(r.encode())
	f.Add([]byte(floorMagic))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseFloor(b)
		if err == nil && !bytes.Equal(r.encode(), b) {
			t.Error("it was read and is written otherwise")
		}
	})
}

// sharedNumber is a number that several processes read and move, with time between the two.
type sharedNumber struct {
	mu sync.Mutex
	fakeNumber
}

func (n *sharedNumber) Create(s Secret) ([]byte, uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fakeNumber.Create(s)
}

func (n *sharedNumber) Read(id []byte, s Secret) (uint64, error) {
	defer time.Sleep(200 * time.Microsecond)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fakeNumber.Read(id, s)
}

func (n *sharedNumber) Increment(id []byte, s Secret) (uint64, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.fakeNumber.Increment(id, s)
}

// TestWhoLooksAtAFloorThatIsBeingSetMovesNothing: a look finishes what was interrupted, and what another process is just doing
// looks the same.
func TestWhoLooksAtAFloorThatIsBeingSetMovesNothing(t *testing.T) {
	number := &sharedNumber{fakeNumber: fakeNumber{made: map[string]uint64{}, fails: -1}}
	path := filepath.Join(t.TempDir(), "floor")
	done := make(chan struct{})
	var lookers sync.WaitGroup
	for range 4 {
		lookers.Go(func() {
			f := &Floor{path: path, counter: number}
			for {
				select {
				case <-done:
					return
				default:
				}
				if _, err := f.Value(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	f := &Floor{path: path, counter: number}
	for v := int64(1); v <= 100 && !t.Failed(); v++ {
		if err := f.Set(v); err != nil {
			t.Error(err)
		}
	}
	close(done)
	lookers.Wait()
	if v, err := f.Value(); v != 100 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}
