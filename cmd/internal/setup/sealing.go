package setup

import (
	"errors"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

// CheckSealing opens the vault and says what guards its key; the KeyState is what `tenin keys status` shows.
func (s *Setup) CheckSealing() (kiosk.KeyState, Finding) {
	state, err := kiosk.ReadKeyState(s.options.Home, s.unlock(), s.options.Now())
	return state, sealingFinding(state, err)
}

func sealingFinding(state kiosk.KeyState, err error) Finding {
	locked := state.TPM != nil && state.TPM.LockedOut
	switch {
	case locked || errors.Is(err, seal.ErrLockedOut):
		return found(Sealing, Bad, SealLocked, "the TPM takes no PIN for a while, after too many wrong ones", "wait, or end it with tpm2_dictionarylockout --clear-lockout")
	case err != nil:
		return found(Sealing, Bad, SealFailed, err.Error(), "the recovery key opens it: `tenin keys recover --key`")
	case !state.Vault:
		return found(Sealing, Undone, SealNone, "there is no vault yet: "+state.Protects, "make it now")
	case !state.Open && state.Error != "":
		return found(Sealing, Bad, SealFailed, state.Error, "stop the kiosk that has it")
	case state.Kind == seal.KindKeyFile:
		return found(Sealing, Fair, SealKeyFile, state.Protects, "with a TPM: seal it there; without: lock the machine away")
	case state.Kind == seal.KindTPM && len(state.SignedPCRs) == 0 && !state.PIN && !kiosk.OnDevice():
		return found(Sealing, Fair, SealUnbound, state.Protects, "flash the machine with our image, or ask for a PIN at every start")
	}
	return found(Sealing, Good, Fine, state.Protects, "")
}

// Seal puts the vault under a seal of this kind, and makes it where there is none; then it opens it anew, as a start of the
// kiosk will. pin gives the new PIN or passphrase where the kind has one; pinAtStart asks a TPM for one.
func (s *Setup) Seal(kind seal.Kind, pinAtStart bool, pin kiosk.PIN) (kiosk.KeyState, Finding) {
	u := s.unlock()
	u.Seal.PIN = pinAtStart
	err := s.sealWith(u, kind, pin)
	if errors.Is(err, storage.ErrLocked) {
		return kiosk.KeyState{}, failedTest(Sealing, err, "stop the kiosk first")
	}
	if err != nil {
		return kiosk.KeyState{}, found(Sealing, Bad, SealFailed, err.Error(), "nothing was changed; choose another seal, or put right what it says")
	}
	if pin != nil && (pinAtStart || kind == seal.KindPassphrase) {
		u.PIN = pin
	}
	s.options.Unlock.PIN = u.PIN
	state, err := kiosk.ReadKeyState(s.options.Home, u, s.options.Now())
	return state, sealingFinding(state, err)
}

func (s *Setup) sealWith(u kiosk.Unlock, kind seal.Kind, pin kiosk.PIN) error {
	if kiosk.HasVault(s.options.Home) {
		if kind == seal.KindKeyFile && kiosk.SealKind(s.options.Home, u.Seal) == kind {
			return nil
		}
		_, err := kiosk.Reseal(s.options.Home, u, kind, pin)
		return err
	}
	u.Seal.Kind = string(kind)
	if pin != nil {
		u.PIN = pin
	}
	vault, err := kiosk.OpenVault(s.options.Home, u)
	if err != nil {
		return err
	}
	return vault.Close()
}
