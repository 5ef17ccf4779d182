package storage

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"tenin/storage/seal"
)

const goodPIN = "835261"

func secret(s string) seal.Secret { return seal.NewSecret([]byte(s)) }

// openStaffed opens a vault whose PINs cost next to nothing.
func openStaffed(t fatal, home string) *Vault {
	v := openVault(t, home)
	v.pinCost = pinHash{Passes: 1, Memory: 64, Lanes: 1}
	return v
}

func TestAnAccountOpensWithItsPINAndSurvivesARestart(t *testing.T) {
	home := newHome(t)
	v := openStaffed(t, home)
	if staffed, err := v.Staffed(); staffed || err != nil {
		t.Fatalf("a new vault has staff: %v", err)
	}
	must(t, v.AddStaff("佐藤", RoleManager, secret(goodPIN), testTime))
	must(t, v.AddStaff("tanaka", RoleTechnician, secret("correct horse"), testTime))
	for range 2 {
		member, err := v.CheckPIN("佐藤", secret(goodPIN), testTime)
		if err != nil || member.Name != "佐藤" || member.Role != RoleManager || !member.Added.Equal(testTime) {
			t.Fatalf("%+v, %v", member, err)
		}
		if member, err := v.CheckPIN("Tanaka", secret("correct horse"), testTime); err != nil || member.Name != "tanaka" {
			t.Fatalf("%+v, %v", member, err)
		}
		if _, err := v.CheckPIN("tanaka", secret(goodPIN), testTime); !errors.Is(err, ErrWrongPIN) {
			t.Fatal(err)
		}
		if _, err := v.CheckPIN("nobody", secret(goodPIN), testTime); !errors.Is(err, ErrWrongPIN) {
			t.Fatal(err)
		}
		if _, err := v.CheckPIN("", secret(goodPIN), testTime); !errors.Is(err, ErrWhichStaff) {
			t.Fatal(err)
		}
		must(t, v.Verify())
		closeVault(t, v)
		v = openStaffed(t, home)
	}
	defer v.Close()
	for _, name := range []string{dbName, keyringName} {
		file, err := os.ReadFile(filepath.Join(home, name))
		must(t, err)
		for _, word := range []string{"佐藤", "tanaka", goodPIN, "manager", "horse"} {
			if bytes.Contains(file, []byte(word)) {
				t.Errorf("%s lies open in %s", word, name)
			}
		}
	}
}

func TestTheRealCostOfAPINIsPaidAndWorks(t *testing.T) {
	v := openVault(t, newHome(t))
	defer v.Close()
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	if _, err := v.CheckPIN("", secret(goodPIN), testTime); err != nil {
		t.Fatal(err)
	}
	accounts, err := v.accounts()
	if err != nil || accounts[0].PIN.Memory < 64<<10 || accounts[0].PIN.Passes < 3 {
		t.Fatalf("%+v, %v", accounts, err)
	}
}

func TestWrongPINsLockForLongerAndLongerAndARestartDoesNotHelp(t *testing.T) {
	home := newHome(t)
	v := openStaffed(t, home)
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	now := testTime
	for range freeFailures {
		if _, err := v.CheckPIN("sato", secret("000001"), now); !errors.Is(err, ErrWrongPIN) {
			t.Fatal(err)
		}
	}
	lock := firstLock
	for range 12 {
		closeVault(t, v)
		v = openStaffed(t, home)
		// Even the right PIN is not looked at.
		if _, err := v.CheckPIN("sato", secret(goodPIN), now.Add(lock-time.Second)); !errors.Is(err, ErrPINLocked) {
			t.Fatalf("after %v of %v: %v", lock-time.Second, lock, err)
		}
		now = now.Add(lock)
		if _, err := v.CheckPIN("sato", secret("000001"), now); !errors.Is(err, ErrWrongPIN) {
			t.Fatal(err)
		}
		lock = min(2*lock, longestLock)
	}
	if lock != longestLock {
		t.Fatalf("the lock grew to %v", lock)
	}
	now = now.Add(lock)
	if _, err := v.CheckPIN("sato", secret(goodPIN), now); err != nil {
		t.Fatal(err)
	}
	for range freeFailures {
		if _, err := v.CheckPIN("sato", secret("000001"), now); !errors.Is(err, ErrWrongPIN) {
			t.Fatal(err)
		}
	}
	closeVault(t, v)
}

func TestALockIsNotMadeLongByAClockThatWasSetBack(t *testing.T) {
	v := openStaffed(t, newHome(t))
	defer v.Close()
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	for range freeFailures {
		_, _ = v.CheckPIN("sato", secret("000001"), testTime)
	}
	earlier := testTime.AddDate(-1, 0, 0)
	if _, err := v.CheckPIN("sato", secret(goodPIN), earlier); !errors.Is(err, ErrPINLocked) {
		t.Fatal(err)
	}
	if _, err := v.CheckPIN("sato", secret(goodPIN), earlier.Add(firstLock)); err != nil {
		t.Fatal(err)
	}
}

func TestTriesAtTheSameTimeAreAllCounted(t *testing.T) {
	v := openStaffed(t, newHome(t))
	defer v.Close()
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	var group sync.WaitGroup
	for range 4 * freeFailures {
		group.Go(func() { _, _ = v.CheckPIN("sato", secret("000001"), testTime) })
	}
	group.Wait()
	accounts, err := v.accounts()
	if err != nil || accounts[0].Failures != freeFailures {
		t.Fatalf("%d tries were looked at, want %d: %v", accounts[0].Failures, freeFailures, err)
	}
}

