package update

import (
	"errors"
	"fmt"
)

// Reason is why a bundle was refused, or a version taken back: a stable word for machines. The set is closed.
type Reason string

// The reasons for which a bundle is refused.
const (
	ReasonSignature  Reason = "signature"  // not signed by the key of this device
	ReasonDamaged    Reason = "damaged"    // cut, or its bytes are not those that were signed
	ReasonProduct    Reason = "product"    // for another product
	ReasonArch       Reason = "arch"       // for another processor
	ReasonTest       Reason = "test"       // a test's bundle on a shop's device
	ReasonVersion    Reason = "version"    // not newer than what runs
	ReasonFloor      Reason = "floor"      // below the floor; for a version that was taken back: it did not know it was
	ReasonVault      Reason = "vault"      // it could not read the vault, or what it writes could not be read when it is taken back
	ReasonModels     Reason = "models"     // it needs weights that it does not bring; taken back: they do not load
	ReasonSpace      Reason = "space"      // no room in the slot or on the ESP
	ReasonSize       Reason = "size"       // larger than a bundle may be
	ReasonKind       Reason = "kind"       // no regular file
	ReasonDisk       Reason = "disk"       // writing failed, or another thing was read back
	ReasonTrial      Reason = "trial"      // what runs is itself a trial
	ReasonSuperseded Reason = "superseded" // a newer one came
	ReasonAgain      Reason = "again"      // it was taken back before
	ReasonInternal   Reason = "internal"
)

// The reasons for which a version is taken back, beside ReasonFloor and ReasonModels.
const (
	ReasonBoot     Reason = "boot"     // it never came up: a panic, a hang, a power cut at each try
	ReasonKiosk    Reason = "kiosk"    // the kiosk does not serve
	ReasonQuestion Reason = "question" // the self-test's question got no answer
	ReasonOpenable Reason = "vault"    // the vault does not open; the same word as ReasonVault
	ReasonTime     Reason = "time"     // not healthy in time
	ReasonByHand   Reason = "hand"     // somebody asked for it
)

// A Refusal is an update that is not made, for a reason that has a word. Nothing that starts was changed.
type Refusal struct {
	Reason Reason
	Err    error
}

// Error implements error.
func (r *Refusal) Error() string { return r.Err.Error() }

// ErrUnverified is in the chain of a refusal of bytes that were not signed, or are not those that were.
var ErrUnverified = errors.New("not verified")

// Is implements errors.Is for ErrUnverified.
func (r *Refusal) Is(target error) bool {
	return target == ErrUnverified && (r.Reason == ReasonSignature || r.Reason == ReasonDamaged)
}

// Unwrap returns what is said to people.
func (r *Refusal) Unwrap() error { return r.Err }

func refuse(reason Reason, format string, a ...any) error {
	return &Refusal{reason, fmt.Errorf(format, a...)}
}

// ReasonOf returns the word for err: that of the Refusal in it, or ReasonInternal.
func ReasonOf(err error) Reason {
	var r *Refusal
	if errors.As(err, &r) {
		return r.Reason
	}
	return ReasonInternal
}
