package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/cmd/internal/kiosk"
)

// statusJSON is the result of `tenin status --json`.
type statusJSON struct {
	State      string        `json:"state"`
	StateSince time.Time     `json:"state_since"`
	Started    time.Time     `json:"started"`
	Uptime     float64       `json:"uptime_seconds"`
	Version    string        `json:"version"`
	PID        int64         `json:"pid"`
	Home       string        `json:"home"`
	Answers    int32         `json:"answers"`
	Products   int32         `json:"products"`
	Demo       bool          `json:"demo"`
	Staffed    bool          `json:"staffed"`
	Waiting    int32         `json:"waiting"`
	Processes  []processJSON `json:"processes"`
	Alerts     []alertJSON   `json:"alerts"`
}

// alertJSON is a process that died again and again.
type alertJSON struct {
	At      time.Time `json:"at"`
	Role    string    `json:"role"`
	Reason  string    `json:"reason"`
	Crashes int32     `json:"crashes"`
	Pause   float64   `json:"pause_seconds"`
}

type processJSON struct {
	Role     string    `json:"role"`
	PID      int64     `json:"pid"`
	Since    time.Time `json:"since"`
	Restarts int32     `json:"restarts"`
}

func newStatus(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "status",
		Short: "What the running kiosk does",
		Long: `Shows the state of the kiosk that runs on the home, since when, what it answers from, and its processes. The exit code is 1
when none runs.

JSON fields: state, state_since, started, uptime_seconds, version, pid, home, answers, products, demo, staffed, waiting
(shoppers who asked for staff), processes with role, pid, since, restarts, and alerts: the processes that died again and
again within the last hour, with at, role, reason, crashes, pause_seconds.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, _, err := f.load()
			if err != nil {
				return err
			}
			client, err := kiosk.DialKiosk(cmd.Context(), home)
			if err != nil {
				return refused(err)
			}
			defer client.Close()
			return printStatus(cmd.OutOrStdout(), f, client.Status(), time.Now())
		},
	}
}

func printStatus(out io.Writer, f *flags, s *pb.StatusReply, now time.Time) error {
	started, since := control.Time(s.StartedNs), control.Time(s.StateSinceNs)
	if f.json {
		result := statusJSON{
			State: s.State, StateSince: since, Started: started, Uptime: now.Sub(started).Seconds(), Version: s.Version, PID: s.Pid,
			Home: s.Home, Answers: s.Answers, Products: s.Products, Demo: s.Demo, Staffed: s.Staffed, Waiting: s.Waiting,
			Processes: []processJSON{}, Alerts: []alertJSON{},
		}
		for _, p := range s.Processes {
			result.Processes = append(result.Processes, processJSON{p.Role, p.Pid, control.Time(p.SinceNs), p.Restarts})
		}
		for _, a := range s.Alerts {
			result.Alerts = append(result.Alerts, alertJSON{control.Time(a.AtNs), a.Role, a.Reason, a.Crashes, time.Duration(a.PauseNs).Seconds()})
		}
		return printJSON(out, result)
	}
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	row := func(what, format string, a ...any) { fmt.Fprintf(table, "%s\t%s\n", what, fmt.Sprintf(format, a...)) }
	row("state", "%s, for %s", s.State, now.Sub(since).Round(time.Second))
	row("running", "for %s, process %d, version %s", now.Sub(started).Round(time.Second), s.Pid, s.Version)
	row("home", "%s", s.Home)
	whose := ""
	if s.Demo {
		whose = " of the demo shop"
	}
	row("knowledge", "%d answers, %d products%s", s.Answers, s.Products, whose)
	if s.Staffed {
		row("staff", "a PIN is wanted for shoppers' words")
	} else {
		row("staff", "no accounts: shoppers' words need no PIN (`tenin staff add`)")
	}
	if s.Waiting > 0 {
		row("waiting", "%d shoppers asked for staff", s.Waiting)
	}
	for _, p := range s.Processes {
		row(p.Role, "process %d, for %s, restarted %d times", p.Pid, now.Sub(control.Time(p.SinceNs)).Round(time.Second), p.Restarts)
	}
	for _, a := range s.Alerts {
		row("ALERT", "%s ago the %s process had died %d times within a minute (%s): look at the log, call a technician",
			now.Sub(control.Time(a.AtNs)).Round(time.Second), a.Role, a.Crashes, a.Reason)
	}
	return table.Flush()
}
