package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"tenin/audio"
	"tenin/llm/knowledge"
	"tenin/llm/models"
	"tenin/storage"
	"tenin/storage/seal"
)

func TestEveryErrorHasItsExitCodeHoweverOftenItIsWrapped(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, exitDone},
		{errors.New("anything"), exitFailed},
		{audio.ErrNotAudio, exitFailed},
		{audio.ErrTooLong, exitFailed},
		{models.ErrMissing, exitFailed},
		{models.ErrNoSpace, exitFailed},
		{models.ErrNoNetwork, exitFailed},
		{storage.ErrLocked, exitFailed},
		{storage.ErrNoSpace, exitFailed},
		{storage.ErrNotFound, exitFailed},
		{storage.ErrNewer, exitFailed},
		{knowledge.ErrLocked, exitFailed},
		{knowledge.ErrNoHistory, exitFailed},
		{fs.ErrNotExist, exitFailed},
		{usageError{errors.New("which one?")}, exitUsage},
		{refusedError{errors.New("not here")}, exitRefused},
		{storage.ErrReadOnly, exitRefused},
		{storage.ErrNoConsent, exitRefused},
		{models.ErrReadOnly, exitRefused},
		{seal.ErrUnsafe, exitRefused},
		{fs.ErrPermission, exitRefused},
		{&os.PathError{Op: "open", Path: "key", Err: syscall.EACCES}, exitRefused},
		{storage.ErrDamaged, exitDamaged},
		{storage.ErrWrongKey, exitDamaged},
		{seal.ErrWrongKey, exitDamaged},
		{seal.ErrNoKey, exitDamaged},
		{seal.ErrDamaged, exitDamaged},
		{models.ErrDamaged, exitDamaged},
		{knowledge.ErrDamaged, exitDamaged},
		{quietError{exitDamaged}, exitDamaged},
		{quietError{exitFailed}, exitFailed},
	} {
		wrapped := c.err
		if c.err != nil {
			wrapped = errors.Join(errors.New("while closing"), fmt.Errorf("home: %w", c.err))
		}
		for _, err := range []error{c.err, wrapped} {
			if got := exitCode(err); got != c.want {
				t.Errorf("%v: exit code %d, want %d", err, got, c.want)
			}
		}
	}
}

func TestAUsageErrorCountsAsUsageWhateverItWraps(t *testing.T) {
	if got := exitCode(usageError{fmt.Errorf("settings: %w", fs.ErrPermission)}); got != exitUsage {
		t.Errorf("exit code %d", got)
	}
}

func TestAMessageIsOneLine(t *testing.T) {
	err := errors.Join(errors.New("first"), errors.New("second\n\tthird"))
	if got := oneLine(err.Error()); got != "first second third" {
		t.Errorf("%q", got)
	}
}
