package main

import (
	"errors"
	"io/fs"
	"strings"

	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
	"tenin/llm/knowledge"
	"tenin/llm/models"
	"tenin/storage"
	"tenin/storage/seal"
)

// The exit codes of every command.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitRefused = 3
	exitDamaged = 4
)

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

// exitCode maps an error to the code of the process, here and nowhere else.
func exitCode(err error) int {
	var quiet quietError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &quiet):
		return quiet.code
	case errors.As(err, new(usageError)):
		return exitUsage
	// Before damage: a key file that others may use is refused, whatever the vault makes of it.
	case errors.As(err, new(refusedError)), errors.Is(err, fs.ErrPermission), errors.Is(err, storage.ErrReadOnly),
		errors.Is(err, models.ErrReadOnly), errors.Is(err, sandbox.ErrMissing), errors.Is(err, seal.ErrUnsafe),
		errors.Is(err, seal.ErrPCR), errors.Is(err, seal.ErrLockedOut), errors.Is(err, worker.ErrSeal), errors.Is(err, storage.ErrNoConsent):
		return exitRefused
	case errors.Is(err, storage.ErrDamaged), errors.Is(err, storage.ErrWrongKey), errors.Is(err, seal.ErrWrongKey),
		errors.Is(err, seal.ErrNoKey), errors.Is(err, seal.ErrNoTPM), errors.Is(err, seal.ErrNoCounter), errors.Is(err, storage.ErrRolledBack),
		errors.Is(err, seal.ErrDamaged), errors.Is(err, models.ErrDamaged),
		errors.Is(err, knowledge.ErrDamaged):
		return exitDamaged
	default:
		return exitFailed
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
