package storage

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	bolt "go.etcd.io/bbolt"
)

var errPower = errors.New("the power failed")

// mortalDisk works for a number of steps. At the next one the power fails: the
// step is done wholly, half or not at all, and none is done after it.
type mortalDisk struct {
	realDisk
	steps int
	after bool // the last step is done before the power fails
	fault error
}

func (d *mortalDisk) step(do, half func() error) error {
	if d.steps > 0 {
		d.steps--
		return do()
	}
	if d.steps == 0 {
		d.steps = -1
		if d.after {
			_ = do()
		} else {
			_ = half()
		}
	}
	return d.fault
}

func nothing() error { return nil }

func (d *mortalDisk) WriteTemp(path string, b []byte) error {
	return d.step(func() error { return d.realDisk.WriteTemp(path, b) }, func() error { return os.WriteFile(path, b[:len(b)/2], 0o600) })
}

func (d *mortalDisk) Rename(from, to string) error {
	return d.step(func() error { return d.realDisk.Rename(from, to) }, nothing)
}

func (d *mortalDisk) Wipe(f *os.File) error {
	return d.step(func() error { return d.realDisk.Wipe(f) }, func() error { _, err := f.WriteAt(make([]byte, 40), 0); return err })
}

func (d *mortalDisk) Remove(path string) error {
	return d.step(func() error { return d.realDisk.Remove(path) }, nothing)
}

func (d *mortalDisk) Update(db *bolt.DB, fn func(*bolt.Tx) error) error {
	return d.step(func() error { return d.realDisk.Update(db, fn) }, func() error {
		return db.Update(func(tx *bolt.Tx) error { _ = fn(tx); return d.fault })
	})
}

// ledger is what a vault has acknowledged.
type ledger struct {
	turns  map[ID][]string
	ended  map[ID]bool // erased, or being erased when the power failed
	asked  map[ID]bool // erased and acknowledged
	outbox map[string]bool
	acking string
	// The one thing that was under way: it may be there or not.
	pendingTurn map[ID]string
	pendingOut  string
}

// life does one of everything on the vault until an error stops it.
func life(v *Vault, l *ledger) error {
	var kept []ID
	for i := range 3 {
		s, err := v.Begin(SessionMeta{Started: testTime, Source: FromFile()})
		if err != nil {
			return err
		}
		l.turns[s.ID()] = nil
		kept = append(kept, s.ID())
		clip, err := s.NewClip()
		if err != nil {
			return err
		}
		if err := clip.Write(testSound(SampleRate+10, int16(i))); err != nil {
			return err
		}
		for j := range 2 {
			words := fmt.Sprintf("turn %d %d", i, j)
			l.pendingTurn[s.ID()] = words
			if err := s.Append(testTurn(words)); err != nil {
				return err
			}
			delete(l.pendingTurn, s.ID())
			l.turns[s.ID()] = append(l.turns[s.ID()], words)
		}
		id := [16]byte{byte(i + 1)}
		l.pendingOut = string(id[:])
		if err := v.Outbox().Put(id, []byte("out")); err != nil {
			return err
		}
		l.pendingOut = ""
		l.outbox[string(id[:])] = true
		if i == 1 {
			l.acking = string(id[:])
			delete(l.outbox, l.acking)
			if err := v.Outbox().Ack(id); err != nil {
				return err
			}
		}
		if i != 2 {
			if err := s.Close(); err != nil {
				return err
			}
		}
	}
	for _, id := range []ID{kept[0], kept[2]} {
		l.ended[id] = true
		if err := v.Erase(id); err != nil {
			return err
		}
		l.asked[id] = true
	}
	return nil
}

func newLedger() *ledger {
	return &ledger{turns: map[ID][]string{}, ended: map[ID]bool{}, asked: map[ID]bool{}, outbox: map[string]bool{}, pendingTurn: map[ID]string{}}
}

