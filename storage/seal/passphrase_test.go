package seal

import (
	"encoding/binary"
	"errors"
	"testing"
)

func TestAShortPassphraseIsRefused(t *testing.T) {
	if _, err := cheapPassphrase("short").Seal(Random(32)); !errors.Is(err, ErrUnsafe) {
		t.Fatal(err)
	}
}

func TestNoPassphraseIsNotAWrongPassphrase(t *testing.T) {
	blob, err := cheapPassphrase("correct horse battery").Seal(Random(32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cheapPassphrase("").Unseal(blob); !errors.Is(err, ErrNoKey) {
		t.Fatal(err)
	}
}

func TestAChangedHeaderCannotAskForAllMemory(t *testing.T) {
	p := cheapPassphrase("correct horse battery")
	blob, err := p.Seal(Random(32))
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []int{4, 8} {
		greedy := append([]byte(nil), blob...)
		binary.LittleEndian.PutUint32(greedy[at:], 1<<31)
		if _, err := p.Unseal(greedy); !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	}
}

func TestTheDefaultCostOpensItsOwnBlob(t *testing.T) {
	p := NewPassphrase(NewSecret([]byte("correct horse battery")))
	blob, err := p.Seal(Random(32))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Unseal(blob); err != nil {
		t.Fatal(err)
	}
}
