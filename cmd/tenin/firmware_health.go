package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/firmware/enrol"
	"tenin/firmware/update"
)

// healthJSON is a line of `tenin firmware health --json`.
type healthJSON struct {
	Check   string  `json:"check"`
	OK      bool    `json:"ok"`
	Reason  string  `json:"reason"`
	Error   string  `json:"error"`
	Seconds float64 `json:"seconds"`
}

func newFirmwareHealth(f *flags) *cobra.Command {
	var limit time.Duration
	var unheard bool
	c := &cobra.Command{
		Use:   "health",
		Short: "Say whether the version that runs is healthy",
		Long: `Looks whether this device does its work: its data partition is open, its version is not below the floor, the kiosk serves,
its vault is open, a question of the shop's own is answered aloud, and the kiosk recognises its own voice. Nobody's words are in
that, and nothing of it is kept, shown or played. Each check is asked again until it succeeds or the time is over. A device that
is not enrolled has no kiosk yet: then the first two are all.

At a start that tries a new version this comes before boot-complete.target: where it fails, the device starts again, and after
three starts the boot loader takes the version before. At other starts, and by hand, it only tells.

The exit code is 1 when a check failed. JSON fields, one object a check: check, ok, reason, error, seconds.`,
		Example: `  tenin firmware health
  tenin firmware health --limit 1m --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := updateOptions(f, true)
			if err != nil {
				return err
			}
			home, err := f.homeDir()
			if err != nil {
				return err
			}
			failed := update.Health(cmd.Context(), healthChecks(home, o, unheard), limit, 2*time.Second, func(c update.Check, err error, took time.Duration) {
				line := healthJSON{Check: c.Name, OK: err == nil, Seconds: took.Seconds()}
				if err != nil {
					line.Reason, line.Error = string(c.Reason), oneLine(err.Error())
				}
				switch {
				case f.json:
					_ = printJSON(cmd.OutOrStdout(), line)
				case err == nil:
					fmt.Fprintf(cmd.OutOrStdout(), "ok      %s (%s)\n", c.Name, took.Round(100*time.Millisecond))
				default:
					fmt.Fprintf(cmd.OutOrStdout(), "FAILED  %s: %s\n", c.Name, line.Error)
				}
			})
			if failed == nil {
				return nil
			}
			// What is remembered tells the version that comes back why; without the data partition there is nothing to write on.
			if _, err := os.Stat(dataOpen); err == nil {
				if err := o.Machine.Fail(update.ReasonOf(failed), failed.Error(), time.Now()); err != nil {
					f.say("%s", oneLine(err.Error()))
				}
			}
			return quietError{exitFailed}
		},
	}
	c.Flags().DurationVar(&limit, "limit", 2*time.Minute, "how long all checks together may take")
	c.Flags().BoolVar(&unheard, "unheard", false, "leave out whether it recognises its own voice: for an emulated machine, which takes minutes for a word")
	return c
}

const (
	dataOpen = "/" + enrol.DataOpen
	enrolled = "/" + enrol.Enrolled
)

// tooOften is how many starts of the kiosk in vain are enough: systemd goes on for as long as there is power.
const tooOften = 3

// restarts is how often systemd has started the kiosk anew.
func restarts(ctx context.Context) int {
	out, err := systemctl(ctx, "show", "-P", "NRestarts", "tenin.service")
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(out)
	return n
}

// healthChecks are in the order of a start. unheard leaves the last one out.
func healthChecks(home string, o update.Options, unheard bool) []update.Check {
	checks := []update.Check{
		{Name: "the data partition is open", Reason: update.ReasonOpenable, Run: func(context.Context) error {
			_, err := os.Stat(dataOpen)
			return err
		}},
		{Name: "the version is not below the floor", Reason: update.ReasonFloor, Run: func(context.Context) error {
			if err := update.CheckFloor(o.Machine, o.Floor); err != nil {
				return update.Never(err)
			}
			return nil
		}},
	}
	if _, err := os.Stat(dataOpen); err == nil {
		if _, err := os.Stat(enrolled); err != nil {
			return checks
		}
	}
	var test *kiosk.SelfTest
	with := func(do func(context.Context, *control.Client) error) func(context.Context) error {
		return func(ctx context.Context) error {
			c, err := kiosk.DialKiosk(ctx, home)
			if err != nil {
				if _, failed := systemctl(ctx, "is-failed", "--quiet", "tenin.service"); failed == nil {
					return update.Never(errors.New("tenin.service has failed: `journalctl -u tenin.service` says why"))
				}
				if n := restarts(ctx); n >= tooOften {
					return update.Never(fmt.Errorf("tenin.service was started anew %d times: `journalctl -u tenin.service` says why", n))
				}
				return err
			}
			defer c.Close()
			return do(ctx, c)
		}
	}
	asked := func(ask func(*kiosk.SelfTest, context.Context) error) func(context.Context) error {
		return with(func(ctx context.Context, c *control.Client) (err error) {
			if test, err = kiosk.NewSelfTest(ctx, c, test); err != nil {
				return err
			}
			return ask(test, ctx)
		})
	}
	checks = append(checks,
		update.Check{Name: "the kiosk serves", Reason: update.ReasonKiosk, Run: with(func(_ context.Context, c *control.Client) error {
			if s := c.Status().State; s == "starting" {
				return errors.New("the kiosk is starting")
			}
			return nil
		})},
		update.Check{Name: "the vault is open", Reason: update.ReasonOpenable, Run: with(kiosk.VaultOpens)},
		update.Check{Name: "a question is answered", Reason: update.ReasonQuestion, Run: asked((*kiosk.SelfTest).Answers)},
	)
	if unheard {
		return checks
	}
	return append(checks, update.Check{Name: "its own voice is recognised", Reason: update.ReasonModels, Run: asked((*kiosk.SelfTest).Hears)})
}
