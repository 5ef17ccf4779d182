package setup

import (
	"errors"
	"fmt"
	"io/fs"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

// errNoVault wraps fs.ErrNotExist.
var errNoVault = fmt.Errorf("vault: there is none yet: %w", fs.ErrNotExist)

// CheckStaff says whether there is a manager, without whom nobody looks after the accounts, and a technician, whose PIN
// opens these steps and reads nothing.
func (s *Setup) CheckStaff() ([]storage.StaffMember, Finding) {
	var list []storage.StaffMember
	err := s.withVault(false, func(v *storage.Vault) (err error) { list, err = v.Staff(); return err })
	if err != nil && !notExist(err) {
		return nil, failedTest(Staff, err, "stop the kiosk that has the vault, or see `tenin keys status`")
	}
	roles := map[storage.Role]int{}
	for _, m := range list {
		if !m.Disabled {
			roles[m.Role]++
		}
	}
	switch {
	case len(roles) == 0:
		return list, found(Staff, Bad, StaffNone, "nobody has a PIN: whoever touches the staff's screens sees everything", "make the manager's account, then the technician's")
	case roles[storage.RoleTechnician] == 0:
		return list, found(Staff, Fair, NoTechnician, "no technician has a PIN: a manager's opens these steps", "make the technician's account")
	}
	return list, found(Staff, Good, Fine, fmt.Sprintf("%d with a PIN", roles[storage.RoleManager]+roles[storage.RoleStaff]+roles[storage.RoleTechnician]), "")
}

// AddStaff makes an account. The first has to be a manager's.
func (s *Setup) AddStaff(name string, role storage.Role, pin seal.Secret) Finding {
	err := s.withVault(true, func(v *storage.Vault) error { return v.AddStaff(name, role, pin, s.options.Now()) })
	switch {
	case errors.Is(err, storage.ErrWeakPIN):
		return found(Staff, Bad, PINWeak, err.Error(), "choose another")
	case err != nil:
		return failedTest(Staff, err, "put right what it says")
	}
	_, f := s.CheckStaff()
	return f
}

// ResetPIN gives an account a new PIN with the recovery key: see kiosk.ResetPIN.
func (s *Setup) ResetPIN(key seal.RecoveryKey, name string, pin seal.Secret) (storage.StaffMember, error) {
	var member storage.StaffMember
	err := s.withVault(false, func(v *storage.Vault) (err error) {
		member, err = kiosk.ResetPIN(v, key, name, pin, s.options.Now())
		return err
	})
	return member, err
}
