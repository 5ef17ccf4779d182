package doctor

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

// tpm looks at the TPM and at what guards the vault's key. It does not open the vault.
func tpm(_ context.Context, o Options, tell func(string, State, string, string)) {
	kind := kiosk.SealKind(o.Home, o.Settings.Seal)
	var info seal.Info
	if blob, err := storage.SealedKey(o.Home); err == nil {
		if i, err := seal.Inspect(blob); err == nil {
			info, kind = i, i.Kind
		}
	}
	needed := kind == seal.KindTPM
	s, err := seal.ReadTPM(o.Settings.Seal.Device)
	switch {
	case err != nil && needed:
		tell("tpm", Fail, err.Error(), "the vault does not open without it")
	case err != nil:
		tell("tpm", Warn, err.Error(), "without one a key file or a passphrase guards the vault")
	default:
		tell("tpm", OK, "made by "+s.Maker, "")
	}
	if err == nil {
		lockout(s, info, needed, tell)
	}
	switch {
	case needed && len(info.SignedPCRs) > 0:
		tell("guard", OK, "the TPM, for our signed image only", "")
	case needed:
		tell("guard", Warn, "the TPM, against a stolen disk but not a stolen machine: our signed image was not started", "flash the machine with our image, or ask for a PIN: `tenin keys reseal --to tpm --pin`")
	case err == nil:
		tell("guard", Warn, fmt.Sprintf("a %s, though there is a TPM", kind), "`tenin keys reseal --to tpm`, after reading `tenin keys status`")
	}
}

func lockout(s seal.TPMStatus, info seal.Info, needed bool, tell func(string, State, string, string)) {
	every := fmt.Sprintf("one comes back every %s while the machine runs", s.Recovery.Round(time.Second))
	switch {
	case s.LockedOut && info.PIN:
		tell("lockout", Fail, fmt.Sprintf("locked after %d wrong tries or power cuts: the right PIN does not open the vault either", s.Failures), every+", or: tpm2_dictionarylockout --clear-lockout")
	case s.LockedOut:
		tell("lockout", Warn, fmt.Sprintf("locked after %d wrong tries or power cuts; the vault has no PIN and opens", s.Failures), every)
	case s.Failures > 0:
		tell("lockout", Warn, fmt.Sprintf("%d of %d wrong tries", s.Failures, s.MaxFailures), every)
	default:
		tell("lockout", OK, fmt.Sprintf("no wrong try; %d would lock it", s.MaxFailures), "")
	}
	switch {
	case !needed:
	case info.Kind == seal.KindTPM && sha256.Sum256(s.PCR7[:]) != info.PCR7:
		tell("pcr7", Fail, "not what it was when the key was sealed: the vault does not open", "put Secure Boot and its keys back as they were, and start again")
	case !s.Measured:
		tell("pcr7", Warn, "empty: the firmware measures no Secure Boot, so PCR 7 binds the key to nothing", "start with UEFI and Secure Boot, and then: `tenin keys reseal --to tpm`")
	default:
		tell("pcr7", OK, "as it was when the key was sealed", "")
	}
}
