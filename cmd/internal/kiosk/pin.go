package kiosk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
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

const maxPIN = 1024 // bytes

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
			if again, err = askPIN("Again: "); err == nil && !again.Equal(first) {
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
		return readPIN(file)
	}
	b, err := service.Credential(service.PIN)
	switch {
	case err == nil:
		return checkPIN("credential "+service.PIN, b)
	case !errors.Is(err, fs.ErrNotExist):
		return seal.Secret{}, err
	}
	return askPIN(prompt)
}

// readPIN reads a file with nothing but the PIN, and a line feed perhaps.
func readPIN(path string) (seal.Secret, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		if f, err = os.Open(path); err != nil {
			return seal.Secret{}, fmt.Errorf("PIN: %w", err)
		}
		defer f.Close()
		info, err := f.Stat()
		if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
			return seal.Secret{}, fmt.Errorf("PIN: %w: others may read %s; first: chmod 600 %s", seal.ErrUnsafe, path, path)
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxPIN+2))
	if err != nil {
		return seal.Secret{}, fmt.Errorf("PIN: %w", err)
	}
	return checkPIN(path, b)
}

func checkPIN(where string, b []byte) (seal.Secret, error) {
	defer clear(b)
	line := bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
	switch {
	case len(line) == 0:
		return seal.Secret{}, fmt.Errorf("PIN: %w: %s is empty", seal.ErrNoKey, where)
	case len(line) > maxPIN || bytes.ContainsAny(line, "\n\r\x00"):
		return seal.Secret{}, fmt.Errorf("PIN: %w: %s holds more than one line with a PIN", seal.ErrNoKey, where)
	}
	return seal.NewSecret(line), nil
}

// askPIN asks at the terminal of this process, which shows nothing of what is typed.
func askPIN(prompt string) (seal.Secret, error) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return seal.Secret{}, fmt.Errorf("PIN: %w: nobody can be asked here; give the credential %s, or name a file with --pin-file", seal.ErrNoKey, service.PIN)
	}
	fd := int(os.Stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return seal.Secret{}, fmt.Errorf("PIN: %w", err)
	}
	// The program's own handling of Ctrl-C does not end a read of the terminal.
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(stop)
	fmt.Fprint(os.Stderr, prompt)
	defer fmt.Fprintln(os.Stderr)
	typed := make(chan []byte, 1)
	go func() {
		b, err := term.ReadPassword(fd)
		if err != nil {
			b = nil
		}
		typed <- b
	}()
	select {
	case b := <-typed:
		if len(b) == 0 {
			return seal.Secret{}, fmt.Errorf("PIN: %w: none was typed", seal.ErrNoKey)
		}
		return seal.TakeSecret(b), nil
	case <-stop:
		_ = term.Restore(fd, before)
		return seal.Secret{}, fmt.Errorf("PIN: %w: none was typed", seal.ErrNoKey)
	}
}
