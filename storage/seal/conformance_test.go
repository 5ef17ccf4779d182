package seal

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

// sealerCase is a line of the conformance suite: two sealers with different
// keys, and a way to open the first one again as a new process would.
type sealerCase struct {
	name  string
	mine  func(t *testing.T) (sealer Sealer, reopen func() Sealer)
	other func(t *testing.T) Sealer
}

var sealers = []sealerCase{
	{
		name: "key file",
		mine: func(t *testing.T) (Sealer, func() Sealer) {
			path := filepath.Join(t.TempDir(), "keys", "tenin.key")
			return NewKeyFile(path), func() Sealer { return NewKeyFile(path) }
		},
		other: func(t *testing.T) Sealer {
			k := NewKeyFile(filepath.Join(t.TempDir(), "tenin.key"))
			if _, err := k.Seal(Random(32)); err != nil {
				t.Fatal(err)
			}
			return k
		},
	},
	{
		name: "passphrase",
		mine: func(t *testing.T) (Sealer, func() Sealer) {
			open := func() Sealer { return cheapPassphrase("correct horse battery") }
			return open(), open
		},
		other: func(t *testing.T) Sealer { return cheapPassphrase("wrong donkey battery") },
	},
	{
		name: "TPM",
		mine: func(t *testing.T) (Sealer, func() Sealer) {
			path := newEmulator(t).path
			open := func() Sealer { return cheapTPM(TPMOptions{Device: path}) }
			return open(), open
		},
		other: func(t *testing.T) Sealer { return cheapTPM(TPMOptions{Device: newEmulator(t).path}) },
	},
}

// cheapPassphrase spares the tests the 64 MiB that a real one costs on purpose.
func cheapPassphrase(phrase string) *Passphrase {
	p := NewPassphrase(NewSecret([]byte(phrase)))
	p.passes, p.memory, p.lanes = 1, 64, 1
	return p
}

func TestEverySealerKeepsTheContract(t *testing.T) {
	for _, c := range sealers {
		t.Run(c.name, func(t *testing.T) {
			t.Run("what is sealed comes back in another process", func(t *testing.T) {
				sealer, reopen := c.mine(t)
				for _, n := range []int{1, 32, MaxSecret} {
					want := Random(n)
					blob, err := sealer.Seal(want)
					if err != nil {
						t.Fatal(err)
					}
					got, err := reopen().Unseal(blob)
					if err != nil {
						t.Fatal(err)
					}
					if !got.Equal(want) {
						t.Fatalf("a secret of %d bytes changed", n)
					}
				}
			})
			t.Run("an empty or too long secret is refused", func(t *testing.T) {
				sealer, _ := c.mine(t)
				for _, s := range []Secret{{}, Random(MaxSecret + 1)} {
					if _, err := sealer.Seal(s); err == nil {
						t.Fatalf("a secret of %d bytes was sealed", s.Len())
					}
				}
			})
			t.Run("a blob shows neither the secret nor that two are the same", func(t *testing.T) {
				sealer, _ := c.mine(t)
				secret := Random(32)
				a, err := sealer.Seal(secret)
				if err != nil {
					t.Fatal(err)
				}
				b, err := sealer.Seal(secret)
				if err != nil {
					t.Fatal(err)
				}
				if bytes.Equal(a, b) {
					t.Fatal("two blobs of one secret are the same")
				}
				if bytes.Contains(a, secret.Bytes()[:8]) {
					t.Fatal("the blob holds the secret in clear")
				}
			})
			t.Run("another key does not open it", func(t *testing.T) {
				sealer, _ := c.mine(t)
				blob, err := sealer.Seal(Random(32))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := c.other(t).Unseal(blob); !errors.Is(err, ErrWrongKey) {
					t.Fatalf("want ErrWrongKey, got %v", err)
				}
			})
			t.Run("a changed, cut or lengthened blob does not open", func(t *testing.T) {
				sealer, _ := c.mine(t)
				blob, err := sealer.Seal(Random(32))
				if err != nil {
					t.Fatal(err)
				}
				refused := func(b []byte, what string, at int) {
					t.Helper()
					s, err := sealer.Unseal(b)
					if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongKey) {
						t.Fatalf("%s at %d: got %v, %v", what, at, s, err)
					}
				}
				for i := range blob {
					flipped := bytes.Clone(blob)
					flipped[i] ^= 1
					refused(flipped, "flipped", i)
					refused(blob[:i], "cut", i)
				}
				refused(append(bytes.Clone(blob), 0), "lengthened", len(blob))
			})
			t.Run("another sealer's blob is called so, not damaged", func(t *testing.T) {
				sealer, _ := c.mine(t)
				for _, d := range sealers {
					if d.name == c.name {
						continue
					}
					foreign, _ := d.mine(t)
					blob, err := foreign.Seal(Random(32))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := sealer.Unseal(blob); !errors.Is(err, ErrWrongKey) || !strings.Contains(err.Error(), d.name) {
						t.Fatalf("want ErrWrongKey that names a %s, got %v", d.name, err)
					}
				}
			})
			t.Run("it says what it does not protect against", func(t *testing.T) {
				sealer, _ := c.mine(t)
				if s := sealer.Describe(); !strings.Contains(s, "or root") || !strings.Contains(s, "can read every session") {
					t.Fatalf("no warning in %q", s)
				}
			})
		})
	}
}

func FuzzUnsealNeverPanicsAndNeverOpensForeignBytes(f *testing.F) {
	phrase := cheapPassphrase("correct horse battery")
	file := NewKeyFile(filepath.Join(f.TempDir(), "k"))
	for _, s := range []Sealer{phrase, file} {
		blob, err := s.Seal(NewSecret([]byte("root")))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(blob)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		for _, s := range []Sealer{phrase, file} {
			// The fuzzer may ask for a gigabyte; that the limit holds is tested elsewhere.
			if len(blob) > 12 && (blob[9]|blob[10]|blob[11] != 0 || blob[5]|blob[6]|blob[7] != 0) {
				continue
			}
			secret, err := s.Unseal(blob)
			if err != nil && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongKey) {
				t.Fatalf("error wraps neither: %v", err)
			}
			if err == nil && string(secret.Bytes()) != "root" {
				t.Fatalf("bytes that were never sealed opened")
			}
		}
	})
}
