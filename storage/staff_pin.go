package storage

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"tenin/storage/seal"
)

// MinPIN and MaxPIN are how many bytes a PIN has.
const (
	MinPIN = 6
	MaxPIN = 64
)

// Wrong PINs: the first five cost nothing, then each doubles the time for which no PIN is looked at, from half a minute up
// to an hour. Whoever tries day and night sees 24 PINs a day: a PIN of six digits holds for decades.
const (
	freeFailures = 5
	firstLock    = 30 * time.Second
	longestLock  = time.Hour
)

// pinHash is a PIN as it is kept: stretched by Argon2id (RFC 9106) with a salt of its own.
type pinHash struct {
	Salt   []byte `json:"salt"`
	Hash   []byte `json:"hash"`
	Passes uint32 `json:"passes"`
	Memory uint32 `json:"memory"` // KiB
	Lanes  uint8  `json:"lanes"`
}

// pinCost is the second recommended choice of RFC 9106, section 4: 0.1 to 0.2 s on two cores. It slows down a guesser who
// has the opened vault; before the kiosk it is the lock that does.
var pinCost = pinHash{Passes: 3, Memory: 64 << 10, Lanes: 4}

func (h pinHash) check() error {
	if len(h.Salt) != 16 || len(h.Hash) != 32 || h.Passes < 1 || h.Passes > 32 || h.Memory < 8*uint32(h.Lanes) || h.Memory > 1<<20 || h.Lanes < 1 {
		return damaged("a PIN has an impossible form")
	}
	return nil
}

func (h pinHash) of(pin seal.Secret) []byte {
	return argon2.IDKey(pin.Bytes(), h.Salt, h.Passes, h.Memory, h.Lanes, 32)
}

func (v *Vault) hashPIN(pin seal.Secret) pinHash {
	h := v.pinCost
	h.Salt = make([]byte, 16)
	_, _ = rand.Read(h.Salt)
	h.Hash = h.of(pin)
	return h
}

// checkPIN refuses what anybody would try first.
func checkPIN(pin seal.Secret) error {
	b := pin.Bytes()
	if len(b) < MinPIN || len(b) > MaxPIN {
		return fmt.Errorf("%w: it has to have %d to %d characters", ErrWeakPIN, MinPIN, MaxPIN)
	}
	for _, step := range []int{-1, 0, 1} {
		run := true
		for i := 1; i < len(b); i++ {
			run = run && int(b[i])-int(b[i-1]) == step
		}
		if run {
			return fmt.Errorf("%w: one character repeated, or a row of neighbours, is tried first", ErrWeakPIN)
		}
	}
	return nil
}

// CheckPIN returns the account that name and pin belong to; an empty name stands for the only account. A try is counted
// before the PIN is looked at, so that neither a crash nor a restart gives one for free. Errors wrap ErrWrongPIN,
// ErrPINLocked or ErrWhichStaff. It takes as long for a name that does not exist.
func (v *Vault) CheckPIN(name string, pin seal.Secret, now time.Time) (StaffMember, error) {
	now, err := storedTime(now)
	if err != nil {
		return StaffMember{}, err
	}
	// One at a time: many clients must not take 64 MiB each, nor race for the count.
	v.staffMu.Lock()
	defer v.staffMu.Unlock()
	accounts, err := v.accounts()
	if err != nil {
		return StaffMember{}, err
	}
	if name == "" {
		if name, err = onlyStaff(accounts); err != nil {
			return StaffMember{}, err
		}
	}
	i := findStaff(accounts, name)
	if i < 0 || accounts[i].Disabled {
		v.hashPIN(pin)
		return StaffMember{}, ErrWrongPIN
	}
	a := &accounts[i]
	if wait := a.locked(now); wait > 0 {
		if now.Before(a.Failed) {
			// The clock was set back: the lock begins anew, and does not last until the clock is there again.
			a.Failed = now
			if err := v.putStaff(accounts); err != nil {
				return StaffMember{}, err
			}
		}
		return StaffMember{}, fmt.Errorf("%s: %w: %s%s", a.Name, ErrPINLocked, tryAgain, wait.Round(time.Second))
	}
	a.Failures++
	a.Failed = now
	if err := v.putStaff(accounts); err != nil {
		return StaffMember{}, fmt.Errorf("a try cannot be counted: %w", err)
	}
	if subtle.ConstantTimeCompare(a.PIN.of(pin), a.PIN.Hash) != 1 {
		return StaffMember{}, ErrWrongPIN
	}
	member := a.StaffMember
	a.Failures, a.Failed = 0, time.Time{}
	return member, v.putStaff(accounts)
}

func onlyStaff(accounts []account) (string, error) {
	if active(accounts) > 1 {
		return "", fmt.Errorf("%w: say whose PIN it is", ErrWhichStaff)
	}
	for _, a := range accounts {
		if !a.Disabled {
			return a.Name, nil
		}
	}
	return "", ErrWrongPIN
}

// locked returns how long no PIN is looked at.
func (a *account) locked(now time.Time) time.Duration {
	if a.Failures < freeFailures {
		return 0
	}
	lock := longestLock
	if doublings := a.Failures - freeFailures; doublings < 7 {
		lock = min(lock, firstLock<<doublings)
	}
	return min(lock, lock-now.Sub(a.Failed))
}

// tryAgain stands before the time in the line of ErrPINLocked.
const tryAgain = "try again in "

// PINWait is for how long no PIN is taken, as an error that wraps ErrPINLocked says it: its line alone crosses the control
// socket. It is the shortest of all locks where the line does not say.
func PINWait(err error) time.Duration {
	_, after, _ := strings.Cut(err.Error(), tryAgain)
	if i := strings.IndexAny(after, " \n,;:)"); i >= 0 {
		after = after[:i]
	}
	d, err := time.ParseDuration(after)
	if err != nil || d <= 0 {
		return firstLock
	}
	return d
}
