package main

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/firmware/bundle"
	"tenin/firmware/flash"
	"tenin/firmware/uki"
	"tenin/firmware/update"
	"tenin/firmware/verify"
	"tenin/firmware/verity"
	"tenin/llm/knowledge"
	"tenin/llm/models"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/storage/uplink"
	"tenin/storage/uplink/hub"
)

// The exit codes of every command.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 3
	exitDamaged = 4
)

// exitForSetUp is how the kiosk's process tells its launcher that a technician stands there. No command ends with it.
const exitForSetUp = 77

// usageError is a command line or a settings file that cannot be understood.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// refusedError is something that policy does not allow.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

// quietError ends a command with a code after its result has said everything.
type quietError struct{ code int }

func (quietError) Error() string { return "" }

func isQuiet(err error) bool { return errors.As(err, new(quietError)) }

// refusals are what policy, a permission or a missing proof of identity does not allow.
var refusals = []error{
	fs.ErrPermission, storage.ErrReadOnly, storage.ErrNoConsent, models.ErrReadOnly,
	seal.ErrUnsafe, seal.ErrPCR, seal.ErrLockedOut,
	sandbox.ErrMissing, worker.ErrSeal,
	control.ErrPINNeeded, control.ErrNotAllowed, control.ErrNotOurs,
	flash.ErrRefused, bundle.ErrOther,
	uplink.ErrRefused, uplink.ErrOtherHub, uplink.ErrPeer, uplink.ErrNotPrivate, hub.ErrNotPrivate, hub.ErrOtherUser,
	hub.ErrBundle, hub.ErrRollout, uplink.ErrWithdrawn,
}

// damages are data that cannot be used or not be verified, and keys that do not fit.
var damages = []error{
	storage.ErrDamaged, storage.ErrWrongKey, storage.ErrRolledBack,
	seal.ErrWrongKey, seal.ErrNoKey, seal.ErrDamaged, seal.ErrNoTPM, seal.ErrNoCounter,
	flash.ErrImage, flash.ErrReadBack,
	bundle.ErrSignature, bundle.ErrDamaged, uki.ErrNotVerified, verify.ErrNotVerified,
	verity.ErrNone, verity.ErrOther, verity.ErrDamaged,
	update.ErrUnverified, seal.ErrFloorOld,
	models.ErrDamaged, knowledge.ErrDamaged, uplink.ErrDamaged, hub.ErrDamaged,
	seal.ErrAttestation, uplink.ErrLied,
}

// exitCode maps an error to the code of the process, here and nowhere else.
func exitCode(err error) int {
	is := func(target error) bool { return errors.Is(err, target) }
	var quiet quietError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &quiet):
		return quiet.code
	case errors.As(err, new(usageError)):
		return exitUsage
	// Before damage: a key file that others may use is refused, whatever the vault makes of it.
	case errors.As(err, new(refusedError)), slices.ContainsFunc(refusals, is):
		return exitRefused
	case slices.ContainsFunc(damages, is):
		return exitDamaged
	default:
		return exitFailed
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
