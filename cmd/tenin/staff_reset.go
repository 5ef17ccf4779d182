package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

func newStaffReset(f *flags) *cobra.Command {
	var recoveryFile, pinFile string
	c := &cobra.Command{
		Use:   "reset [NAME]",
		Short: "A new PIN for an account whose PIN is lost, with the recovery key",
		Long: `Gives an account a new PIN. The recovery key, which was written down when the kiosk was set up, is the proof; it is typed, or
read from --recovery-file. A disabled account works again; where no manager is left, the account is a manager's. What was
open with the old PIN ends, and the log of accesses has a line of it. NAME may be left out where there is one account.

JSON fields: name, role.`,
		Example: `  tenin staff reset sato
  tenin staff reset sato --recovery-file - --pin-file pin < key`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			recovery, err := readRecovery(cmd.Context(), cmd.InOrStdin(), recoveryFile)
			if err != nil {
				return err
			}
			defer recovery.Destroy()
			pin, err := newPIN(cmd.Context(), cmd.InOrStdin(), pinFile)
			if err != nil {
				return err
			}
			defer pin.Destroy()
			m, err := kiosk.ResetStaffPIN(cmd.Context(), home, kiosk.Unlock{Seal: settings.Seal}, recovery, name, pin)
			if err != nil {
				return refusedRecovery(err)
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"name": m.Name, "role": m.Role})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s (%s) has a new PIN\n", m.Name, m.Role)
			return err
		},
	}
	c.Flags().StringVar(&recoveryFile, "recovery-file", "", "file with the recovery key (- is standard input), instead of typing it")
	c.Flags().StringVar(&pinFile, "pin-file", "", "file with the new PIN, instead of typing it")
	return c
}

// refusedRecovery marks what the recovery key does not open, for the exit code.
func refusedRecovery(err error) error {
	if errors.Is(err, seal.ErrRecoveryKey) || errors.Is(err, storage.ErrNoRecovery) {
		return refusedError{err}
	}
	return refused(err)
}

// readRecovery reads the recovery key as it is written: from a file, from standard input, or unseen from a terminal.
func readRecovery(ctx context.Context, in io.Reader, file string) (seal.Secret, error) {
	if file != "" {
		return kiosk.ReadPIN(file)
	}
	if !isTerminal(in) {
		return seal.Secret{}, usageError{errors.New("there is no terminal to ask for the recovery key: name a file that holds it with --recovery-file")}
	}
	return askPIN(ctx, in, "recovery key: ")
}
