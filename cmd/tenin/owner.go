package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

// The environment of a script that gives a PIN.
const (
	staffVariable = "TENIN_STAFF"
	pinVariable   = "TENIN_PIN"
)

// asker is who of the staff runs a command, for a kiosk that wants to know.
type asker struct{ name, pinFile string }

// addTo gives a command the asker's flags: name and file, as they are called there.
func (a *asker) addTo(c *cobra.Command, name, file string) {
	c.Flags().StringVar(&a.name, name, "", "whose PIN is given to a running kiosk (default: $"+staffVariable+", or the only account)")
	c.Flags().StringVar(&a.pinFile, file, "", "file with that PIN (default: $"+pinVariable+", or it is asked for)")
}

// withVault has do ask whoever has the vault: the kiosk that runs on the home, or this process. A PIN is asked for when the
// kiosk wants one, and do is called again: it prints nothing before it has its result.
func withVault(cmd *cobra.Command, f *flags, who *asker, do func(kiosk.Owner) error) error {
	home, settings, err := f.load()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	err = withOwner(ctx, home, kiosk.Unlock{Seal: settings.Seal}, func(owner kiosk.Owner) error {
		err := do(owner)
		if !errors.Is(err, control.ErrPINNeeded) || who == nil {
			return err
		}
		if err := who.login(ctx, cmd.InOrStdin(), owner); err != nil {
			return err
		}
		return do(owner)
	})
	return refused(err)
}

func withOwner(ctx context.Context, home string, how kiosk.Unlock, do func(kiosk.Owner) error) (err error) {
	for try := 0; ; try++ {
		owner, err := kiosk.OpenOwner(ctx, home, how)
		if err != nil {
			return err
		}
		err = do(owner)
		running := owner.Running()
		err = errors.Join(err, owner.Close())
		// A kiosk that has just started holds the vault before it answers: it is asked once more.
		if try > 0 || running || !errors.Is(err, storage.ErrLocked) {
			return err
		}
	}
}

// refused marks what the staff's rules do not allow, for the exit code.
func refused(err error) error {
	for _, no := range []error{control.ErrPINNeeded, control.ErrNotAllowed, control.ErrNotOurs, storage.ErrWrongPIN, storage.ErrPINLocked, storage.ErrWeakPIN, kiosk.ErrReason} {
		if errors.Is(err, no) {
			return refusedError{err}
		}
	}
	if errors.Is(err, storage.ErrWhichStaff) {
		return usageError{err}
	}
	return err
}

// A locked is what a PIN opens.
type locked interface {
	Staff(context.Context) ([]storage.StaffMember, error)
	Login(ctx context.Context, name string, pin seal.Secret) error
}

// login gives the kiosk the asker's PIN.
func (a *asker) login(ctx context.Context, in io.Reader, owner locked) error {
	name := a.name
	if name == "" {
		name = os.Getenv(staffVariable)
	}
	if name == "" && isTerminal(in) {
		list, err := owner.Staff(ctx)
		if err != nil {
			return err
		}
		if activeStaff(list) > 1 {
			if name, err = ask(ctx, in, "name: "); err != nil {
				return err
			}
		}
	}
	pin, err := a.pin(ctx, in)
	if err != nil {
		return err
	}
	defer pin.Destroy()
	return owner.Login(ctx, name, pin)
}

func activeStaff(list []storage.StaffMember) (n int) {
	for _, m := range list {
		if !m.Disabled {
			n++
		}
	}
	return n
}

func (a *asker) pin(ctx context.Context, in io.Reader) (seal.Secret, error) {
	switch given := os.Getenv(pinVariable); {
	case a.pinFile != "":
		return kiosk.ReadPIN(a.pinFile)
	case given != "":
		return seal.NewSecret([]byte(given)), nil
	case isTerminal(in):
		return askPIN(ctx, in, "PIN: ")
	}
	return seal.Secret{}, refusedError{fmt.Errorf("%w, and there is no terminal to ask for it: name a file that holds it, or set %s", control.ErrPINNeeded, pinVariable)}
}

// ask asks a person at the terminal for a line.
func ask(ctx context.Context, in io.Reader, question string) (string, error) {
	fmt.Fprint(os.Stderr, question)
	line, err := during(ctx, func() (string, error) { return bufio.NewReader(in).ReadString('\n') })
	return strings.TrimSpace(line), err
}

// askPIN asks the person at in, a terminal, for a PIN, which is not shown.
func askPIN(ctx context.Context, in io.Reader, question string) (seal.Secret, error) {
	return kiosk.AskPIN(ctx, in.(*os.File), question)
}

// during waits for a read of the terminal, or for ctx: a terminal cannot be asked to stop.
func during[T any](ctx context.Context, read func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := read()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}
