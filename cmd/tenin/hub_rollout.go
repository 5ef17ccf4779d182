package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/storage/uplink/hub"
)

// rolloutJSON is the result of the commands of `tenin hub rollout --json`.
type rolloutJSON struct {
	Version     int64       `json:"version"`
	Phase       string      `json:"phase"`
	Why         string      `json:"why"`
	Stage       int         `json:"stage"`
	Stages      []float64   `json:"stages_percent"`
	MaxFailures int         `json:"max_failures"`
	Started     *time.Time  `json:"started"`
	Next        *time.Time  `json:"next_stage_not_before"`
	Devices     int         `json:"devices"`
	Open        int         `json:"open"`
	Waiting     int         `json:"waiting"`
	Trying      int         `json:"trying"`
	Healthy     int         `json:"healthy"`
	Failed      int         `json:"failed"`
	Silent      int         `json:"silent"`
	Kiosks      []trialJSON `json:"kiosks"`
}

type trialJSON struct {
	Name     string     `json:"name"`
	Standing string     `json:"standing"`
	Running  int64      `json:"running"`
	State    string     `json:"state"`
	Outcome  string     `json:"outcome"`
	Reason   string     `json:"reason"`
	Seen     *time.Time `json:"seen"`
	Forgiven bool       `json:"forgiven"`
}

// rolloutFields documents both.
const rolloutFields = `JSON fields: version, phase (running, halted, done, undone; empty for none), why, stage (from 1), stages_percent,
max_failures, started, next_stage_not_before, devices, open (in the open stages), waiting, trying, healthy, failed, silent,
kiosks (name, standing: later, waiting, trying, healthy, failed, silent; running, state: blessed, trial, floor; outcome and
reason as the kiosk's updater told them, seen, forgiven).`

func newHubRollout(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "rollout",
		Short: "Bring a published update to the kiosks, some first",
		Long: `A rollout offers one version to a share of the kiosks, then to a larger one. Which are first is drawn by a secret of this hub
and the version, so it is not always the same shop. The next stage opens when its pause is over and enough kiosks of the
former are healthy: an update that was tried for a while, with the kiosk up and a question answered. It halts by itself when
more kiosks than --max-failures took the version back, refused it, or were offered it and are not heard any more. While it is
halted nothing is offered and nothing is read.

Kiosks take no older version: "undo" ends the offers, and a repaired version needs a higher number.`,
		Example: `  tenin hub rollout start 5 --stages 5%,25%,100% --pause 24h
  tenin hub rollout status
  tenin hub rollout halt
  tenin hub rollout resume
  tenin hub rollout undo`,
	}
	c.AddCommand(newHubRolloutStart(f), newHubRolloutStatus(f), newHubRolloutHalt(f), newHubRolloutResume(f), newHubRolloutUndo(f))
	return c
}

// rolloutRun returns a command's RunE that does something to the rollout and shows how it stands then.
func rolloutRun(f *flags, which *hubFlags, do func(context.Context, hub.Admin, []string) (hub.RolloutStatus, error)) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		admin, err := which.open(cmd.Context(), f, true)
		if err != nil {
			return err
		}
		s, err := do(cmd.Context(), admin, args)
		if err = errors.Join(err, admin.Close()); err != nil {
			return err
		}
		return printRollout(cmd, f, s)
	}
}

