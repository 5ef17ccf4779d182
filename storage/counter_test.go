package storage

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"tenin/storage/seal"
)

// memoryCounter counts as a TPM does, outside the disk.
type memoryCounter struct {
	values  map[string]uint64
	secrets map[string]string
	highest uint64
	// step stands where the power may fail.
	step func(do, half func() error) error
	gone error
	// increments wear a TPM's memory out.
	increments int
}

func newMemoryCounter() *memoryCounter {
	return &memoryCounter{values: map[string]uint64{}, secrets: map[string]string{}}
}

func (c *memoryCounter) Create(secret seal.Secret) ([]byte, uint64, error) {
	if c.gone != nil {
		return nil, 0, c.gone
	}
	for id, s := range c.secrets {
		if s == string(secret.Bytes()) {
			return []byte(id), c.values[id], nil
		}
	}
	id := fmt.Sprintf("number %d", len(c.secrets))
	c.highest++
	c.values[id], c.secrets[id] = c.highest, string(secret.Bytes())
	return []byte(id), c.highest, nil
}

func (c *memoryCounter) Read(id []byte, secret seal.Secret) (uint64, error) {
	if c.gone != nil {
		return 0, c.gone
	}
	value, ok := c.values[string(id)]
	if !ok || c.secrets[string(id)] != string(secret.Bytes()) {
		return 0, seal.ErrNoCounter
	}
	return value, nil
}

func (c *memoryCounter) Increment(id []byte, secret seal.Secret) (uint64, error) {
	if _, err := c.Read(id, secret); err != nil {
		return 0, err
	}
	do := func() error {
		c.values[string(id)]++
		c.increments++
		c.highest = max(c.highest, c.values[string(id)])
		return nil
	}
	if c.step != nil {
		if err := c.step(do, nothing); err != nil {
			return 0, err
		}
	} else if err := do(); err != nil {
		return 0, err
	}
	return c.values[string(id)], nil
}

func (c *memoryCounter) Delete(id []byte) error {
	delete(c.values, string(id))
	delete(c.secrets, string(id))
	return nil
}

func counted(c Counter) Options {
	o := anyRoom
	o.Counter = c
	return o
}

func openCounted(t fatal, home string, c Counter) *Vault {
	t.Helper()
	v, err := Open(home, testSealer(home), counted(c))
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return v
}

func TestBothFilesPutBackTogetherAreFound(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openCounted(t, home, c)
	ids := fill(t, v)
	closeVault(t, v)
	before := copyHome(t, home) // with all three sessions

	v = openCounted(t, home, c)
	must(t, v.Erase(ids[0]))
	during := copyHome(t, home)
	s := begin(t, v, FromText())
	must(t, s.Close())
	closeVault(t, v)
	after := copyHome(t, home)

	for name, old := range map[string]string{"before an erasure": before, "while it ran": during} {
		_, err := Open(old, testSealer(home), counted(c))
		if !errors.Is(err, ErrRolledBack) || errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "--accept-older") {
			t.Fatalf("%s: %v", name, err)
		}
	}
	v = openCounted(t, after, c)
	must(t, v.Verify())
	closeVault(t, v)

	// Somebody restores a backup on purpose.
	o := counted(c)
	o.AcceptOlder = true
	v, err := Open(before, testSealer(home), o)
	must(t, err)
	must(t, v.Verify())
	closeVault(t, v)
	v = openCounted(t, before, c)
	closeVault(t, v)
	if _, err := Open(after, testSealer(home), counted(c)); !errors.Is(err, ErrRolledBack) {
		t.Fatalf("two states of one vault are taken: %v", err)
	}
}

func TestReadingAVaultDoesNotWearTheCounterOut(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openCounted(t, home, c)
	fill(t, v)
	closeVault(t, v)
	n := c.increments
	for range 3 {
		v := openCounted(t, home, c)
		must(t, v.Verify())
		closeVault(t, v)
	}
	if c.increments != n {
		t.Fatalf("%d increments for reading", c.increments-n)
	}
	v = openCounted(t, home, c)
	for range 10 {
		must(t, begin(t, v, FromText()).Close())
	}
	closeVault(t, v)
	if c.increments != n+1 {
		t.Fatalf("%d increments for ten sessions and one end", c.increments-n)
	}
}

func TestPowerMayFailAtEveryStepOfACountedVault(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for steps := 0; ; steps++ {
			home, c := newHome(t), newMemoryCounter()
			d := &mortalDisk{steps: steps, after: after, fault: errPower}
			c.step = d.step
			l := newLedger()
			v, err := open(home, testSealer(home), counted(c), d)
			old := ""
			if err == nil {
				if err = life(v, l); err == nil {
					// The first two sessions were erased: what is copied now was acknowledged.
					old = copyHome(t, home)
					if err = v.Rotate(); err == nil {
						err = v.Close()
					} else {
						old = ""
					}
				}
				if err != nil {
					v.db.Close()
					v.lock.Close()
				}
			}
			where := fmt.Sprintf("step %d, done %v", steps, after)
			if err == nil && d.steps >= 0 {
				if steps < 40 {
					t.Fatalf("%s: the whole life took too few steps to be true", where)
				}
				break
			}
			c.step = nil
			// The power comes back: no false alarm, and nothing that was acknowledged is lost.
			v, err = Open(home, testSealer(home), counted(c))
			if err != nil {
				t.Fatalf("%s: %v", where, err)
			}
			must(t, v.Verify())
			list, err := v.Sessions()
			must(t, err)
			for _, s := range list {
				if l.asked[s.ID] {
					t.Fatalf("%s: session %s came back", where, s.ID)
				}
			}
			closeVault(t, v)
			if old == "" {
				continue
			}
			if _, err := Open(old, testSealer(home), counted(c)); !errors.Is(err, ErrRolledBack) {
				t.Fatalf("%s: an earlier copy is taken: %v", where, err)
			}
		}
	}
}

