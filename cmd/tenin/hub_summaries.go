package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/storage/uplink/hub"
)

// receivedJSON is a line of `tenin hub summaries --json`.
type receivedJSON struct {
	Received time.Time       `json:"received"`
	Device   string          `json:"device"`
	Summary  json.RawMessage `json:"summary"`
}

func newHubSummaries(f *flags) *cobra.Command {
	var which hubFlags
	var since string
	c := &cobra.Command{
		Use:   "summaries",
		Short: "What the kiosks sent",
		Long: `Prints the summaries in the order in which the hub stored them. JSON, one object a line: received, device, summary
(schema, id, day, hour, kind, topic, sources, language, score in tenths, channel, first_audio, speech and total as steps
of a doubling scale that begins at 250 ms, flags).`,
		Example: `  tenin hub summaries --since 24h
  tenin hub summaries --since 2026-11-01 --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			from, err := parseSince(since, time.Now())
			if err != nil {
				return usageError{err}
			}
			admin, err := which.open(cmd.Context(), f, true)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
			n := 0
			err = admin.Summaries(cmd.Context(), from, func(r hub.Received) error {
				n++
				if f.json {
					return printJSON(out, receivedJSON{r.At.UTC(), r.Device, r.Summary.Encode()})
				}
				s := r.Summary
				h := s.Hour()
				topic := s.Topic().String()
				if topic == "" {
					topic = "-"
				}
				_, err := fmt.Fprintf(table, "%04d-%02d-%02d %02dh\t%s\t%s\t%s\t%s\t%d/10\n", h.Year, h.Month, h.Day, h.Hour, r.Device, s.Kind(), topic, s.Language(), s.Score())
				if n%256 == 0 {
					// A long list is shown as it comes.
					err = errors.Join(err, table.Flush())
				}
				return err
			})
			if err = errors.Join(err, table.Flush(), admin.Close()); err != nil {
				return err
			}
			if n == 0 {
				f.say("nothing came yet, or not since then")
			}
			return nil
		},
	}
	which.add(c)
	c.Flags().StringVar(&since, "since", "", "only what the hub stored since: a duration (24h) or a day (2026-11-01)")
	return c
}

// parseSince returns the time that a person means; the zero time for an empty text.
func parseSince(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339, "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(form, text, now.Location()); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time: write a duration as 24h, or a day as 2026-11-01", text)
}
