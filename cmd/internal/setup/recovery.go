package setup

import (
	"crypto/rand"
	"errors"
	"math/big"
	"slices"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

// pendingRecovery is a key that was shown and is not the vault's yet.
type pendingRecovery struct {
	key    seal.RecoveryKey
	groups [2]int // that have to be typed back
}

// CheckRecovery says whether the vault has a recovery key.
func (s *Setup) CheckRecovery() Finding {
	var status storage.KeyStatus
	err := s.withVault(false, func(v *storage.Vault) error { status = v.Keys(); return nil })
	switch {
	case err != nil && !notExist(err):
		return failedTest(Recovery, err, "stop the kiosk that has the vault, or see `tenin keys status`")
	case !status.Recovery:
		return found(Recovery, Bad, RecoveryNone, "there is no recovery key: a lost PIN or a broken machine loses what was kept", "make one and write it down")
	}
	return found(Recovery, Good, Fine, "made "+status.RecoveryMade.Local().Format("2006-01-02"), "")
}

// MakeRecovery returns the groups of a new recovery key, to be shown once and written down. It becomes the vault's only
// when ConfirmRecovery has seen two of them typed back, so a key that nobody wrote down never replaces one that somebody
// has. Another call makes another key and forgets this one.
func (s *Setup) MakeRecovery() []string {
	s.ForgetRecovery()
	s.recovery = &pendingRecovery{key: seal.NewRecoveryKey(), groups: twoGroups()}
	return s.recovery.key.Groups()
}

// AskedGroups returns which two groups have to be typed back, counted from 1, in this order; zeros when no key was made.
func (s *Setup) AskedGroups() (first, second int) {
	if s.recovery == nil {
		return 0, 0
	}
	return s.recovery.groups[0] + 1, s.recovery.groups[1] + 1
}

// ConfirmRecovery makes the key the vault's when both groups are typed as they were shown. After a wrong one two others
// are asked for. It makes the vault where there is none.
func (s *Setup) ConfirmRecovery(first, second string) Finding {
	p := s.recovery
	if p == nil {
		return found(Recovery, Undone, RecoveryNone, "no key was made", "make one")
	}
	groups := p.key.Groups()
	// Both are looked at whatever the first says.
	one, two := seal.SameRecoveryGroup(first, groups[p.groups[0]]), seal.SameRecoveryGroup(second, groups[p.groups[1]])
	if !one || !two {
		p.groups = twoGroups()
		return found(Recovery, Bad, RecoveryWrong, "that is not what was shown", "look at what was written down, and type the groups that are asked for now")
	}
	public, err := p.key.Public()
	if err == nil && s.options.Keep != nil {
		err = s.options.Keep(p.key)
	}
	if err == nil {
		err = s.withVault(true, func(v *storage.Vault) error { return v.SetRecovery(public, s.options.Now()) })
	}
	if err != nil {
		return found(Recovery, Bad, NotSaved, err.Error(), "the key that was written down is not the vault's: put right what it says and type the groups again")
	}
	s.ForgetRecovery()
	return found(Recovery, Good, Fine, "the recovery key is the vault's; whoever has it opens the vault, so keep it away from the machine", "")
}

// ForgetRecovery wipes a key that was shown and not confirmed.
func (s *Setup) ForgetRecovery() {
	if s.recovery != nil {
		s.recovery.key.Destroy()
		s.recovery = nil
	}
}

// twoGroups draws two different groups, in the order in which they stand.
func twoGroups() [2]int {
	draw := func(n int64) int {
		// The system's random source does not fail.
		i, _ := rand.Int(rand.Reader, big.NewInt(n))
		return int(i.Int64())
	}
	first := draw(seal.RecoveryGroups)
	second := draw(seal.RecoveryGroups - 1)
	if second >= first {
		second++
	}
	pair := []int{first, second}
	slices.Sort(pair)
	return [2]int(pair)
}

// withVault opens the vault for do, where it is not open already. Where there is none, fresh makes it; otherwise the error wraps fs.ErrNotExist.
func (s *Setup) withVault(fresh bool, do func(*storage.Vault) error) (err error) {
	if s.options.Vault != nil {
		return do(s.options.Vault)
	}
	if !fresh && !kiosk.HasVault(s.options.Home) {
		return errNoVault
	}
	vault, err := kiosk.OpenVault(s.options.Home, s.unlock())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vault.Close()) }()
	return do(vault)
}
