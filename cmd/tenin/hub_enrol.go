package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tenin/storage/seal"
	"tenin/storage/uplink"
	"tenin/storage/uplink/hub"
)

// codeJSON is the result of `tenin hub enrol --json`.
type codeJSON struct {
	Name    string    `json:"name"`
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
}

func newHubEnrol(f *flags) *cobra.Command {
	var which hubFlags
	var valid time.Duration
	var replace, tpm bool
	var roots string
	c := &cobra.Command{
		Use:   "enrol NAME",
		Short: "Make a code by which one kiosk may join, once",
		Long: `Prints a code for "tenin hub join" on the kiosk that is to be called NAME (a-z, 0-9 and -). The code names this hub's
key, so the kiosk joins no other hub with it. It is shown once; the hub keeps only a hash. A newer code for the same name
takes the place of an older one.

With --tpm only a machine may use it that proves the keys of its TPM, and is bound to them: the TPM is trusted as it is seen
first. With --ek-roots its maker's certificate must lead to one of the folder's certificates as well: put the maker's roots and
intermediates there, in PEM or DER. Without either, a machine that has a TPM is bound to it, and one that has none joins
without. JSON fields: name, code, expires.`,
		Example: `  tenin hub enrol ginza-1
  tenin hub enrol ginza-1 --replace     for the machine that takes the place of a broken one
  tenin hub enrol ginza-1 --ek-roots /etc/tenin/tpm-makers`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := uplink.CheckName(args[0]); err != nil {
				return usageError{err}
			}
			if valid < time.Second || valid > hub.MaxValidity {
				return usageError{fmt.Errorf("a code cannot be valid for %v: choose from 1s to %v", valid, hub.MaxValidity)}
			}
			o := hub.EnrolOptions{Name: args[0], Valid: valid, Replace: replace, TPM: tpm}
			if roots != "" {
				var err error
				if o.Roots, err = seal.ReadRoots(roots); err != nil {
					return err
				}
			}
			admin, err := which.open(cmd.Context(), f, false)
			if err != nil {
				return err
			}
			code, expires, err := admin.Enrol(cmd.Context(), o)
			if err = errors.Join(err, admin.Close()); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if f.json {
				return printJSON(out, codeJSON{args[0], code.Text(), expires.UTC()})
			}
			fmt.Fprintln(out, code.Text())
			switch {
			case len(o.Roots) > 0:
				f.say("the TPM's maker must be one of %d certificates", len(o.Roots))
			case tpm:
				f.say("the machine's TPM is trusted as it is first seen: --ek-roots has its maker's certificate checked")
			}
			f.say("on the kiosk, until %s: tenin hub join CODE --hub ADDRESS", hourMinute(expires))
			return nil
		},
	}
	which.add(c)
	c.Flags().DurationVar(&valid, "valid", hub.DefaultValidity, "how long the code can be used")
	c.Flags().BoolVar(&replace, "replace", false, "let it take the place of the kiosk that has the name now")
	c.Flags().BoolVar(&tpm, "tpm", false, "let in only a machine that is bound to its TPM")
	c.Flags().StringVar(&roots, "ek-roots", "", "folder with the certificates of the TPMs' makers, of which one must vouch for the TPM")
	return c
}
