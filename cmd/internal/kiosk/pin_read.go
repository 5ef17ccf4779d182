package kiosk

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/term"

	"tenin/storage/seal"
)

const maxPIN = 1024 // bytes

// ReadPIN reads a file with nothing in it but a PIN, a passphrase or a recovery key, and a line feed perhaps; "-" is standard
// input. The error wraps seal.ErrUnsafe when others may read the file, and seal.ErrNoKey when it holds none.
func ReadPIN(path string) (seal.Secret, error) {
	f := os.Stdin
	if path != "-" {
		var err error
		// O_NONBLOCK: a pipe that nobody writes to must not hang the start.
		if f, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0); err != nil {
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
		clear(b)
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

// AskPIN asks at a terminal, which shows nothing of what is typed, until ctx ends. The error wraps seal.ErrNoKey when nothing
// was typed.
func AskPIN(ctx context.Context, terminal *os.File, prompt string) (seal.Secret, error) {
	fd := int(terminal.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return seal.Secret{}, fmt.Errorf("PIN: %w", err)
	}
	fmt.Fprint(os.Stderr, prompt)
	defer fmt.Fprintln(os.Stderr)
	typed := make(chan []byte, 1)
	// A terminal cannot be asked to stop: after Ctrl-C the reader is left behind, and the terminal is made to show again.
	go func() {
		b, err := term.ReadPassword(fd)
		if err != nil {
			clear(b)
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
	case <-ctx.Done():
		_ = term.Restore(fd, before)
		return seal.Secret{}, fmt.Errorf("PIN: %w: none was typed: %w", seal.ErrNoKey, ctx.Err())
	}
}
