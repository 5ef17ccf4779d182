package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	bolterrors "go.etcd.io/bbolt/errors"

	"tenin/storage/seal"
)

var (
	// ErrDamaged means that stored bytes are missing, changed or impossible.
	ErrDamaged = errors.New("damaged")
	// ErrWrongKey means that the vault is whole but this key does not open it.
	ErrWrongKey = errors.New("wrong key")
	// ErrRolledBack means that the files are whole and belong together, and that
	// there were later ones: somebody put back an earlier copy of both.
	ErrRolledBack = errors.New("older than it was")
	// ErrLocked means that another process has the vault open.
	ErrLocked = errors.New("vault is in use by another tenin")
	// ErrNoSpace means that the disk, or the vault's own limit, is full.
	ErrNoSpace = errors.New("no space left")
	// ErrReadOnly means that the home folder cannot be written.
	ErrReadOnly = errors.New("home is not writable")
	// ErrNewer means that a newer tenin wrote the files.
	ErrNewer = errors.New("written by a newer tenin")
	// ErrNoConsent means that sound from a microphone was to be kept without the
	// shopper's consent.
	ErrNoConsent = errors.New("no consent")
	// ErrNotFound means that there is no such session; it may have been erased.
	ErrNotFound = errors.New("no such session")
	// ErrTooLarge means that one record is larger than a record may be.
	ErrTooLarge = errors.New("record is too large")
	// ErrClosed means that the session, clip or vault was closed before.
	ErrClosed = errors.New("already closed")
)

// damaged returns an error wrapping ErrDamaged that says what is wrong and what
// to do about it.
func damaged(format string, a ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, a...))
}

// explain adds the sentinel that fits an error of the file system, of bbolt or
// of a sealer.
func explain(what string, err error) error {
	kind := error(nil)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrDamaged), errors.Is(err, ErrNoSpace), errors.Is(err, ErrReadOnly), errors.Is(err, ErrWrongKey), errors.Is(err, ErrLocked):
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG), errors.Is(err, bolterrors.ErrMaxSizeReached):
		kind = ErrNoSpace
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		kind = ErrReadOnly
	case errors.Is(err, seal.ErrWrongKey), errors.Is(err, seal.ErrNoKey):
		kind = ErrWrongKey
	case errors.Is(err, seal.ErrDamaged),
		errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		kind = ErrDamaged
	}
	if kind == nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return fmt.Errorf("%s: %w: %w", what, kind, err)
}
