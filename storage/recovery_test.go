package storage

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tenin/storage/seal"
)

// withRecovery gives a vault a recovery key.
func withRecovery(t fatal, v *Vault) seal.RecoveryKey {
	t.Helper()
	key := seal.NewRecoveryKey()
	public, err := key.Public()
	must(t, err)
	must(t, v.SetRecovery(public, testTime))
	return key
}

func TestTheRecoveryKeyOpensTheVaultWhoseSealIsLost(t *testing.T) {
	home := newHome(t)
	v := openVault(t, home)
	ids := fill(t, v)
	if err := v.CheckRecovery(seal.NewRecoveryKey()); !errors.Is(err, ErrNoRecovery) {
		t.Fatalf("before there is one: %v", err)
	}
	first := withRecovery(t, v)
	key := withRecovery(t, v)
	// Each new root key is wrapped for it: those of an erasure, of a rotation, of another seal.
	must(t, v.Erase(ids[0]))
	must(t, v.Rotate())
	if s := v.Keys(); !s.Recovery || !s.RecoveryMade.Equal(testTime.Truncate(time.Second)) {
		t.Fatalf("%+v", s)
	}
	closeVault(t, v)
	must(t, os.Remove(home+".key"))
	if _, err := Open(home, testSealer(home), anyRoom); !errors.Is(err, seal.ErrNoKey) {
		t.Fatalf("without its key file: %v", err)
	}
	by := func(k seal.RecoveryKey) (*Vault, error) {
		o := anyRoom
		o.Recovery = &k
		return Open(home, otherSealer(home), o)
	}
	for _, wrong := range []seal.RecoveryKey{first, seal.NewRecoveryKey()} {
		if _, err := by(wrong); !errors.Is(err, seal.ErrRecoveryKey) {
			t.Fatalf("a key that is not the vault's: %v", err)
		}
	}
	v, err := by(key)
	must(t, err)
	must(t, v.Verify())
	must(t, v.Reseal(otherSealer(home), nil))
	must(t, v.CheckRecovery(key))
	closeVault(t, v)
	v, err = Open(home, otherSealer(home), anyRoom)
	must(t, err)
	if list, err := v.Sessions(); err != nil || len(list) != 2 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	must(t, v.CheckRecovery(key))
	closeVault(t, v)
}

func TestARecoveryKeyMakesNoVault(t *testing.T) {
	home := newHome(t)
	key := seal.NewRecoveryKey()
	o := anyRoom
	o.Recovery = &key
	if _, err := Open(home, testSealer(home), o); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(home, keyringName)); err == nil {
		t.Fatal("a keyring was made")
	}
}

func TestARecoveryKeyThatWasTakenOutOfTheKeyringIsFoundOut(t *testing.T) {
	home := newHome(t)
	v, err := Open(home, plainSealer{}, anyRoom)
	must(t, err)
	withRecovery(t, v)
	must(t, v.Close())
	file, err := os.ReadFile(filepath.Join(home, keyringName))
	must(t, err)
	k, err := openKeyring(file, plainSealer{})
	must(t, err)
	k.box = nil
	file, err = k.encode()
	must(t, err)
	if _, err := openKeyring(file, plainSealer{}); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
}

func TestAnOwnerWithTheRecoveryKeySetsANewPIN(t *testing.T) {
	v := openVault(t, newHome(t))
	defer closeVault(t, v)
	v.pinCost = pinHash{Passes: 1, Memory: 64, Lanes: 1}
	pin := func(s string) seal.Secret { return seal.NewSecret([]byte(s)) }
	if _, err := v.ResetPIN(seal.NewRecoveryKey(), "", pin("246813"), testTime); !errors.Is(err, ErrNoRecovery) {
		t.Fatalf("without a recovery key: %v", err)
	}
	key := withRecovery(t, v)
	if _, err := v.ResetPIN(key, "", pin("246813"), testTime); !errors.Is(err, ErrStaff) {
		t.Fatalf("without a name and an account: %v", err)
	}
	must(t, v.AddStaff("sato", RoleManager, pin("135792"), testTime))
	must(t, v.AddStaff("ito", RoleTechnician, pin("864213"), testTime))
	for range freeFailures {
		if _, err := v.CheckPIN("sato", pin("000001"), testTime); !errors.Is(err, ErrWrongPIN) {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct {
		name, pin string
		key       seal.RecoveryKey
		want      error
	}{
		{"sato", "246813", seal.NewRecoveryKey(), seal.ErrRecoveryKey},
		{"sato", "111111", key, ErrWeakPIN},
		{"tanaka", "246813", key, ErrStaff},
		{"", "246813", key, ErrWhichStaff},
	} {
		if _, err := v.ResetPIN(tc.key, tc.name, pin(tc.pin), testTime); !errors.Is(err, tc.want) {
			t.Errorf("%s %s: %v, want %v", tc.name, tc.pin, err, tc.want)
		}
	}
	// The clock may stand where it stood: whoever gave the old PIN is somebody else all the same.
	m, err := v.ResetPIN(key, "Sato", pin("246813"), testTime)
	if err != nil || m.Name != "sato" || m.Role != RoleManager || !m.Added.After(testTime) {
		t.Fatalf("%+v, %v", m, err)
	}
	if _, err := v.CheckPIN("sato", pin("246813"), testTime); err != nil {
		t.Fatalf("the new PIN, where the old one was locked: %v", err)
	}
	if _, err := v.CheckPIN("sato", pin("135792"), testTime); !errors.Is(err, ErrWrongPIN) {
		t.Fatalf("the old PIN: %v", err)
	}
	if _, err := v.CheckPIN("ito", pin("864213"), testTime); err != nil {
		t.Fatalf("somebody else's: %v", err)
	}
}

func TestTheRecoveryKeyMakesAManagerWhereNoneIsLeft(t *testing.T) {
	v := openVault(t, newHome(t))
	defer closeVault(t, v)
	v.pinCost = pinHash{Passes: 1, Memory: 64, Lanes: 1}
	pin := seal.NewSecret([]byte("246813"))
	key := withRecovery(t, v)
	if m, err := v.ResetPIN(key, "sato", pin, testTime); err != nil || m.Role != RoleManager {
		t.Fatalf("%+v, %v", m, err)
	}
	must(t, v.DisableStaff("sato"))
	if m, err := v.ResetPIN(key, "sato", pin, testTime); err != nil || m.Disabled {
		t.Fatalf("%+v, %v", m, err)
	}
}
