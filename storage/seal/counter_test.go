package seal

import (
	"bytes"
	"errors"
	"testing"
)

func TestACounterOnlyGrowsAndOutlivesARestart(t *testing.T) {
	e := newEmulator(t)
	c, secret := NewCounter(e.path), Random(32)
	id, first, err := c.Create(secret)
	if err != nil || first < 1 || len(id) != CounterIDSize {
		t.Fatalf("%x, %d, %v", id, first, err)
	}
	for n := first + 1; n < first+4; n++ {
		if got, err := c.Increment(id, secret); err != nil || got != n {
			t.Fatalf("%d, %v, want %d", got, err, n)
		}
	}
	e.restart()
	if got, err := NewCounter(e.path).Read(id, secret); err != nil || got != first+3 {
		t.Fatalf("%d, %v", got, err)
	}
	if n := e.transients(); n != 0 {
		t.Fatalf("%d objects and sessions were left", n)
	}
}

func TestACounterMovesOnlyWithItsSecret(t *testing.T) {
	e := newEmulator(t)
	c, secret := NewCounter(e.path), Random(32)
	id, first, err := c.Create(secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Increment(id, Random(32)); !errors.Is(err, ErrNoCounter) {
		t.Fatal(err)
	}
	if _, err := c.Read(id, Random(32)); !errors.Is(err, ErrNoCounter) {
		t.Fatal(err)
	}
	if _, err := c.Read(id, Secret{}); err == nil {
		t.Fatal("no secret was enough")
	}
	if got, err := c.Read(id, secret); err != nil || got != first {
		t.Fatalf("%d, %v", got, err)
	}
	if s, err := ReadTPM(e.path); err != nil || s.Failures != 0 {
		t.Fatalf("a stranger locks the TPM for the PIN: %+v, %v", s, err)
	}
}

func TestCreateAfterAnInterruptionFindsItsCounterAgain(t *testing.T) {
	e := newEmulator(t)
	c, mine, other := NewCounter(e.path), Random(32), Random(32)
	id, value, err := c.Create(mine)
	if err != nil {
		t.Fatal(err)
	}
	again, same, err := c.Create(mine)
	if err != nil || !bytes.Equal(id, again) || same != value {
		t.Fatalf("%x %d, %x %d, %v", id, value, again, same, err)
	}
	next, _, err := c.Create(other)
	if err != nil || bytes.Equal(id, next) {
		t.Fatalf("two vaults share a counter: %v", err)
	}
}

func TestADeletedCounterDoesNotComeBackWithALowerNumber(t *testing.T) {
	e := newEmulator(t)
	c, secret := NewCounter(e.path), Random(32)
	id, _, err := c.Create(secret)
	if err != nil {
		t.Fatal(err)
	}
	last, err := c.Increment(id, secret)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Delete(id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Read(id, secret); !errors.Is(err, ErrNoCounter) {
		t.Fatal(err)
	}
	if _, value, err := c.Create(secret); err != nil || value <= last {
		t.Fatalf("%d after %d, %v", value, last, err)
	}
	e.clear()
	if _, err := c.Read(id, secret); !errors.Is(err, ErrNoCounter) {
		t.Fatal(err)
	}
}

func TestADamagedNameOfACounterIsRefused(t *testing.T) {
	e := newEmulator(t)
	c, secret := NewCounter(e.path), Random(32)
	id, _, err := c.Create(secret)
	if err != nil {
		t.Fatal(err)
	}
	for i := range id {
		bad := bytes.Clone(id)
		bad[i] ^= 1
		if _, err := c.Read(bad, secret); !errors.Is(err, ErrDamaged) {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	if _, err := c.Increment(nil, secret); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestACounterOfATPMThatIsGoneSaysSo(t *testing.T) {
	e := newEmulator(t)
	c, secret := NewCounter(e.path), Random(32)
	id, _, err := c.Create(secret)
	if err != nil {
		t.Fatal(err)
	}
	e.stop()
	if _, err := c.Increment(id, secret); !errors.Is(err, ErrNoTPM) {
		t.Fatal(err)
	}
}
