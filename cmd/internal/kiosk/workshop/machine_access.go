package workshop

import (
	"context"
	"errors"
	"strings"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/ui/technician"
)

// The accounts that the screens make.
const (
	technicianName = "technician"
	managerName    = "manager"
)

// unlock is how the vault is opened.
func (m *machine) unlock() kiosk.Unlock {
	u := m.Setup.Unlock
	if settings, err := m.settings(); err == nil && u.Seal.Kind == "" {
		u.Seal = settings.Seal
	}
	return u
}

// withVault opens the vault for do; fresh makes it where there is none.
func (m *machine) withVault(fresh bool, do func(*storage.Vault) error) (err error) {
	if !fresh && !kiosk.HasVault(m.Setup.Home) {
		return nil
	}
	v, err := kiosk.OpenVault(m.Setup.Home, m.unlock())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, v.Close()) }()
	return do(v)
}

// key is the account whose PIN opens these screens: a technician's, else a manager's; empty: nobody has one.
func key(list []storage.StaffMember) (name string) {
	for _, role := range []storage.Role{storage.RoleManager, storage.RoleTechnician} {
		for _, member := range list {
			if member.Role == role && !member.Disabled {
				name = member.Name
				break
			}
		}
	}
	return name
}

func (m *machine) Lock(context.Context) Lock {
	settings, _ := m.settings()
	l := Lock{Kiosk: settings.Kiosk.Title()}
	if m.Entered {
		return l
	}
	name := ""
	err := m.withVault(false, func(v *storage.Vault) error {
		list, err := v.Staff()
		name = key(list)
		return err
	})
	// A vault that does not open guards: who stands before it may have taken its seal away.
	l.Guarded, l.Shut = err != nil || name != "", err != nil
	return l
}

func (m *machine) CheckPIN(_ context.Context, pin string) Entry {
	secret := seal.NewSecret([]byte(pin))
	defer secret.Destroy()
	right := false
	err := m.withVault(false, func(v *storage.Vault) error {
		list, err := v.Staff()
		if err != nil {
			return err
		}
		name := key(list)
		if name == "" {
			return storage.ErrWrongPIN // an empty name would stand for anybody's account
		}
		_, err = v.CheckPIN(name, secret, m.now())
		right = err == nil
		return err
	})
	if err == nil && !right {
		return Entry{Refusal: technician.PINShut} // the vault is gone
	}
	return entryOf(err)
}

// entryOf is what became of a PIN.
func entryOf(err error) Entry {
	switch {
	case err == nil:
		return Entry{}
	case errors.Is(err, storage.ErrPINLocked):
		return Entry{Refusal: technician.PINWait, Wait: int(storage.PINWait(err).Round(time.Second).Seconds())}
	case errors.Is(err, storage.ErrWeakPIN):
		return Entry{Refusal: technician.PINEasy}
	case errors.Is(err, seal.ErrRecoveryKey), errors.Is(err, storage.ErrNoRecovery):
		return Entry{Refusal: technician.PINWrong, Problem: technician.RecoveryWrong}
	case errors.Is(err, storage.ErrWrongPIN):
		return Entry{Refusal: technician.PINWrong}
	}
	return Entry{Refusal: technician.PINShut}
}

func (m *machine) SetPIN(_ context.Context, who technician.Who, pin string) Entry {
	name, role := technicianName, storage.RoleTechnician
	if who == technician.Manager {
		name, role = managerName, storage.RoleManager
	}
	secret := seal.NewSecret([]byte(pin))
	defer secret.Destroy()
	return entryOf(m.withVault(true, func(v *storage.Vault) error {
		list, err := v.Staff()
		if err != nil {
			return err
		}
		if old := nameOf(list, role); old != "" {
			name = old
		}
		if err = v.AddStaff(name, role, secret, m.now()); err == nil || errors.Is(err, storage.ErrWeakPIN) || nameOf(list, role) == "" {
			return err
		}
		// The account is there: it gets the new PIN by being made anew.
		if err := v.DisableStaff(name); err != nil {
			return err
		}
		return v.AddStaff(name, role, secret, m.now())
	}))
}

func nameOf(list []storage.StaffMember, role storage.Role) string {
	for _, member := range list {
		if member.Role == role && !member.Disabled {
			return member.Name
		}
	}
	return ""
}

func (m *machine) ResetPIN(ctx context.Context, groups []string, pin string) Entry {
	secret, recovery := seal.NewSecret([]byte(pin)), seal.NewSecret([]byte(strings.Join(groups, "-")))
	defer secret.Destroy()
	defer recovery.Destroy()
	name := ""
	find := func(v *storage.Vault) error {
		list, err := v.Staff()
		name = key(list)
		return err
	}
	err := m.withVault(false, find)
	if err != nil && sealLost(err) {
		// The same paper opens a vault whose seal is gone: another mainboard, a cleared TPM, a lost key file.
		if err = m.recoverVault(string(recovery.Bytes())); err == nil {
			err = m.withVault(false, find)
		}
	}
	if err != nil {
		return entryOf(err)
	}
	_, err = kiosk.ResetStaffPIN(ctx, m.Setup.Home, m.unlock(), recovery, name, secret)
	return entryOf(err)
}

// sealLost reports whether a vault does not open because of what guards its key. A TPM that is only locked for a while is
// waited for.
func sealLost(err error) bool {
	for _, lost := range []error{seal.ErrNoKey, seal.ErrWrongKey, seal.ErrDamaged, seal.ErrNoTPM, seal.ErrPCR} {
		if errors.Is(err, lost) {
			return true
		}
	}
	return false
}

// recoverVault opens the vault with the recovery key and seals it as the settings say: by the TPM where it was and there is
// one, else by a key file. Whoever has the key may bring back an earlier copy of the vault.
func (m *machine) recoverVault(text string) error {
	recovery, err := seal.ParseRecoveryKey(text)
	if err != nil {
		return err
	}
	defer recovery.Destroy()
	u := m.unlock()
	u.AcceptOlder = true
	kind := kiosk.SealKind(m.Setup.Home, u.Seal)
	if kind == seal.KindTPM {
		if _, err := seal.ReadTPM(u.Seal.Device); errors.Is(err, seal.ErrNoTPM) {
			kind = seal.KindKeyFile
		}
	}
	return kiosk.Recover(m.Setup.Home, u, recovery, kind, u.PIN)
}

func (m *machine) Access(context.Context) technician.Access {
	list, f := m.setup.CheckStaff()
	a := technician.Access{Result: resultOf(f)}
	for _, member := range list {
		switch {
		case member.Disabled:
		case member.Role == storage.RoleManager:
			a.Managers++
		case member.Role == storage.RoleTechnician:
			a.Technicians++
		default:
			a.Staff++
		}
	}
	return a
}
