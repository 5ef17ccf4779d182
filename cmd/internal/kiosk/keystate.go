package kiosk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"tenin/storage"
	"tenin/storage/seal"
)

// KeyState is what can be told about the key of a home's vault.
type KeyState struct {
	// Vault says that there is one; without it the rest is what a new one would have.
	Vault bool `json:"vault"`
	// Kind is "tpm", "keyfile" or "passphrase", and Protects what that protects against and what not.
	Kind     seal.Kind `json:"kind"`
	Protects string    `json:"protects"`
	// PIN says that every start asks for one.
	PIN bool `json:"pin"`
	// PCRs are bound to their values, SignedPCRs to signatures of the key with the fingerprint Signer.
	PCRs       []int  `json:"pcrs"`
	SignedPCRs []int  `json:"signed_pcrs"`
	Signer     string `json:"signer,omitempty"`
	// TPM is the TPM's own state; nil where none is involved.
	TPM *TPMState `json:"tpm,omitempty"`
	// Open says that the vault was opened, and Keys what was found; Error why not.
	Open  bool       `json:"open"`
	Keys  *VaultKeys `json:"keys,omitempty"`
	Error string     `json:"error,omitempty"`
	// LeftKeyFile is a key file that nothing is sealed with any more.
	LeftKeyFile string `json:"left_key_file,omitempty"`
}

// TPMState is the state of a TPM that guards a vault.
type TPMState struct {
	Device string `json:"device"`
	Maker  string `json:"maker"`
	// Failures are the wrong tries that count, of MaxFailures; one is taken back every RecoverySeconds.
	Failures        int  `json:"failures"`
	MaxFailures     int  `json:"max_failures"`
	RecoverySeconds int  `json:"recovery_seconds"`
	LockedOut       bool `json:"locked_out"`
	// Measured says that the firmware measures Secure Boot, PCR7Matches that PCR 7 is as it was when the key was sealed.
	Measured    bool `json:"secure_boot_measured"`
	PCR7Matches bool `json:"pcr7_matches"`
	// Error says why the TPM cannot be asked; the fields above are then zero.
	Error string `json:"error,omitempty"`
}

// VaultKeys is what an open vault knows about its keys.
type VaultKeys struct {
	Generation uint64 `json:"generation"`
	// RootMade is when the root key was made; absent for one that an older tenin made. RootDays is its age.
	RootMade *time.Time `json:"root_made,omitempty"`
	RootDays *int       `json:"root_age_days,omitempty"`
	Sessions int        `json:"session_keys"`
	// Recovery is when the recovery key was made; absent: there is none.
	Recovery *time.Time `json:"recovery_made,omitempty"`
	// Counter is the number that finds out an earlier copy of the whole vault: it agrees with the vault, or that would
	// not have opened. Absent: nothing counts this vault.
	Counter *uint64 `json:"counter,omitempty"`
}

// ReadKeyState looks at the key of home's vault, and into the vault if that opens. The error is why it does not open; what
// could be told stands all the same. A running kiosk is asked; a vault that another process has is no error.
func ReadKeyState(home string, u Unlock, now time.Time) (s KeyState, err error) {
	s = KeyState{Kind: SealKind(home, u.Seal), Protects: DescribeSeal(home, u.Seal), PIN: u.Seal.PIN, PCRs: []int{}, SignedPCRs: []int{}}
	blob, err := storage.SealedKey(home)
	var info seal.Info
	if err == nil {
		s.Vault = true
		info, err = seal.Inspect(blob)
	} else if errors.Is(err, fs.ErrNotExist) && !HasVault(home) {
		err = nil
	}
	if err != nil {
		s.Vault, s.Error = true, err.Error()
		return s, err
	}
	if s.Vault {
		s.PIN, s.Signer = info.PIN, info.Signer
		s.PCRs, s.SignedPCRs = append(s.PCRs, info.PCRs...), append(s.SignedPCRs, info.SignedPCRs...)
		if info.Kind != s.Kind {
			err := fmt.Errorf("%w: seal.kind is %q and the vault is sealed with %q; set it to \"auto\"", ErrSettings, s.Kind, info.Kind)
			s.Kind, s.Error = info.Kind, err.Error()
			return s, err
		}
	}
	if s.Kind == seal.KindTPM {
		s.TPM = tpmState(u.Seal.Device, info)
	}
	if !s.Vault {
		return s, nil
	}
	if path := KeyFile(home).Path(); s.Kind != seal.KindKeyFile {
		if _, err := os.Lstat(path); err == nil {
			s.LeftKeyFile = path
		}
	}
	k, err := readKeys(context.Background(), home, u)
	if err != nil {
		s.Error = err.Error()
		if errors.Is(err, storage.ErrLocked) {
			err = nil
		}
		return s, err
	}
	s.Open = true
	s.Keys = &VaultKeys{Generation: k.Generation, Sessions: k.Sessions}
	if !k.RootMade.IsZero() {
		days := int(now.Sub(k.RootMade).Hours() / 24)
		s.Keys.RootMade, s.Keys.RootDays = &k.RootMade, &days
	}
	if k.Counted {
		s.Keys.Counter = &k.Count
	}
	if k.Recovery {
		s.Keys.Recovery = &k.RecoveryMade
	}
	return s, nil
}

// readKeys asks the kiosk that runs on home, or opens the vault.
func readKeys(ctx context.Context, home string, u Unlock) (k storage.KeyStatus, err error) {
	owner, err := OpenOwner(ctx, home, u)
	if err != nil {
		return k, err
	}
	defer func() { err = errors.Join(err, owner.Close()) }()
	if l, ok := owner.(*local); ok {
		// Here a database that is missing is damage, and not a vault that was never made.
		if err := l.open(true); err != nil {
			return k, err
		}
	}
	return owner.Keys(ctx)
}

func tpmState(device string, info seal.Info) *TPMState {
	if device == "" {
		device = seal.DefaultTPM
	}
	t := &TPMState{Device: device}
	s, err := seal.ReadTPM(device)
	if err != nil {
		t.Error = err.Error()
		return t
	}
	t.Maker, t.Failures, t.MaxFailures, t.RecoverySeconds, t.LockedOut = s.Maker, s.Failures, s.MaxFailures, int(s.Recovery.Seconds()), s.LockedOut
	t.Measured, t.PCR7Matches = s.Measured, info.Kind == seal.KindTPM && sha256.Sum256(s.PCR7[:]) == info.PCR7
	return t
}
