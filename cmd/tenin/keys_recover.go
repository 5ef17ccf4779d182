package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

func newKeysRecover(f *flags, pinFile *string) *cobra.Command {
	kinds := config.SealKinds[1:]
	var accept, byKey, pin bool
	var recoveryFile, to, newPINFile string
	c := &cobra.Command{
		Use:   "recover --key | --accept-older",
		Short: "Open a vault whose seal is lost with the recovery key, or take one that is older than its counter",
		Long: `With --key the recovery key opens a vault that its TPM, PIN or key file does not open any more, and puts it under a new root key
that --to guards from then on. The recovery key is typed, or read from --recovery-file, and stays the vault's.

A vault in a TPM is counted, and does not open when an earlier copy of its files was put back, or when the counter was deleted.
After restoring a backup on purpose --accept-older takes it as it is and counts on. Erased sessions may be in it again: erase
them once more. A vault that moves to another machine or a cleared TPM takes both.

JSON fields: generation.`,
		Example: `  tenin keys recover --key
  tenin keys recover --key --accept-older --to tpm      after the machine was replaced
  tenin keys recover --accept-older`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if recoveryFile != "" {
				byKey = true
			}
			if !accept && !byKey {
				return usageError{errors.New("say what is meant: --key opens it with the recovery key, --accept-older takes an older state")}
			}
			home, u, err := unlock(f, *pinFile)
			if err != nil {
				return err
			}
			u.AcceptOlder = accept
			if !byKey {
				return changeKeys(cmd, f, home, u, func(*storage.Vault) error { return nil }, "the vault is taken as it is; look through `tenin sessions list` for what was erased since")
			}
			if !kiosk.HasVault(home) {
				return errNoVault
			}
			if to == "" {
				to = string(kiosk.SealKind(home, u.Seal))
			}
			if !slices.Contains(kinds, to) {
				return usageError{errors.New("say what guards the key from now on: --to " + strings.Join(kinds, ", --to "))}
			}
			if cmd.Flags().Changed("pin") {
				u.Seal.PIN = pin
			}
			recovery, err := readRecovery(cmd.Context(), cmd.InOrStdin(), recoveryFile)
			if err != nil {
				return err
			}
			defer recovery.Destroy()
			key, err := seal.ParseRecoveryKey(string(recovery.Bytes()))
			if err != nil {
				return refusedRecovery(err)
			}
			defer key.Destroy()
			newPIN := kiosk.NewPIN(newPINFile)
			if err := kiosk.Recover(home, u, key, seal.Kind(to), newPIN); errors.Is(err, kiosk.ErrSettings) {
				return usageError{err}
			} else if err != nil {
				return refusedRecovery(err)
			}
			if seal.Kind(to) == seal.KindPassphrase || u.Seal.PIN {
				u.PIN = newPIN
			}
			return changeKeys(cmd, f, home, u, func(*storage.Vault) error { return nil }, "the recovery key opened the vault; it is sealed with "+to+" now")
		},
	}
	c.Flags().BoolVar(&accept, "accept-older", false, "the vault is older on purpose, or its counter is gone")
	c.Flags().BoolVar(&byKey, "key", false, "open it with the recovery key")
	c.Flags().StringVar(&recoveryFile, "recovery-file", "", "file with the recovery key (- is standard input), instead of typing it")
	c.Flags().StringVar(&to, "to", "", "what guards the key from now on: "+strings.Join(kinds, ", ")+" (default: what guarded it)")
	c.Flags().BoolVar(&pin, "pin", false, "ask for a PIN at every start (TPM; default: seal.pin of the settings)")
	c.Flags().StringVar(&newPINFile, "new-pin-file", "", "file with the new PIN or passphrase (- is standard input)")
	return c
}
