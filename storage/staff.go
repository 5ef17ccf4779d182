package storage

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	bolt "go.etcd.io/bbolt"

	"tenin/storage/seal"
)

// Role is what a member of the shop's staff may do.
type Role string

// The roles. Staff reads conversations; a manager also erases them and looks after the accounts; a technician looks after
// the machine and reads no shopper's word.
const (
	RoleStaff      Role = "staff"
	RoleManager    Role = "manager"
	RoleTechnician Role = "technician"
)

// Roles returns every role, the least powerful first.
func Roles() []Role { return []Role{RoleStaff, RoleTechnician, RoleManager} }

// What can be wrong with an account or a PIN.
var (
	// ErrWrongPIN means that there is no such account, that it is disabled, or that this is not its PIN.
	ErrWrongPIN = errors.New("wrong name or PIN")
	// ErrPINLocked means that too many wrong PINs were tried; what is tried meanwhile is not even looked at.
	ErrPINLocked = errors.New("locked after wrong PINs")
	// ErrWeakPIN means that a new PIN is too short, too long, or the first that anybody would try.
	ErrWeakPIN = errors.New("PIN is too easy")
	// ErrStaff means that an account cannot be added or changed so.
	ErrStaff = errors.New("staff account")
	// ErrWhichStaff means that nobody was named and there is more than one account.
	ErrWhichStaff = errors.New("there are several staff accounts")
)

const (
	maxStaff     = 200
	maxStaffName = 40 // characters
)

// StaffMember is an account as a list shows it.
type StaffMember struct {
	Name     string    `json:"name"`
	Role     Role      `json:"role"`
	Added    time.Time `json:"added"` // UTC
	Disabled bool      `json:"disabled"`
}

// account is one account as it is sealed.
type account struct {
	StaffMember
	PIN pinHash `json:"pin"`
	// Failures counts wrong PINs since the last right one, Failed is when the last was tried.
	Failures int       `json:"failures,omitempty"`
	Failed   time.Time `json:"failed,omitzero"`
}

func staffPlace(vault ID) place { return place{class: classStaff, vault: vault} }

var keyStaff = []byte("staff")

// Staff lists the accounts by name.
func (v *Vault) Staff() ([]StaffMember, error) {
	accounts, err := v.accounts()
	if err != nil {
		return nil, err
	}
	list := make([]StaffMember, len(accounts))
	for i, a := range accounts {
		list[i] = a.StaffMember
	}
	return list, nil
}

// Staffed says whether anybody has an account that is not disabled: from then on a PIN guards the shoppers' words.
func (v *Vault) Staffed() (bool, error) {
	accounts, err := v.accounts()
	return active(accounts) > 0, err
}

// AddStaff makes an account, or makes a disabled one anew. The first must be a manager's, else nobody could look after the
// others. Errors wrap ErrStaff or ErrWeakPIN.
func (v *Vault) AddStaff(name string, role Role, pin seal.Secret, now time.Time) error {
	if err := checkStaffName(name); err != nil {
		return err
	}
	if !slices.Contains(Roles(), role) {
		return fmt.Errorf("%w: role %q is unknown: use staff, technician or manager", ErrStaff, role)
	}
	if err := checkPIN(pin); err != nil {
		return err
	}
	now, err := storedTime(now)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStaff, err)
	}
	hash := v.hashPIN(pin)
	v.staffMu.Lock()
	defer v.staffMu.Unlock()
	accounts, err := v.accounts()
	if err != nil {
		return err
	}
	added := account{StaffMember: StaffMember{Name: name, Role: role, Added: now}, PIN: hash}
	switch i := findStaff(accounts, name); {
	case active(accounts) == 0 && role != RoleManager:
		return fmt.Errorf("%w: the first has to be a manager, who can look after the others: use --role manager", ErrStaff)
	case i >= 0 && !accounts[i].Disabled:
		return fmt.Errorf("%w %s exists already: disable it first, or choose another name", ErrStaff, accounts[i].Name)
	case i >= 0:
		accounts[i] = added
	case len(accounts) >= maxStaff:
		return fmt.Errorf("%w: there are %d already: make a disabled one anew", ErrStaff, len(accounts))
	default:
		accounts = append(accounts, added)
	}
	return v.putStaff(accounts)
}

