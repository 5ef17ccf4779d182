package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/firmware/keys"
	"tenin/storage/seal"
)

func newFirmwareKeys(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "The keys of a shop's devices",
		Long: `One folder has the keys of Secure Boot (PK, KEK, db), the key that signs the state in which a device's TPM opens its data
(pcr), and the key that signs updates (bundle). Who has them can make a device start anything: keep the folder off the
network, keep a copy elsewhere, and take PK.key and KEK.key out of it, which no build needs.`,
	}
	c.AddCommand(newFirmwareKeysNew(f), newFirmwareKeysShow(f))
	return c
}

func newFirmwareKeysNew(f *flags) *cobra.Command {
	var owner, file string
	var encrypt bool
	var trust []string
	c := &cobra.Command{
		Use:   "new DIR",
		Short: "Make all keys in a new folder",
		Long: `Makes every key that a shop's devices need, in a folder that must not exist or be empty: nothing is ever replaced. The
certificates last 30 years. With --encrypt a passphrase is asked for, or read from --passphrase-file, without which the
private keys do not open; a lost one means new keys, and new keys mean enrolling each device's firmware again.

Some graphics cards bring firmware of their own that Secure Boot checks, too; such a machine may show nothing under new
keys. --trust adds the certificate of its maker to db.

JSON fields: those of "firmware keys show".`,
		Example: `  tenin firmware keys new keys --owner "Yamada Books" --encrypt
  tenin firmware keys new keys --owner "Yamada Books" --passphrase-file /dev/fd/3 3<phrase`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o := keys.Options{Owner: owner}
			for _, path := range trust {
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				certificate, err := keys.ParseCertificate(b)
				if err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
				o.Trust = append(o.Trust, certificate)
			}
			if encrypt || file != "" {
				phrase, err := newPassphrase(cmd.Context(), cmd.InOrStdin(), file)
				if err != nil {
					return err
				}
				defer phrase.Destroy()
				o.Passphrase = phrase
			}
			if err := keys.New(args[0], o); err != nil {
				return err
			}
			if o.Passphrase.Len() == 0 {
				f.say("the private keys in %s are not encrypted: whoever reads them can sign for every device (--encrypt)", args[0])
			}
			return showKeys(cmd.OutOrStdout(), f, args[0])
		},
	}
	c.Flags().StringVar(&owner, "owner", "", `whose keys they are, as in the certificates (default "Tenin")`)
	c.Flags().BoolVar(&encrypt, "encrypt", false, "encrypt the private keys with a passphrase, which is asked for")
	c.Flags().StringVar(&file, "passphrase-file", "", "file with that passphrase (- is standard input, /dev/fd/N an open one)")
	c.Flags().StringArrayVar(&trust, "trust", nil, "certificate, PEM or DER, that db holds too; may be given more than once")
	return c
}

func newFirmwareKeysShow(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "show DIR",
		Short: "Which keys a folder has, what each does, and its fingerprint",
		Long: `Shows each key of a folder without opening a private one. The fingerprint is SHA-256: of a certificate; of pcr.pub as
signatures name it; of bundle.pub as bundles name it.

JSON fields: dir, owner, keys (each name, does, subject, not_after, fingerprint, private: plain, encrypted or missing; unsafe).`,
		Example: `  tenin firmware keys show keys`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return showKeys(cmd.OutOrStdout(), f, args[0])
		},
	}
}

func showKeys(out io.Writer, f *flags, dir string) error {
	d, err := keys.Describe(dir)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(out, d)
	}
	for i, k := range d.Keys {
		if i > 0 {
			fmt.Fprintln(out)
		}
		who := ""
		if k.NotAfter != nil {
			who = k.Subject + " until " + k.NotAfter.Format(time.DateOnly) + ", "
		}
		private := k.Private
		if k.Unsafe {
			private += ", and others may read it: chmod 600 " + filepath.Join(d.Dir, k.Name+".key")
		}
		fmt.Fprintf(out, "%-7s %s\n        %sprivate key: %s\n        %s\n", k.Name, k.Does, who, private, dash(k.Fingerprint))
	}
	return nil
}

// newPassphrase reads a passphrase that is chosen now: from a file, or twice from the terminal.
func newPassphrase(ctx context.Context, in io.Reader, file string) (seal.Secret, error) {
	if file != "" {
		return readPassphrase(file)
	}
	terminal, ok := in.(*os.File)
	if !ok || !isTerminal(in) {
		return seal.Secret{}, usageError{errors.New("there is no terminal to ask for the passphrase: name a file that holds it with --passphrase-file")}
	}
	first, err := kiosk.AskPIN(ctx, terminal, "new passphrase: ")
	if err != nil {
		return first, err
	}
	again, err := kiosk.AskPIN(ctx, terminal, "the same again: ")
	if err != nil {
		first.Destroy()
		return again, err
	}
	defer again.Destroy()
	if !first.Equal(again) {
		first.Destroy()
		return seal.Secret{}, errors.New("the two passphrases are not the same: nothing was made")
	}
	return first, nil
}

func readPassphrase(file string) (seal.Secret, error) {
	phrase, err := kiosk.ReadPIN(file)
	if err != nil {
		return phrase, fmt.Errorf("passphrase: %w", err)
	}
	return phrase, nil
}

// keysFlags name a folder of keys for a command that signs.
type keysFlags struct{ dir, passphraseFile string }

// addTo gives a command the flags.
func (k *keysFlags) addTo(c *cobra.Command) {
	c.Flags().StringVar(&k.dir, "keys", "", "folder of keys that `tenin firmware keys new` made (default: $"+keysVariable+")")
	c.Flags().StringVar(&k.passphraseFile, "passphrase-file", "", "file with the passphrase of the keys (- is standard input, /dev/fd/N an open one)")
}

// keysVariable is the environment's name of that folder.
const keysVariable = "TENIN_KEYS"

// open opens the keys; a passphrase is asked for where they are encrypted.
func (k *keysFlags) open(ctx context.Context, in io.Reader) (*keys.Set, error) {
	dir := k.dir
	if dir == "" {
		dir = os.Getenv(keysVariable)
	}
	if dir == "" {
		return nil, usageError{errors.New("no keys are named: use --keys DIR")}
	}
	return keys.Open(filepath.Clean(dir), askPassphrase(ctx, in, k.passphraseFile))
}

// askPassphrase returns what keys.Open asks for a passphrase.
func askPassphrase(ctx context.Context, in io.Reader, file string) func() (seal.Secret, error) {
	return func() (seal.Secret, error) {
		if file != "" {
			return readPassphrase(file)
		}
		terminal, ok := in.(*os.File)
		if !ok || !isTerminal(in) {
			return seal.Secret{}, fmt.Errorf("%w: the keys are encrypted and nobody can be asked here: name a file with their passphrase with --passphrase-file", seal.ErrNoKey)
		}
		return kiosk.AskPIN(ctx, terminal, "passphrase of the keys: ")
	}
}
