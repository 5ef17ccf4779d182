package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/storage/seal"
)

func newKeysReseal(f *flags, pinFile *string) *cobra.Command {
	kinds := config.SealKinds[1:]
	var to, newPINFile string
	var pin bool
	c := &cobra.Command{
		Use:   "reseal --to " + strings.Join(kinds, "|"),
		Short: "Put the vault under a new root key that something else guards",
		Long: `Seals a new root key with a TPM, a key file or a passphrase. The new keyring is written beside the old one and opened from there
before it takes its place, so whatever fails, one of the two opens the vault; then the old key file is destroyed. No kiosk may
run meanwhile. A vault in the TPM is sealed anew with --to tpm, for another PIN or after the keys of Secure Boot changed.

JSON fields: from, to.`,
		Example: `  tenin keys reseal --to tpm
  tenin keys reseal --to tpm --pin --new-pin-file /run/pin
  tenin keys reseal --to keyfile`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(kinds, to) {
				return usageError{errors.New("say what guards the key: --to " + strings.Join(kinds, ", --to "))}
			}
			home, u, err := unlock(f, *pinFile)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("pin") {
				u.Seal.PIN = pin
			}
			if newPINFile == "-" && *pinFile == "-" {
				return usageError{errors.New("--pin-file and --new-pin-file cannot both be standard input")}
			}
			from, err := kiosk.Reseal(home, u, seal.Kind(to), kiosk.NewPIN(newPINFile))
			if errors.Is(err, kiosk.ErrSettings) {
				return usageError{err}
			} else if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), resealedJSON{string(from), to})
			}
			f.say("sealed anew, from %s to %s. %s", from, to, kiosk.DescribeSeal(home, u.Seal))
			return nil
		},
	}
	c.Flags().StringVar(&to, "to", "", "what guards the key from now on: "+strings.Join(kinds, ", "))
	c.Flags().BoolVar(&pin, "pin", false, "ask for a PIN at every start (TPM; default: seal.pin of the settings)")
	c.Flags().StringVar(&newPINFile, "new-pin-file", "", "file with the new PIN or passphrase (- is standard input)")
	return c
}