func TestAnErasureWhoseCountFailsIsDoneAndSaysWhatItIsWorth(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openCounted(t, home, c)
	ids := fill(t, v)
	lost := fmt.Errorf("bus: %w", seal.ErrNoTPM)
	c.step = func(_, _ func() error) error { return lost }
	err := v.Erase(ids[0])
	if !errors.Is(err, seal.ErrNoTPM) || !strings.Contains(err.Error(), "erased, but the counter did not move") {
		t.Fatal(err)
	}
	if _, err := v.Load(ids[0]); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	// Sessions go on; the next erasure waits for the counter, and changes nothing.
	must(t, begin(t, v, FromText()).Close())
	if err := v.Erase(ids[1]); !errors.Is(err, seal.ErrNoTPM) {
		t.Fatal(err)
	}
	if _, err := v.Load(ids[1]); err != nil {
		t.Fatal(err)
	}
	c.step = nil
	must(t, v.Erase(ids[1]))
	closeVault(t, v)
	v = openCounted(t, home, c)
	must(t, v.Verify())
	closeVault(t, v)
}

func TestACountedVaultDoesNotOpenWithoutItsCounter(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	closeVault(t, openCounted(t, home, c))
	if _, err := Open(home, testSealer(home), anyRoom); !errors.Is(err, seal.ErrNoCounter) {
		t.Fatal(err)
	}
	c.gone = seal.ErrNoTPM
	if _, err := Open(home, testSealer(home), counted(c)); !errors.Is(err, seal.ErrNoTPM) {
		t.Fatal(err)
	}
	other := newMemoryCounter()
	if _, err := Open(home, testSealer(home), counted(other)); !errors.Is(err, seal.ErrNoCounter) {
		t.Fatal(err)
	}
	o := counted(other)
	o.AcceptOlder = true
	v, err := Open(home, testSealer(home), o)
	must(t, err)
	if !v.Keys().Counted {
		t.Fatal("it took no new counter up")
	}
	closeVault(t, v)
	closeVault(t, openCounted(t, home, other))
}

func TestAVaultWithoutACounterTakesOneUpLater(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openVault(t, home)
	fill(t, v)
	closeVault(t, v)
	old := copyHome(t, home)
	v = openCounted(t, home, c)
	must(t, v.Verify())
	closeVault(t, v)
	// A copy from before knows no counter; it is taken as such and shows that.
	v = openVault(t, old)
	if v.Keys().Counted {
		t.Fatal("it says that it is counted")
	}
	closeVault(t, v)
}

// oldKeyring is what tenin wrote as version 1, 2 or 3, of a keyring that is not counted.
func oldKeyring(t fatal, k *keyring, version byte) []byte {
	t.Helper()
	body := plainBody(t, k)
	// Version 1 has neither the root key's age nor a counter's id, and neither has a recovery key.
	keep := map[byte]int{1: keyBodyFixed, 2: keyBodyFixed + 9, 3: keyBodyFixed + 10}[version]
	body = append(body[:keep:keep], body[keyBodyFixed+10:]...)
	out := append([]byte(keyringMagic), version, 0, 0, 0)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out))
	out = binary.LittleEndian.AppendUint16(out, uint16(len(k.sealed)))
	out = append(out, k.sealed...)
	if version == 3 {
		out = append(out, 0, 0) // no recovery key
	}
	out = binary.LittleEndian.AppendUint32(out, uint32(len(body)+gcmOverhead))
	aead, err := newAEAD(k.root)
	must(t, err)
	out = aead.Seal(out, nil, body, append([]byte(nil), out...))
	sum := sha256.Sum256(out)
	return append(out, sum[:]...)
}

func TestAKeyringOfAnOlderFormatIsReadAndWrittenAnew(t *testing.T) {
	for version := byte(1); version < SchemaVersion; version++ {
		oldKeyringIsRead(t, version)
	}
}

func oldKeyringIsRead(t *testing.T, version byte) {
	t.Helper()
	home := newHome(t)
	v, err := Open(home, plainSealer{}, anyRoom)
	must(t, err)
	fill(t, v)
	must(t, v.Close())
	file, err := os.ReadFile(filepath.Join(home, keyringName))
	must(t, err)
	k, err := openKeyring(file, plainSealer{})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(home, keyringName), oldKeyring(t, k, version), 0o600))
	v, err = Open(home, plainSealer{}, anyRoom)
	must(t, err)
	must(t, v.Verify())
	if s := v.Keys(); s.RootMade.IsZero() != (version == 1) || s.Counted || s.Recovery || s.Sessions != 3 {
		t.Fatalf("%+v", s)
	}
	must(t, v.Rotate())
	if v.Keys().RootMade.IsZero() {
		t.Fatal("the new root key has no age")
	}
	must(t, v.Close())
	if file, err = os.ReadFile(filepath.Join(home, keyringName)); err != nil || file[8] != SchemaVersion {
		t.Fatalf("%d, %v", file[8], err)
	}
}

func TestAFullDiskDoesNotKeepACountedVaultFromOpening(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openCounted(t, home, c)
	s := begin(t, v, FromText())
	must(t, s.Append(testTurn("x")))
	must(t, v.db.Close())
	must(t, v.lock.Close()) // the process is gone
	v, err := open(home, testSealer(home), counted(c), &mortalDisk{steps: 2, fault: syscall.ENOSPC})
	if err != nil {
		t.Fatal(err)
	}
	v.disk = realDisk{}
	must(t, v.Verify())
	closeVault(t, v)
	closeVault(t, openCounted(t, home, c))
}
