package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/setup"
	"tenin/firmware/enrol"
	"tenin/storage/seal"
)

// wipeWord is what a person types, so that no wipe begins by a slip.
const wipeWord = "WIPE"

// wipedJSON is the result of `tenin wipe --json`.
type wipedJSON struct {
	Home string `json:"home"`
	setup.Wiped
}

func newWipe(f *flags) *cobra.Command {
	var confirm string
	c := &cobra.Command{
		Use:   "wipe",
		Short: "Make this kiosk as new: keys, conversations, knowledge and settings are destroyed",
		Long: `Destroys the keys first, so that no conversation can be read from then on, and then the vault, the hub's credentials, rendered
answers, the log, the knowledge and the settings in the home. It cannot be undone, not even with the recovery key. No kiosk may
run meanwhile. A wipe that was interrupted is ended by another; until then no kiosk starts on the home. On a device that was
flashed with our image the keys of its disk are erased too, and it comes up as new at its next start.

Before it begins, WIPE has to be typed, or given with --confirm. JSON fields: home, left (what in the home is not the
kiosk's and stays), notes.`,
		Example: `  tenin wipe
  tenin wipe --confirm WIPE --home /var/lib/tenin`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := f.homeDir()
			if err != nil {
				return err
			}
			// Settings that cannot be read must not keep anybody from wiping.
			settings, err := config.Load(f.settings, home)
			if err != nil {
				f.say("%s; wiped as with the default settings", oneLine(err.Error()))
				settings = config.Default()
			}
			if _, err := os.Stat(home); errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("home %s: there is none", home)
			}
			if confirm == "" && isTerminal(cmd.InOrStdin()) {
				f.say("all conversations, keys, knowledge and settings in %s are destroyed for good", home)
				if confirm, err = ask(cmd.Context(), cmd.InOrStdin(), "type "+wipeWord+" to begin: "); err != nil {
					return err
				}
			}
			if strings.TrimSpace(confirm) != wipeWord {
				return refusedError{fmt.Errorf("nothing was wiped: type %s, or say --confirm %s", wipeWord, wipeWord)}
			}
			w, err := setup.Wipe(cmd.Context(), setup.WipeOptions{Home: home, Settings: settings, Unlock: kiosk.Unlock{Seal: settings.Seal, PIN: noPIN}})
			if err != nil {
				return err
			}
			if device := enrol.NewClient(root); device.There() {
				if err := device.Erase(cmd.Context()); err != nil {
					return fmt.Errorf("the home is wiped: %w", err)
				}
				w.Notes = append(w.Notes, "the disk's keys are erased: restart the machine, which then comes up as new")
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), wipedJSON{home, w})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is wiped\n", home)
			for _, note := range w.Notes {
				f.say("%s", oneLine(note))
			}
			if len(w.Left) > 0 {
				f.say("not the kiosk's, and left: %s", strings.Join(w.Left, ", "))
			}
			return nil
		},
	}
	c.Flags().StringVar(&confirm, "confirm", "", "the word "+wipeWord+", instead of typing it")
	return c
}

// noPIN asks nobody.
func noPIN(string) (seal.Secret, error) {
	return seal.Secret{}, fmt.Errorf("%w: nobody is asked for a PIN here", seal.ErrNoKey)
}
