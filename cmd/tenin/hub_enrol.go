package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

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
	var replace bool
	c := &cobra.Command{
		Use:   "enrol NAME",
		Short: "Make a code by which one kiosk may join, once",
		Long: `Prints a code for "tenin hub join" on the kiosk that is to be called NAME (a-z, 0-9 and -). The code names this hub's
key, so the kiosk joins no other hub with it. It is shown once; the hub keeps only a hash. A newer code for the same name
takes the place of an older one. JSON fields: name, code, expires.`,
		Example: `  tenin hub enrol ginza-1
  tenin hub enrol ginza-1 --replace     for the machine that takes the place of a broken one`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := uplink.CheckName(args[0]); err != nil {
				return usageError{err}
			}
			if valid < time.Second || valid > hub.MaxValidity {
				return usageError{fmt.Errorf("a code cannot be valid for %v: choose from 1s to %v", valid, hub.MaxValidity)}
			}
			admin, err := which.open(cmd.Context(), f, false)
			if err != nil {
				return err
			}
			code, expires, err := admin.Enrol(cmd.Context(), hub.EnrolOptions{Name: args[0], Valid: valid, Replace: replace})
			if err = errors.Join(err, admin.Close()); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if f.json {
				return printJSON(out, codeJSON{args[0], code.Text(), expires.UTC()})
			}
			fmt.Fprintln(out, code.Text())
			f.say("on the kiosk, until %s: tenin hub join CODE --hub ADDRESS", hourMinute(expires))
			return nil
		},
	}
	which.add(c)
	c.Flags().DurationVar(&valid, "valid", hub.DefaultValidity, "how long the code can be used")
	c.Flags().BoolVar(&replace, "replace", false, "let it take the place of the kiosk that has the name now")
	return c
}
