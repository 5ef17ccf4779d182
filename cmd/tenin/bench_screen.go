package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/bench"
)

func newBenchScreen(f *flags) *cobra.Command {
	var o bench.ScreenOptions
	var size string
	var idle int
	c := &cobra.Command{
		Use:   "screen",
		Short: "The window: start, touch, words on the glass, idle, frozen pictures and memory",
		Long: `Opens the kiosk's window and looks at the display as another client of the X server: from start to the attract screen, from
a finger on a button to the button's answer, from partial words handed over to the words on the glass. Then it leaves the
window alone for a time and weighs what it costs, and plays visits as fast as they can be shown, after each of which the
process is replaced as between two shoppers. At last questions are asked by voice at the counter, in turn about with the
window and with nothing that draws. Without --display a display in memory is started (Xvfb). On a given one no kiosk may run, and its X
server must have the XTEST extension.

JSON fields: cpus, width, height, renderer, start_ms, touch_ms, partial_ms and forget_ms (p50, p95, max), idle_percent (of one
core), visits, turn (questions, drawn_ms, headless_ms, slower_percent), frozen_ms (the longest wait for a picture), memory_mb, growth_percent; each target beside it (…_limit_…).`,
		Example: `  tenin bench screen
  tenin bench screen --size 1920x1080 --visits 300 --turns 0
  tenin bench screen --visits 240                            two hours of a busy counter, a visit every 30 s`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			if o.Mode, err = sandboxMode(home, settings); err != nil {
				return err
			}
			if _, err := fmt.Sscanf(size, "%dx%d", &o.Width, &o.Height); err != nil {
				return usageError{fmt.Errorf("%q is no size: use WIDTHxHEIGHT, such as 1080x1920", size)}
			}
			o.Home, o.Config = home, settings
			o.Idle = time.Duration(idle) * time.Second
			report := newReporter(f)
			o.Progress = func(what string, done, total int) { report.step(what, int64(done), int64(total), false) }
			result, err := bench.Screen(cmd.Context(), o)
			report.finish()
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), f, result)
		},
	}
	c.Flags().StringVar(&o.Display, "display", "", "an X server that nobody uses (default: one in memory)")
	c.Flags().StringVar(&o.Authority, "authority", "", "the file with its cookie (default: XAUTHORITY)")
	c.Flags().StringVar(&size, "size", "1080x1920", "dots of the display in memory")
	c.Flags().IntVar(&o.Visits, "visits", 30, "how many visits are played")
	c.Flags().IntVar(&o.Turns, "turns", 16, "how many questions are asked at the counter, with the window and without; 0: none")
	c.Flags().IntVar(&o.Touches, "touches", 40, "how often the button is touched")
	c.Flags().IntVar(&idle, "idle", 20, "how long the window is left alone, in seconds")
	return c
}
