package main

import (
	"errors"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

func newKeysRotate(f *flags, pinFile *string) *cobra.Command {
	return &cobra.Command{
		Use:   "rotate",
		Short: "Make a new root key under the same seal",
		Long: `Makes a new root key. What is left of older keyrings on the disk is not opened by it; sessions keep their own keys. An erasure
does the same by itself. JSON fields: generation.`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			home, u, err := unlock(f, *pinFile)
			if err != nil {
				return err
			}
			return changeKeys(cmd, f, home, u, (*storage.Vault).Rotate, "a new root key guards the vault")
		},
	}
}

// changeKeys opens the vault, has do change it, and tells its generation.
func changeKeys(cmd *cobra.Command, f *flags, home string, u kiosk.Unlock, do func(*storage.Vault) error, done string) (err error) {
	if !kiosk.HasVault(home) {
		return errNoVault
	}
	vault, err := kiosk.OpenVault(home, u)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vault.Close()) }()
	if err := do(vault); err != nil {
		return err
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), generationJSON{vault.Keys().Generation})
	}
	f.say("%s (generation %d)", done, vault.Keys().Generation)
	return nil
}
