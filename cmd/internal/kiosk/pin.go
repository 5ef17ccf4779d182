package kiosk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"golang.org/x/term"

	"tenin/cmd/internal/service"
	"tenin/storage/seal"
)

// PIN gives a PIN or a passphrase; the prompt is for a person, should one be asked. Each call returns a Secret of its own,
// which the caller destroys.
type PIN func(prompt string) (seal.Secret, error)

// FindPIN looks for a PIN once, when it is first needed, and remembers it: in file ("-" is standard input), else in the
// credential tenin.pin that systemd gave, else from a person at the terminal, unseen. The error wraps seal.ErrNoKey when
// there is none of these.
func FindPIN(file string) PIN {
	var once sync.Once
	var kept seal.Secret
	var err error
	return func(prompt string) (seal.Secret, error) {
		once.Do(func() { kept, err = findPIN(file, prompt) })
		if err != nil {
			return seal.Secret{}, err
		}
		return seal.NewSecret(kept.Bytes()), nil
	}
}

// NewPIN is FindPIN for one that is chosen now: a person types it twice.
func NewPIN(file string) PIN {
	find := FindPIN(file)
	if file != "" || service.CredentialPath(service.PIN) != "" {
		return find
	}
	var once sync.Once
	var err error
	return func(prompt string) (seal.Secret, error) {
		first, ferr := find("New " + prompt)
		if ferr != nil {
			return first, ferr
		}
		once.Do(func() {
			var again seal.Secret
			if again, err = askHere("Again: "); err == nil && !again.Equal(first) {
				err = errors.New("the two are not the same: nothing was changed")
			}
			again.Destroy()
		})
		if err != nil {
			first.Destroy()
			return seal.Secret{}, err
		}
		return first, nil
	}
}

func findPIN(file, prompt string) (seal.Secret, error) {
	if file != "" {
		return ReadPIN(file)
	}
	b, err := service.Credential(service.PIN)
	switch {
	case err == nil:
		return checkPIN("credential "+service.PIN, b)
	case !errors.Is(err, fs.ErrNotExist):
		return seal.Secret{}, err
	}
	return askHere(prompt)
}

// askHere asks at the terminal of this process.
func askHere(prompt string) (seal.Secret, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return seal.Secret{}, fmt.Errorf("PIN: %w: nobody can be asked here; give the credential %s, or name a file with --pin-file", seal.ErrNoKey, service.PIN)
	}
	// The program's own handling of Ctrl-C does not end a read of the terminal.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return AskPIN(ctx, os.Stdin, prompt)
}