func TestATryThatCannotBeCountedIsNotLookedAt(t *testing.T) {
	v := openStaffed(t, newHome(t))
	defer v.Close()
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	v.disk = brokenUpdates{v.disk}
	if _, err := v.CheckPIN("sato", secret(goodPIN), testTime); err == nil {
		t.Fatal("the PIN was looked at")
	}
}

type brokenUpdates struct{ disk }

func (brokenUpdates) Update(*bolt.DB, func(*bolt.Tx) error) error { return errors.New("no disk") }

func TestTheFirstAccountIsAManagersAndTheLastManagerGoesLast(t *testing.T) {
	v := openStaffed(t, newHome(t))
	defer v.Close()
	refused := func(err error) {
		t.Helper()
		if !errors.Is(err, ErrStaff) {
			t.Fatal(err)
		}
	}
	refused(v.AddStaff("sato", RoleStaff, secret(goodPIN), testTime))
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	refused(v.AddStaff("SATO", RoleStaff, secret(goodPIN), testTime))
	refused(v.AddStaff("suzuki", "chief", secret(goodPIN), testTime))
	must(t, v.AddStaff("suzuki", RoleStaff, secret("774411"), testTime))
	refused(v.DisableStaff("sato"))
	refused(v.DisableStaff("nobody"))
	must(t, v.DisableStaff("suzuki"))
	if _, err := v.CheckPIN("suzuki", secret("774411"), testTime); !errors.Is(err, ErrWrongPIN) {
		t.Fatal(err)
	}
	if _, err := v.CheckPIN("", secret(goodPIN), testTime); err != nil {
		t.Fatal(err)
	}
	must(t, v.DisableStaff("sato"))
	if staffed, err := v.Staffed(); staffed || err != nil {
		t.Fatalf("%v, %v", staffed, err)
	}
	// A disabled account can be made anew, with another PIN.
	must(t, v.AddStaff("sato", RoleManager, secret("990077"), testTime))
	if _, err := v.CheckPIN("sato", secret("990077"), testTime); err != nil {
		t.Fatal(err)
	}
	list, err := v.Staff()
	if err != nil || len(list) != 2 || list[0].Name != "sato" || list[0].Disabled || !list[1].Disabled {
		t.Fatalf("%+v, %v", list, err)
	}
}

func TestEasyPINsAndNamesThatDoNotShowAreRefused(t *testing.T) {
	for _, pin := range []string{"", "12345", "123456", "87654321", "000000", "abcdefg", strings.Repeat("19", 40)} {
		if err := checkPIN(secret(pin)); !errors.Is(err, ErrWeakPIN) || strings.Contains(err.Error(), pin) && pin != "" {
			t.Errorf("%q: %v", pin, err)
		}
	}
	for _, name := range []string{"", " sato", "sato\n", "\x1b[31m", "\xff", strings.Repeat("a", 41)} {
		if err := checkStaffName(name); !errors.Is(err, ErrStaff) {
			t.Errorf("%q: %v", name, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 80).Draw(t, "pin")
		if checkPIN(seal.NewSecret(b)) == nil && (len(b) < MinPIN || len(b) > MaxPIN || bytes.Count(b, b[:1]) == len(b)) {
			t.Fatalf("%q is taken", b)
		}
	})
}

// changeStaffRecord replaces the stored record by what change returns; nil removes it.
func changeStaffRecord(t *testing.T, home string, change func([]byte) []byte) {
	t.Helper()
	db, err := bolt.Open(filepath.Join(home, dbName), 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bolt.Tx) error {
		b := tx.Bucket(bucketVault)
		next := change(bytes.Clone(b.Get(keyStaff)))
		if next == nil {
			return b.Delete(keyStaff)
		}
		return b.Put(keyStaff, next)
	}))
	must(t, db.Close())
}

func TestAccountsThatWereTakenAwayChangedOrPutBackAreFoundOut(t *testing.T) {
	home := newHome(t)
	v := openStaffed(t, home)
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	closeVault(t, v)
	var older []byte
	changeStaffRecord(t, home, func(b []byte) []byte { older = b; return b })
	v = openStaffed(t, home)
	_, _ = v.CheckPIN("sato", secret("000001"), testTime)
	closeVault(t, v)
	var now []byte
	for name, change := range map[string]func([]byte) []byte{
		"taken away":  func([]byte) []byte { return nil },
		"put back":    func([]byte) []byte { return older },
		"changed":     func(b []byte) []byte { b[40] ^= 1; return b },
		"cut":         func(b []byte) []byte { return b[:len(b)-1] },
		"almost gone": func(b []byte) []byte { return b[:3] },
	} {
		changeStaffRecord(t, home, func(b []byte) []byte { now = bytes.Clone(b); return change(b) })
		v = openStaffed(t, home)
		if _, err := v.Staffed(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := v.CheckPIN("sato", secret(goodPIN), testTime); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if err := v.Verify(); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		closeVault(t, v)
		changeStaffRecord(t, home, func([]byte) []byte { return now })
	}
	v = openStaffed(t, home)
	defer v.Close()
	must(t, v.Verify())
}

func TestAccountsOutliveErasuresAndSessions(t *testing.T) {
	home := newHome(t)
	v := openStaffed(t, home)
	must(t, v.AddStaff("sato", RoleManager, secret(goodPIN), testTime))
	ids := fill(t, v)
	must(t, v.Erase(ids[0]))
	closeVault(t, v)
	v = openStaffed(t, home)
	defer v.Close()
	if _, err := v.CheckPIN("sato", secret(goodPIN), testTime); err != nil {
		t.Fatal(err)
	}
}