// DisableStaff ends an account: its PIN opens nothing any more. The last manager goes after everybody else. Errors wrap
// ErrStaff.
func (v *Vault) DisableStaff(name string) error {
	v.staffMu.Lock()
	defer v.staffMu.Unlock()
	accounts, err := v.accounts()
	if err != nil {
		return err
	}
	i := findStaff(accounts, name)
	if i < 0 {
		return fmt.Errorf("%w %s does not exist: `tenin staff list` shows them", ErrStaff, name)
	}
	accounts[i].Disabled = true
	managers := 0
	for _, a := range accounts {
		if a.Role == RoleManager && !a.Disabled {
			managers++
		}
	}
	if managers == 0 && active(accounts) > 0 {
		return fmt.Errorf("%w %s is the last manager: disable the others first, or add another manager", ErrStaff, accounts[i].Name)
	}
	return v.putStaff(accounts)
}

func checkStaffName(name string) error {
	n := utf8.RuneCountInString(name)
	switch {
	case n == 0 || n > maxStaffName || !utf8.ValidString(name):
		return fmt.Errorf("%w: a name has 1 to %d characters", ErrStaff, maxStaffName)
	case strings.TrimSpace(name) != name:
		return fmt.Errorf("%w: the name begins or ends with a space", ErrStaff)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) || r == '\uFFFD' }):
		return fmt.Errorf("%w: the name holds a character that cannot be shown", ErrStaff)
	}
	return nil
}

// findStaff returns the account's index, or -1. Names that differ in case only would be taken for each other.
func findStaff(accounts []account, name string) int {
	return slices.IndexFunc(accounts, func(a account) bool { return strings.EqualFold(a.Name, name) })
}

func active(accounts []account) (n int) {
	for _, a := range accounts {
		if !a.Disabled {
			n++
		}
	}
	return n
}

// accounts reads the accounts, by name. That they are all there is known by the tag in the state.
func (v *Vault) accounts() (list []account, err error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	err = v.view(func(tx *bolt.Tx) (err error) {
		list, err = v.readStaff(tx)
		return err
	})
	return list, explain(v.path(dbName), err)
}

func (v *Vault) readStaff(tx *bolt.Tx) ([]account, error) {
	stored := tx.Bucket(bucketVault).Get(keyStaff)
	if v.staffTag == (pin{}) && stored == nil {
		return nil, nil
	}
	if len(stored) < len(pin{}) || v.staffTag != tagOf(stored) {
		return nil, damaged("the staff accounts are not those that were written last; restore the home from a backup")
	}
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return nil, err
	}
	payload, err := openRecord(aead, staffPlace(v.ring.vault), kindStaff, stored)
	if err != nil {
		return nil, fmt.Errorf("staff accounts: %w", err)
	}
	defer clear(payload)
	var list []account
	if err := decode(payload, &list, v.newer()); err != nil {
		return nil, fmt.Errorf("staff accounts: %w", err)
	}
	for _, a := range list {
		if err := a.PIN.check(); err != nil {
			return nil, fmt.Errorf("staff accounts: %w", err)
		}
	}
	return list, nil
}

// putStaff stores the accounts and, in the same transaction, the tag by which an older copy or none is found out. It
// takes no room that erasing needs: the record replaces one of its size.
func (v *Vault) putStaff(accounts []account) error {
	slices.SortFunc(accounts, func(a, b account) int { return strings.Compare(a.Name, b.Name) })
	payload, err := json.Marshal(accounts)
	if err != nil {
		return err
	}
	defer clear(payload)
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.usable(); err != nil {
		return err
	}
	if err := v.settle(); err != nil {
		return err
	}
	aead, err := newAEAD(v.ring.state)
	if err != nil {
		return err
	}
	stored, err := sealRecord(aead, staffPlace(v.ring.vault), kindStaff, payload)
	if err != nil {
		return fmt.Errorf("staff accounts: %w", err)
	}
	before := v.staffTag
	v.staffTag = tagOf(stored)
	err = v.update(func(tx *bolt.Tx) error {
		if err := tx.Bucket(bucketVault).Put(keyStaff, stored); err != nil {
			return err
		}
		return v.putState(tx)
	})
	if err != nil {
		v.staffTag = before
	}
	return err
}
