package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/storage/seal"
)

func newKeysStatus(f *flags, pinFile *string) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What guards the vault's key, against whom, and how old it is",
		Long: `Shows what guards the vault's root key, what that protects against and what not, and, if the vault opens, the age of the key
and its counter. The exit code says why it does not open.

JSON fields: vault, kind (tpm, keyfile, passphrase), protects, pin, pcrs, signed_pcrs, signer, open, error, left_key_file; tpm with
device, maker, failures, max_failures, recovery_seconds, locked_out, secure_boot_measured, pcr7_matches, error; keys with
generation, root_made, root_age_days, session_keys, recovery_made, counter.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, u, err := unlock(f, *pinFile)
			if err != nil {
				return err
			}
			state, err := kiosk.ReadKeyState(home, u, time.Now())
			out := cmd.OutOrStdout()
			if !f.json {
				writeKeyState(out, state)
			} else if jerr := printJSON(out, state); jerr != nil {
				return jerr
			}
			return err
		},
	}
}

func writeKeyState(out io.Writer, s kiosk.KeyState) {
	row := func(name, format string, a ...any) {
		fmt.Fprintf(out, "%-10s %s\n", name, oneLine(fmt.Sprintf(format, a...)))
	}
	names := map[seal.Kind]string{seal.KindTPM: "TPM", seal.KindKeyFile: "key file", seal.KindPassphrase: "passphrase"}
	if !s.Vault {
		row("vault", "none yet; the first kept session makes it")
	}
	row("seal", "%s", names[s.Kind])
	row("protects", "%s", s.Protects)
	if s.Kind == seal.KindTPM {
		if s.PIN {
			row("PIN", "at every start")
		} else {
			row("PIN", "none")
		}
		if s.Vault {
			bound := "7, as it was"
			if len(s.SignedPCRs) > 0 {
				bound += "; 11, as signed by " + s.Signer[:16]
			}
			row("PCRs", "%s", bound)
		}
	}
	if t := s.TPM; t != nil {
		switch {
		case t.Error != "":
			row("TPM", "%s", t.Error)
		case t.LockedOut:
			row("TPM", "%s (%s), LOCKED after %d wrong tries; one comes back every %s", t.Device, t.Maker, t.Failures, time.Duration(t.RecoverySeconds)*time.Second)
		default:
			row("TPM", "%s (%s), %d of %d wrong tries", t.Device, t.Maker, t.Failures, t.MaxFailures)
		}
		if t.Error == "" && !t.Measured {
			row("", "WARNING: PCR 7 is empty: the firmware measures no Secure Boot, so it binds the key to nothing")
		} else if t.Error == "" && s.Vault && !t.PCR7Matches {
			row("", "WARNING: PCR 7 is not what it was when the key was sealed")
		}
	}
	if k := s.Keys; k != nil {
		age := "made by an older tenin"
		if k.RootMade != nil {
			age = fmt.Sprintf("made %s, %d days ago", k.RootMade.Local().Format(time.DateTime), *k.RootDays)
		}
		row("root key", "%s; generation %d, %d session keys", age, k.Generation, k.Sessions)
		if k.Recovery != nil {
			row("recovery", "a key on paper, made %s", k.Recovery.Local().Format(time.DateOnly))
		} else {
			row("recovery", "none: what this seal does not open is lost; `tenin setup recovery` makes a key")
		}
		if k.Counter != nil {
			row("counter", "%d in the TPM, in step: an earlier copy of the vault would not open", *k.Counter)
		} else {
			row("counter", "none: an earlier copy of the whole vault would not be noticed")
		}
	} else if s.Error != "" {
		row("vault", "not opened: %s", s.Error)
	}
	if s.LeftKeyFile != "" {
		row("WARNING", "%s is a key file that nothing needs: old copies of the keyring may open with it; delete it", s.LeftKeyFile)
	}
}
