package main

import (
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tenin/firmware/keys"
	"tenin/firmware/verify"
)

// deviceKeys is where a device has the public keys that its image was made with.
const deviceKeys = "/usr/share/tenin/firmware"

func newFirmwareVerify(f *flags) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "verify FILE...",
		Short: "Say whether a bundle, kernel image or disk is what was signed, and exactly what is wrong",
		Long: `Looks at every part of a bundle, a kernel image, a loader, or a whole disk or its image, and says for each that it is right or
what is wrong: a signature that is missing or another's, a byte that was changed, where a file was cut, which block of a
system's image differs. Only public keys are read. A certificate that has expired is no error: firmware does not ask the time.

The exit code is 4 when anything does not verify.

JSON fields, one object a line: file, kind (bundle, kernel image, loader, disk), version, name, test, verified, parts (each
part, ok, says).`,
		Example: `  tenin firmware verify kiosk.img --keys keys
  tenin firmware verify tenin_5.bundle --json`,
		Args: cobra.MinimumNArgs(1),
	}
	c.Flags().StringVar(&dir, "keys", "", "folder with the public keys (default: $"+keysVariable+", or "+deviceKeys+")")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if dir == "" {
			dir = os.Getenv(keysVariable)
		}
		if dir == "" {
			dir = deviceKeys
			if _, err := os.Stat(dir); err != nil {
				return usageError{fmt.Errorf("no keys are named to compare with: use --keys DIR")}
			}
		}
		set, err := keys.OpenPublic(dir)
		if err != nil {
			return err
		}
		report := newReporter(f)
		var wrong error
		for _, path := range args {
			r, err := verify.File(cmd.Context(), path, verify.TrustOf(set), func(what string, done, total int64) { report.step("checking "+what, done, total, true) })
			report.finish()
			if err != nil {
				return err
			}
			if wrong == nil {
				wrong = r.Err()
			}
			if err := printVerified(cmd.OutOrStdout(), f, r); err != nil {
				return err
			}
		}
		return wrong
	}
	return c
}

func printVerified(out io.Writer, f *flags, r verify.Report) error {
	if f.json {
		return printJSON(out, r)
	}
	what := string(r.Kind)
	if r.Version > 0 {
		what += fmt.Sprintf(", version %d", r.Version)
	}
	if r.Name != "" {
		what += " (" + r.Name + ")"
	}
	fmt.Fprintf(out, "%s: %s\n", r.File, what)
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	for _, p := range r.Parts {
		mark := "ok"
		if !p.OK {
			mark = "NOT OK"
		}
		fmt.Fprintf(table, "  %s\t%s\t%s\n", mark, p.Part, oneLine(p.Says))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if r.Test {
		fmt.Fprintln(out, "  this is for TESTS: it has a console that needs no password, and belongs on no counter")
	}
	return nil
}