// verify compares what a vault holds after a crash with what it acknowledged.
func (l *ledger) verify(t *testing.T, home, where string) {
	t.Helper()
	v := openVault(t, home)
	defer closeVault(t, v)
	if err := v.Verify(); err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	list, err := v.Sessions()
	must(t, err)
	found := map[ID]bool{}
	for _, s := range list {
		found[s.ID] = true
		words, known := l.turns[s.ID]
		saved, err := v.Load(s.ID)
		must(t, err)
		var got []string
		for _, turn := range saved.Turns {
			got = append(got, turn.Transcript)
		}
		// A session whose Begin was not acknowledged may be there, empty.
		if !known && len(got) > 0 || l.asked[s.ID] {
			t.Fatalf("%s: session %s should not be there", where, s.ID)
		}
		pending, ok := l.pendingTurn[s.ID]
		if !slices.Equal(got, words) && !(ok && slices.Equal(got, append(slices.Clone(words), pending))) {
			t.Fatalf("%s: session %s has %q, acknowledged were %q", where, s.ID, got, words)
		}
	}
	for id := range l.turns {
		if !found[id] && !l.ended[id] {
			t.Fatalf("%s: session %s is lost", where, id)
		}
	}
	pending, err := v.Outbox().Pending(-1)
	must(t, err)
	left := map[string]bool{}
	for _, m := range pending {
		key := string(m.ID[:])
		left[key] = true
		if !l.outbox[key] && key != l.pendingOut && key != l.acking {
			t.Fatalf("%s: message %x should not be there", where, m.ID)
		}
	}
	for key := range l.outbox {
		if !left[key] {
			t.Fatalf("%s: message %x is lost", where, key)
		}
	}
}

func TestPowerMayFailAtEveryStep(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for _, fault := range []error{errPower, syscall.ENOSPC} {
			for steps := 0; ; steps++ {
				home := newHome(t)
				d := &mortalDisk{steps: steps, after: after, fault: fault}
				l := newLedger()
				v, err := open(home, testSealer(home), anyRoom, d)
				if err == nil {
					err = life(v, l)
					if err == nil {
						err = v.Close()
					} else {
						// The process is gone; only its lock has to be let go of.
						v.db.Close()
						v.lock.Close()
					}
				}
				where := fmt.Sprintf("step %d, done %v, %v", steps, after, fault)
				if err == nil && d.steps >= 0 {
					if steps < 30 {
						t.Fatalf("%s: the whole life took too few steps to be true", where)
					}
					break
				}
				if err != nil && errors.Is(fault, syscall.ENOSPC) && !errors.Is(err, ErrNoSpace) {
					t.Fatalf("%s: a full disk is not called so: %v", where, err)
				}
				l.verify(t, home, where)
			}
		}
	}
}

// fickleDisk is full at one step and has room again after it.
type fickleDisk struct {
	mortalDisk
}

func (d *fickleDisk) once(err error) error {
	if d.steps < 0 {
		d.steps = 1 << 30
	}
	return err
}

func (d *fickleDisk) WriteTemp(path string, b []byte) error {
	return d.once(d.step(func() error { return d.realDisk.WriteTemp(path, b) }, nothing))
}

func (d *fickleDisk) Update(db *bolt.DB, fn func(*bolt.Tx) error) error {
	return d.once(d.mortalDisk.Update(db, fn))
}

func (d *fickleDisk) Rename(from, to string) error { return d.realDisk.Rename(from, to) }
func (d *fickleDisk) Remove(path string) error     { return nil }
func (d *fickleDisk) Wipe(f *os.File) error        { return d.realDisk.Wipe(f) }

func TestAfterAFullDiskTheSameVaultGoesOn(t *testing.T) {
	t.Parallel()
	for steps := range 12 {
		home := newHome(t)
		v := openVault(t, home)
		d := &fickleDisk{mortalDisk{steps: steps, fault: syscall.ENOSPC}}
		v.disk = d
		var kept []ID
		full := 0
		try := func(err error) bool {
			t.Helper()
			if err != nil && !errors.Is(err, ErrNoSpace) {
				t.Fatalf("step %d: %v", steps, err)
			}
			if err != nil {
				full++
			}
			return err == nil
		}
		turns := map[ID]int{}
		for range 3 {
			s, err := v.Begin(SessionMeta{Started: testTime, Source: FromFile()})
			if !try(err) {
				continue
			}
			kept = append(kept, s.ID())
			for range 2 {
				if try(s.Append(testTurn("x"))) {
					turns[s.ID()]++
				}
			}
			try(s.Close())
		}
		if len(kept) > 1 && try(v.Erase(kept[0])) {
			kept = kept[1:]
		} else if len(kept) > 1 {
			// Its key may be destroyed already: both are right, half is not.
			if _, err := v.Load(kept[0]); errors.Is(err, ErrNotFound) {
				kept = kept[1:]
			}
		}
		if full > 1 {
			t.Fatalf("step %d: one full disk was felt %d times", steps, full)
		}
		closeVault(t, v)
		v = openVault(t, home)
		must(t, v.Verify())
		list, err := v.Sessions()
		must(t, err)
		if len(list) != len(kept) {
			t.Fatalf("step %d: %d sessions, want %d", steps, len(list), len(kept))
		}
		for _, l := range list {
			if l.Turns != turns[l.ID] {
				t.Fatalf("step %d: %d turns, want %d", steps, l.Turns, turns[l.ID])
			}
		}
		closeVault(t, v)
	}
}