func newHubRolloutStart(f *flags) *cobra.Command {
	var which hubFlags
	var stages string
	p := hub.Plan{Pause: hub.DefaultPause, Share: hub.DefaultShare, Silence: hub.DefaultSilence}
	c := &cobra.Command{
		Use:   "start VERSION",
		Short: "Begin to offer a published version",
		Long: `Offers a version that "tenin hub publish" took to the first stage. A stage of a small fleet has one kiosk at least. One
version is on its way at a time: the next begins when this is done or undone.

` + rolloutFields,
		Example: `  tenin hub rollout start 5
  tenin hub rollout start 5 --stages 10%,100% --pause 4h --max-failures 1`,
		Args: cobra.ExactArgs(1),
	}
	c.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if p.Version, err = parseVersion(args[0]); err != nil {
			return err
		}
		if p.Stages, err = parseStages(stages); err != nil {
			return usageError{err}
		}
		return rolloutRun(f, &which, func(ctx context.Context, a hub.Admin, _ []string) (hub.RolloutStatus, error) {
			status, err := a.StartRollout(ctx, p)
			if bundles, listErr := a.Bundles(ctx); err == nil && listErr == nil {
				for _, b := range bundles {
					if b.Version == p.Version && b.Test {
						f.say("this is a bundle for TESTS: a shop's kiosk refuses it")
					}
				}
			}
			return status, err
		})(cmd, args)
	}
	which.add(c)
	c.Flags().StringVar(&stages, "stages", "5%,25%,100%", "shares of the kiosks, each larger than the one before")
	c.Flags().DurationVar(&p.Pause, "pause", p.Pause, "how long a stage is watched before the next opens")
	c.Flags().IntVar(&p.MaxFailures, "max-failures", 0, "how many failed or silent kiosks are borne before it halts")
	c.Flags().IntVar(&p.Share, "healthy", p.Share, "how many per cent of the kiosks that tried must be healthy before the next stage")
	c.Flags().DurationVar(&p.Silence, "silence", p.Silence, "how long a kiosk that was offered the version may say nothing")
	return c
}

func newHubRolloutStatus(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "status",
		Short: "How the rollout stands",
		Long:  "Shows what is being rolled out and how each kiosk fares with it.\n\n" + rolloutFields,
		Args:  cobra.NoArgs,
	}
	c.RunE = rolloutRun(f, &which, func(ctx context.Context, a hub.Admin, _ []string) (hub.RolloutStatus, error) { return a.Rollout(ctx) })
	which.add(c)
	return c
}

func newHubRolloutHalt(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "halt",
		Short: "Offer nothing more until it is resumed",
		Long: `Stops all offers and all reading at once. A kiosk that has the whole bundle already may still install it.

` + rolloutFields,
		Args: cobra.NoArgs,
	}
	c.RunE = rolloutRun(f, &which, func(ctx context.Context, a hub.Admin, _ []string) (hub.RolloutStatus, error) {
		return a.HaltRollout(ctx)
	})
	which.add(c)
	return c
}

func newHubRolloutResume(f *flags) *cobra.Command {
	var which hubFlags
	var retry bool
	maxFailures := -1
	c := &cobra.Command{
		Use:   "resume",
		Short: "Go on with a rollout that was halted, by hand or by itself",
		Long: `Goes on. The failures so far count as looked at: only new ones halt it again. The pause of the newest stage begins anew.
With --retry, kiosks that refused the version (no room, say) are offered it again; one that took it back does not try it a
second time.

` + rolloutFields,
		Args: cobra.NoArgs,
	}
	c.RunE = rolloutRun(f, &which, func(ctx context.Context, a hub.Admin, _ []string) (hub.RolloutStatus, error) {
		return a.ResumeRollout(ctx, maxFailures, retry)
	})
	which.add(c)
	c.Flags().BoolVar(&retry, "retry", false, "offer it again to kiosks that refused it")
	c.Flags().IntVar(&maxFailures, "max-failures", -1, "how many new failures are borne (default: as it was started)")
	return c
}

func newHubRolloutUndo(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "undo",
		Short: "End the rollout: nobody is offered the version any more",
		Long: `Ends the offers for good; kiosks throw away what they fetched of the version and did not install. Those that run it go on
with it, since they take no older one: publish a repaired version with a higher number.

` + rolloutFields,
		Args: cobra.NoArgs,
	}
	c.RunE = rolloutRun(f, &which, func(ctx context.Context, a hub.Admin, _ []string) (hub.RolloutStatus, error) {
		return a.UndoRollout(ctx)
	})
	which.add(c)
	return c
}

