package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/doctor"
)

func newDoctorDisplay(f *flags) *cobra.Command {
	var o doctor.DisplayOptions
	c := &cobra.Command{
		Use:   "display",
		Short: "Check the display of the screens: size, cookie, ways in, who uses it, what draws",
		Long: `Looks at the X server that DISPLAY names, with the cookie of XAUTHORITY: whether it answers, its dots and its resolution,
whether it listens on a TCP port or an abstract socket, whether it takes a client without the cookie, whether a window
manager runs, and who uses it. More than the kiosk's own window is a failure. When nobody uses it, a small window is opened
for a moment, to learn what draws. Exit code 1 when something fails; a kiosk without a display runs with --headless.

JSON, one object a line: check, part, state (ok, warn, fail), text, do.`,
		Example: `  tenin doctor display
  tenin doctor display --display :0 --authority /run/tenin-x/authority`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			if o.Mode, err = sandboxMode(home, settings); err != nil {
				return err
			}
			if doctor.Display(cmd.Context(), o, findingPrinter(f, cmd.OutOrStdout())) == doctor.Fail {
				return quietError{exitFailed}
			}
			return nil
		},
	}
	c.Flags().StringVar(&o.Display, "display", "", "the X server (default: DISPLAY)")
	c.Flags().StringVar(&o.Authority, "authority", "", "the file with its cookie (default: XAUTHORITY, then .Xauthority in the home folder)")
	return c
}

// findingPrinter prints findings, for people or as JSON.
func findingPrinter(f *flags, out io.Writer) func(doctor.Finding) {
	marks := map[doctor.State]string{doctor.OK: "ok  ", doctor.Warn: "WARN", doctor.Fail: "FAIL"}
	if isTerminal(out) && os.Getenv("NO_COLOR") == "" {
		marks = map[doctor.State]string{doctor.OK: "\x1b[32mok  \x1b[0m", doctor.Warn: "\x1b[33mWARN\x1b[0m", doctor.Fail: "\x1b[31mFAIL\x1b[0m"}
	}
	return func(d doctor.Finding) {
		if f.json {
			_ = printJSON(out, d)
			return
		}
		fmt.Fprintf(out, "%s  %-12s %s\n", marks[d.State], d.Check, oneLine(d.Text))
		if d.Do != "" {
			fmt.Fprintf(out, "                    → %s\n", d.Do)
		}
	}
}
