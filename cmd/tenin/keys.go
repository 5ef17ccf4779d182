package main

import (
	"errors"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
)

func newKeys(f *flags) *cobra.Command {
	var pinFile string
	c := &cobra.Command{
		Use:   "keys",
		Short: "The vault's key: what guards it, a new one, another seal",
		Long: `The vault's root key is sealed by a TPM, a key file or a passphrase. A PIN or passphrase is read from --pin-file, else from the
systemd credential tenin.pin, else from the terminal.`,
		Example: `  tenin keys status
  tenin keys reseal --to tpm --pin       from the key file into the TPM; the key file is destroyed
  tenin keys rotate`,
	}
	c.PersistentFlags().StringVar(&pinFile, "pin-file", "", "file with the PIN or passphrase (- is standard input)")
	c.AddCommand(newKeysStatus(f, &pinFile), newKeysReseal(f, &pinFile), newKeysRotate(f, &pinFile), newKeysRecover(f, &pinFile))
	return c
}

// unlock returns the home and how its vault is opened.
func unlock(f *flags, pinFile string) (string, kiosk.Unlock, error) {
	home, settings, err := f.load()
	if err != nil {
		return "", kiosk.Unlock{}, err
	}
	return home, kiosk.Unlock{Seal: settings.Seal, PIN: kiosk.FindPIN(pinFile)}, nil
}

// resealedJSON is the result of `tenin keys reseal --json`.
type resealedJSON struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// generationJSON is the result of `tenin keys rotate --json` and `recover --json`.
type generationJSON struct {
	Generation uint64 `json:"generation"`
}

// errNoVault is said where a key is to be changed and there is nothing that it guards.
var errNoVault = errors.New("vault: there is none yet; the first kept session makes it")
