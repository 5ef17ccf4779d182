package storage

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAReceiptReadsBackHoweverItIsTyped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := newReceipt()
		code := r.String()
		if len(code) != len("7K4M-2QXD-93") || strings.ContainsAny(code, "ILOU?") {
			t.Fatalf("%q is not as it should be", code)
		}
		typed := strings.Map(func(c rune) rune {
			switch {
			case c == '0' && rapid.Bool().Draw(t, "o"):
				return 'o'
			case c == '1' && rapid.Bool().Draw(t, "l"):
				return rapid.SampledFrom([]rune("lLiI")).Draw(t, "1")
			case c == '-' && rapid.Bool().Draw(t, "dash"):
				return ' '
			}
			return c
		}, code)
		if rapid.Bool().Draw(t, "small") {
			typed = strings.ToLower(typed)
		}
		if again, err := ParseReceipt(typed); err != nil || again != r {
			t.Fatalf("%q: %v, %v", typed, again, err)
		}
	})
}

func TestAWrongCharacterOrTwoThatWereSwappedAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := []byte(strings.ReplaceAll(newReceipt().String(), "-", ""))
		at := rapid.IntRange(0, len(code)-1).Draw(t, "at")
		if rapid.Bool().Draw(t, "swap") && at > 0 {
			if code[at] == code[at-1] {
				t.Skip("alike")
			}
			code[at], code[at-1] = code[at-1], code[at]
		} else {
			other := rapid.SampledFrom([]byte(crockford)).Draw(t, "other")
			if other == code[at] {
				t.Skip("alike")
			}
			code[at] = other
		}
		if _, err := ParseReceipt(string(code)); !errors.Is(err, ErrNoReceipt) || strings.Contains(err.Error(), string(code)) {
			t.Fatalf("%s: %v", code, err)
		}
	})
}

func FuzzParseReceipt(f *testing.F) {
	f.Add("7K4M-2QXD-93")
	f.Add("０")
	f.Add("7k4m 2qxd9*")
	f.Fuzz(func(t *testing.T, code string) {
		r, err := ParseReceipt(code)
		if err != nil {
			if !errors.Is(err, ErrNoReceipt) {
				t.Error(err)
			}
			return
		}
		if again, err := ParseReceipt(r.String()); err != nil || again != r {
			t.Errorf("%v, %v", again, err)
		}
	})
}

func TestASessionIsFoundAndErasedByItsReceipt(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	other := begin(t, v, FromText())
	must(t, other.Append(testTurn("other")))
	otherCode, err := v.Receipt(other.ID())
	must(t, err)
	s := begin(t, v, FromText())
	if err := v.Rate(s.ID(), true); err == nil {
		t.Error("a session without a turn is rated")
	}
	must(t, s.Append(testTurn("one")))
	must(t, v.Rate(s.ID(), false))
	first, err := v.Receipt(s.ID())
	must(t, err)
	must(t, s.Append(testTurn("two")))
	must(t, v.Rate(s.ID(), false))
	must(t, v.Rate(s.ID(), true))
	code, err := v.Receipt(s.ID())
	must(t, err)
	must(t, s.Append(testTurn("three")))
	must(t, s.Close())
	must(t, other.Close())
	if _, err := v.Receipt(s.ID()); !errors.Is(err, ErrNotFound) {
		t.Errorf("a session that is closed gets a receipt: %v", err)
	}
	closeVault(t, v)

	v = openVault(t, home)
	defer closeVault(t, v)
	must(t, v.Verify())
	saved, err := v.Load(s.ID())
	must(t, err)
	for i, want := range []string{"no", "yes", ""} {
		if saved.Turns[i].Helped != want {
			t.Errorf("turn %d: %q", i+1, saved.Turns[i].Helped)
		}
	}
	if _, err := v.FindReceipt(first); !errors.Is(err, ErrNotFound) {
		t.Errorf("a receipt that was replaced: %v", err)
	}
	found, err := v.FindReceipt(code)
	if err != nil || found != s.ID() {
		t.Fatalf("%v, %v", found, err)
	}
	must(t, v.Erase(found))
	if _, err := v.FindReceipt(code); !errors.Is(err, ErrNotFound) {
		t.Errorf("after the erasure: %v", err)
	}
	if found, err := v.FindReceipt(otherCode); err != nil || found != other.ID() {
		t.Errorf("the other session: %v, %v", found, err)
	}
}