const childHome = "TENIN_TEST_CRASH_HOME"

// TestMain lets the test binary be the process that is killed.
func TestMain(m *testing.M) {
	if home := os.Getenv(childHome); home != "" {
		crashChild(home)
	}
	os.Exit(m.Run())
}

// crashChild works for ever and says on its output what was acknowledged.
func crashChild(home string) {
	v, err := Open(home, testSealer(home), anyRoom)
	if err != nil {
		fmt.Println("failed", err)
		os.Exit(1)
	}
	for n := 0; ; n++ {
		s, err := v.Begin(SessionMeta{Started: testTime, Source: FromFile()})
		if err != nil {
			os.Exit(1)
		}
		fmt.Println("begun", s.ID())
		for i := range 4 {
			if s.Append(testTurn(fmt.Sprint(i))) != nil {
				os.Exit(1)
			}
			fmt.Println("turn", s.ID())
		}
		if n%2 == 1 {
			fmt.Println("erasing", s.ID())
			if v.Erase(s.ID()) != nil {
				os.Exit(1)
			}
			fmt.Println("erased", s.ID())
		}
	}
}

func TestAProcessMayBeKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	turns, erasing, erased := map[string]int{}, map[string]bool{}, map[string]bool{}
	for round := range 8 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childHome+"="+home)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); n++ {
			what, id, _ := strings.Cut(lines.Text(), " ")
			switch what {
			case "begun":
				turns[id] = 0
			case "turn":
				turns[id]++
			case "erasing":
				erasing[id] = true
			case "erased":
				erased[id] = true
			default:
				t.Fatal(lines.Text())
			}
			if n == 3+round*5 {
				must(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait()
		v := openVault(t, home)
		must(t, v.Verify())
		list, err := v.Sessions()
		must(t, err)
		found := map[string]bool{}
		for _, l := range list {
			id := l.ID.String()
			found[id] = true
			if n, ok := turns[id]; erased[id] || l.Turns < n || ok && l.Turns > n+1 {
				t.Fatalf("round %d: session %s: %d turns, acknowledged %d, erased %v", round, id, l.Turns, n, erased[id])
			}
			turns[id] = l.Turns
		}
		for id := range turns {
			if !found[id] && !erasing[id] {
				t.Fatalf("round %d: session %s is lost", round, id)
			}
			if !found[id] {
				delete(turns, id)
			}
		}
		closeVault(t, v)
	}
}

func TestAFullDiskStillErases(t *testing.T) {
	home := newHome(t)
	v, err := Open(home, testSealer(home), Options{Reserve: 1 << 62})
	must(t, err)
	defer closeVault(t, v)
	if _, err := v.Begin(SessionMeta{Started: testTime, Source: FromText()}); !errors.Is(err, ErrNoSpace) {
		t.Fatal(err)
	}
	v.options.Reserve = -1
	s := begin(t, v, FromText())
	v.options.Reserve = 1 << 62
	if err := s.Append(testTurn("x")); !errors.Is(err, ErrNoSpace) {
		t.Fatal(err)
	}
	must(t, v.Erase(s.ID()))
}

func TestAVaultDoesNotOutgrowItsLimit(t *testing.T) {
	home := newHome(t)
	v, err := Open(home, testSealer(home), Options{Reserve: -1, MaxSize: 256 << 10})
	must(t, err)
	defer closeVault(t, v)
	s := begin(t, v, FromFile())
	c, err := s.NewClip()
	must(t, err)
	for range 20 {
		if err = c.Write(testSound(SampleRate, 1)); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrNoSpace) {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(home, dbName))
	must(t, err)
	if info.Size() > 256<<10 {
		t.Fatalf("%d bytes", info.Size())
	}
	must(t, v.Verify())
	must(t, v.Erase(s.ID()))
	must(t, v.Verify())
}

func TestAHomeThatCannotBeWrittenIsCalledSo(t *testing.T) {
	for _, err := range []error{syscall.EROFS, syscall.EACCES, &os.PathError{Op: "open", Path: "x", Err: syscall.EROFS}} {
		home := newHome(t)
		if _, got := open(home, testSealer(home), anyRoom, &mortalDisk{fault: err}); !errors.Is(got, ErrReadOnly) {
			t.Fatal(got)
		}
	}
}
