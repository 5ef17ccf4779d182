package storage

import (
	"errors"
	"fmt"
	"testing"

	"tenin/storage/seal"
)

// otherSealer is the key file that a home is moved to.
func otherSealer(home string) seal.Sealer { return seal.NewKeyFile(home + ".key2") }

func TestAfterAResealOnlyTheNewSealOpensTheVault(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	ids := fill(t, v)
	must(t, v.Reseal(otherSealer(home), nil))
	// It goes on with the new one.
	must(t, v.Erase(ids[0]))
	closeVault(t, v)
	if _, err := Open(home, testSealer(home), anyRoom); !errors.Is(err, ErrWrongKey) {
		t.Fatal(err)
	}
	v, err := Open(home, otherSealer(home), anyRoom)
	must(t, err)
	must(t, v.Verify())
	if list, err := v.Sessions(); err != nil || len(list) != 2 {
		t.Fatalf("%d, %v", len(list), err)
	}
	closeVault(t, v)
}

// forgetful seals and cannot open.
type forgetful struct{ plainSealer }

func (forgetful) Unseal([]byte) (seal.Secret, error) { return seal.Secret{}, seal.ErrPCR }

func TestASealThatDoesNotOpenWhatItSealedChangesNothing(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openVault(t, home)
	fill(t, v)
	before := v.Keys()
	if err := v.Reseal(forgetful{}, c); !errors.Is(err, seal.ErrPCR) {
		t.Fatal(err)
	}
	if v.Keys() != before {
		t.Fatalf("%+v, was %+v", v.Keys(), before)
	}
	must(t, begin(t, v, FromText()).Close())
	closeVault(t, v)
	v = openVault(t, home)
	must(t, v.Verify())
	closeVault(t, v)
}

func TestPowerMayFailAtEveryStepOfAReseal(t *testing.T) {
	t.Parallel()
	for _, after := range []bool{false, true} {
		for steps := 0; ; steps++ {
			home, c := newHome(t), newMemoryCounter()
			v := openVault(t, home)
			fill(t, v)
			d := &mortalDisk{steps: steps, after: after, fault: errPower}
			c.step, v.disk = d.step, d
			err := v.Reseal(otherSealer(home), c)
			v.db.Close()
			v.lock.Close()
			c.step = nil
			where := fmt.Sprintf("step %d, done %v", steps, after)
			opened := 0
			for _, s := range []seal.Sealer{otherSealer(home), testSealer(home)} {
				v, oerr := Open(home, s, counted(c))
				if errors.Is(oerr, ErrWrongKey) && !(err == nil && opened == 0) {
					continue
				}
				if oerr != nil {
					t.Fatalf("%s: %v", where, oerr)
				}
				must(t, v.Verify())
				if list, err := v.Sessions(); err != nil || len(list) != 3 {
					t.Fatalf("%s: %d sessions, %v", where, len(list), err)
				}
				closeVault(t, v)
				opened++
			}
			if opened != 1 {
				t.Fatalf("%s: %d seals open the vault", where, opened)
			}
			if err == nil && d.steps >= 0 {
				if steps < 3 {
					t.Fatalf("%s: too few steps to be true", where)
				}
				break
			}
		}
	}
}

func TestARotationMakesANewRootKeyAndKeepsTheSessions(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openCounted(t, home, c)
	fill(t, v)
	old, before := copyHome(t, home), seal.NewSecret(v.ring.root.Bytes())
	must(t, v.Rotate())
	if v.ring.root.Equal(before) {
		t.Fatal("the same root key")
	}
	closeVault(t, v)
	v = openCounted(t, home, c)
	must(t, v.Verify())
	closeVault(t, v)
	if _, err := Open(old, testSealer(home), counted(c)); !errors.Is(err, ErrRolledBack) {
		t.Fatal(err)
	}
}

func TestAResealAwayFromTheTPMDropsTheCounter(t *testing.T) {
	home, c := newHome(t), newMemoryCounter()
	v := openCounted(t, home, c)
	fill(t, v)
	must(t, v.Reseal(otherSealer(home), nil))
	closeVault(t, v)
	if len(c.values) != 0 {
		t.Fatal("the number is left in the TPM")
	}
	v, err := Open(home, otherSealer(home), anyRoom)
	must(t, err)
	must(t, v.Verify())
	closeVault(t, v)
}

func TestAResealToAnotherTPMTakesItsCounterUp(t *testing.T) {
	home, c, other := newHome(t), newMemoryCounter(), newMemoryCounter()
	v := openCounted(t, home, c)
	fill(t, v)
	must(t, v.Reseal(otherSealer(home), other))
	closeVault(t, v)
	if len(c.values) != 0 || len(other.values) != 1 {
		t.Fatalf("%d, %d", len(c.values), len(other.values))
	}
	v, err := Open(home, otherSealer(home), counted(other))
	must(t, err)
	closeVault(t, v)
}

func TestTheSealedKeyIsReadWithoutTheKey(t *testing.T) {
	home := newHome(t)
	if _, err := SealedKey(home); err == nil {
		t.Fatal("there is no vault")
	}
	v := openVault(t, home)
	defer closeVault(t, v)
	blob, err := SealedKey(home)
	must(t, err)
	info, err := seal.Inspect(blob)
	if err != nil || info.Kind != seal.KindKeyFile {
		t.Fatalf("%+v, %v", info, err)
	}
}