// parseStages reads shares as 5%,25%,100% and returns hundredths of a per cent.
func parseStages(text string) (list []int, err error) {
	for _, word := range strings.Split(text, ",") {
		v, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(word), "%"), 64)
		if err != nil || !(v > 0 && v <= 100) || math.Round(v*100) < 1 {
			return nil, fmt.Errorf("%q is no share of the kiosks: write stages as 5%%,25%%,100%%", word)
		}
		list = append(list, int(math.Round(v*100)))
	}
	return list, nil
}

func percent(stage int) string { return strconv.FormatFloat(float64(stage)/100, 'f', -1, 64) + " %" }

func printRollout(cmd *cobra.Command, f *flags, s hub.RolloutStatus) error {
	out := cmd.OutOrStdout()
	if f.json {
		return printJSON(out, rolloutOf(s))
	}
	if s.Phase == hub.PhaseNone {
		f.say("nothing was rolled out yet: `tenin hub rollout start VERSION` begins")
		return nil
	}
	n := s.Tally
	fmt.Fprintf(out, "version %d is %s, stage %d of %d (%s of the kiosks)\n", s.Version, s.Phase, s.Stage+1, len(s.Stages), percent(s.Stages[s.Stage]))
	if s.Why != "" {
		fmt.Fprintf(out, "halted: %s\n", s.Why)
	}
	switch last := s.Stage+1 == len(s.Stages); {
	case s.Phase == hub.PhaseRunning && last:
		fmt.Fprintf(out, "done when enough are healthy, not before %s\n", hourMinute(s.Next))
	case s.Phase == hub.PhaseRunning:
		fmt.Fprintf(out, "the next stage opens when enough are healthy, not before %s\n", hourMinute(s.Next))
	}
	if s.Phase == hub.PhaseUndone && n.Healthy > 0 {
		fmt.Fprintf(out, "%d run it all the same: publish a repaired version with a higher number\n", n.Healthy)
	}
	fmt.Fprintf(out, "%d of %d kiosks are in the open stages: %d healthy, %d trying, %d not asked yet, %d failed, %d silent\n",
		n.Open, n.Devices, n.Healthy, n.Trying, n.Waiting, n.Failed, n.Silent)
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	for _, d := range s.Devices {
		seen := "never heard"
		if !d.Seen.IsZero() {
			seen = "heard " + hourMinute(d.Seen)
		}
		what := d.Outcome
		if d.Reason != "" {
			what += ": " + d.Reason
		}
		if d.Forgiven {
			what += " (looked at)"
		}
		fmt.Fprintf(table, "%s\t%s\truns %d\t%s\t%s\n", d.Name, d.Standing, d.Running, seen, what)
	}
	return table.Flush()
}

func rolloutOf(s hub.RolloutStatus) rolloutJSON {
	n := s.Tally
	v := rolloutJSON{
		Version: s.Version, Phase: string(s.Phase), Why: s.Why, MaxFailures: s.MaxFailures, Stages: []float64{}, Started: utcOrNil(s.Started), Next: utcOrNil(s.Next),
		Devices: n.Devices, Open: n.Open, Waiting: n.Waiting, Trying: n.Trying, Healthy: n.Healthy, Failed: n.Failed, Silent: n.Silent, Kiosks: []trialJSON{},
	}
	if s.Phase != hub.PhaseNone {
		v.Stage = s.Stage + 1
	}
	for _, stage := range s.Stages {
		v.Stages = append(v.Stages, float64(stage)/100)
	}
	for _, d := range s.Devices {
		v.Kiosks = append(v.Kiosks, trialJSON{d.Name, d.Standing, d.Running, d.State, d.Outcome, d.Reason, utcOrNil(d.Seen), d.Forgiven})
	}
	return v
}

// utcOrNil returns nil for the zero time.
func utcOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
