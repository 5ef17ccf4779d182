package seal

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestARecoveryKeyOpensWhatItsPublicHalfWrapped(t *testing.T) {
	k := NewRecoveryKey()
	public, err := k.Public()
	if err != nil || len(public) != RecoveryPublic {
		t.Fatalf("%d bytes, %v", len(public), err)
	}
	root := Random(32)
	box, err := WrapForRecovery(public, root)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseRecoveryKey(strings.Join(k.Groups(), "-"))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := again.Unwrap(box); err != nil || !s.Equal(root) {
		t.Fatalf("%v", err)
	}
	if _, err := NewRecoveryKey().Unwrap(box); !errors.Is(err, ErrRecoveryKey) {
		t.Fatalf("another key: %v", err)
	}
	for i := range box {
		bad := append([]byte(nil), box...)
		bad[i] ^= 1
		if _, err := k.Unwrap(bad); !errors.Is(err, ErrRecoveryKey) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	if _, err := WrapForRecovery(public[1:], root); !errors.Is(err, ErrDamaged) {
		t.Fatalf("a cut public half: %v", err)
	}
	k.Destroy()
	if _, err := k.Unwrap(box); !errors.Is(err, ErrRecoveryKey) || k.Groups() != nil {
		t.Fatalf("after Destroy: %v", err)
	}
}

func TestARecoveryKeyIsReadAsPeopleType(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := RecoveryKey{NewSecret(rapid.SliceOfN(rapid.Byte(), recoverySecret, recoverySecret).Draw(t, "secret"))}
		groups := k.Groups()
		if len(groups) != RecoveryGroups {
			t.Fatalf("%d groups", len(groups))
		}
		text := strings.Join(groups, rapid.SampledFrom([]string{"", " ", "-", " - ", "\n"}).Draw(t, "between"))
		if rapid.Bool().Draw(t, "small") {
			text = strings.ToLower(text)
		}
		if rapid.Bool().Draw(t, "misread") {
			text = strings.NewReplacer("0", "o", "1", "L").Replace(text)
		}
		again, err := ParseRecoveryKey(text)
		if err != nil || !again.secret.Equal(k.secret) {
			t.Fatalf("%q: %v", text, err)
		}
		// One wrong symbol is found but for one in 2^32.
		at := rapid.IntRange(0, RecoveryGroups*RecoveryGroup-1).Draw(t, "at")
		plain := []byte(strings.Join(groups, ""))
		plain[at] = crockfordOther(plain[at])
		if _, err := ParseRecoveryKey(string(plain)); !errors.Is(err, ErrRecoveryKey) || strings.Contains(err.Error(), string(plain[:4])) {
			t.Fatalf("mistyped: %v", err)
		}
	})
}

func crockfordOther(c byte) byte {
	if c == 'A' {
		return 'B'
	}
	return 'A'
}

func TestARecoveryKeyDoesNotPrint(t *testing.T) {
	k := NewRecoveryKey()
	type inside struct{ key RecoveryKey }
	out := fmt.Sprintf("%v %+v %#v %s %x %v", k, k, k, k, k, inside{k})
	for _, g := range k.Groups() {
		if strings.Contains(out, g) {
			t.Fatalf("%s", out)
		}
	}
	if b, _ := k.MarshalText(); string(b) != "[secret]" {
		t.Fatalf("%s", b)
	}
}

func FuzzParseRecoveryKey(f *testing.F) {
	f.Add(strings.Join(NewRecoveryKey().Groups(), "-"))
	f.Add("")
	f.Add("OIL-oil")
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ParseRecoveryKey(text)
		if err != nil {
			if !errors.Is(err, ErrRecoveryKey) {
				t.Fatal(err)
			}
			return
		}
		if again, err := ParseRecoveryKey(strings.Join(k.Groups(), " ")); err != nil || !again.secret.Equal(k.secret) {
			t.Fatalf("%q reads otherwise when it is written anew", text)
		}
	})
}
