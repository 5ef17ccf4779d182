package main

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

func newSessions(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "sessions",
		Short: "The kept conversations: list and show",
		Example: `  tenin sessions list
  tenin sessions show 3f2a`,
	}
	c.AddCommand(newSessionsList(f), newSessionsShow(f))
	return c
}

// openVault opens a vault that is there; reading must not make one.
func openVault(f *flags) (*storage.Vault, error) {
	home, _, err := f.load()
	if err != nil {
		return nil, err
	}
	if !kiosk.HasVault(home) {
		return nil, nil
	}
	return kiosk.OpenVault(home)
}

// listingJSON is a line of `tenin sessions list --json`.
type listingJSON struct {
	Session  storage.ID         `json:"session"`
	Started  time.Time          `json:"started"`
	Source   storage.SourceKind `json:"source"`
	Language string             `json:"language"`
	Turns    int                `json:"turns"`
	Seconds  float64            `json:"sound_seconds"`
	Error    string             `json:"error,omitempty"`
}

func newSessionsList(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Every kept session, the oldest first",
		Long:  "Lists the kept sessions. JSON, one object a line: session, started, source (file, text, microphone), language, turns, sound_seconds, error.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			vault, err := openVault(f)
			if err != nil {
				return err
			}
			if vault == nil {
				f.say("nothing is kept yet")
				return nil
			}
			defer vault.Close()
			sessions, err := vault.Sessions()
			if err != nil {
				return err
			}
			if len(sessions) == 0 {
				f.say("nothing is kept yet")
				return nil
			}
			out := cmd.OutOrStdout()
			table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
			var damaged error
			for _, s := range sessions {
				if s.Err != nil {
					damaged = errors.Join(damaged, s.Err)
				}
				if f.json {
					line := listingJSON{s.ID, s.Started, s.Source, s.Language, s.Turns, s.Sound.Seconds(), ""}
					if s.Err != nil {
						line.Error = oneLine(s.Err.Error())
					}
					if err := printJSON(out, line); err != nil {
						return err
					}
					continue
				}
				if s.Err != nil {
					fmt.Fprintf(table, "%s\tcannot be read\t\t\t\n", s.ID.String()[:8])
					continue
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%d turns\t%.1f s\n", s.ID.String()[:8], s.Started.Local().Format(time.DateTime), s.Source, s.Turns, s.Sound.Seconds())
			}
			return errors.Join(table.Flush(), damaged)
		},
	}
}

// savedJSON is the result of `tenin sessions show --json`.
type savedJSON struct {
	Session  storage.ID         `json:"session"`
	Started  time.Time          `json:"started"`
	Source   storage.SourceKind `json:"source"`
	Language string             `json:"language"`
	Consent  *storage.Grant     `json:"consent"`
	Turns    []storage.Turn     `json:"turns"`
	Seconds  float64            `json:"sound_seconds"`
}

func newSessionsShow(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "show SESSION",
		Short: "What was said in one session",
		Long:  "Shows a session's turns. SESSION is its name or the beginning of it. JSON fields: session, started, source, language, consent, turns, sound_seconds.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			vault, err := openVault(f)
			if err != nil {
				return err
			}
			if vault == nil {
				return fmt.Errorf("session %s: %w", args[0], storage.ErrNotFound)
			}
			defer vault.Close()
			id, err := findSession(vault, args[0])
			if err != nil {
				return err
			}
			saved, err := vault.Load(id)
			if err != nil {
				return err
			}
			var sound time.Duration
			for _, clip := range saved.Clips {
				sound += clip.Duration()
			}
			out := cmd.OutOrStdout()
			if f.json {
				return printJSON(out, savedJSON{saved.ID, saved.Started, saved.Source, saved.Language, saved.Consent, saved.Turns, sound.Seconds()})
			}
			fmt.Fprintf(out, "session %s, %s, from %s", saved.ID, saved.Started.Local().Format(time.DateTime), saved.Source)
			if sound > 0 {
				fmt.Fprintf(out, ", %.1f s of sound", sound.Seconds())
			}
			fmt.Fprintln(out)
			for _, t := range saved.Turns {
				fmt.Fprintf(out, "asked   %s\nanswer  %s\n        %s", t.Transcript, t.Answer, t.Kind)
				if len(t.Sources) > 0 {
					fmt.Fprintf(out, " from %s", strings.Join(t.Sources, ", "))
				}
				fmt.Fprintf(out, ", score %.2f\n", t.Score)
			}
			return nil
		},
	}
}

// findSession takes a whole name, or a beginning that only one session has.
func findSession(vault *storage.Vault, name string) (storage.ID, error) {
	if name == "" {
		return storage.ID{}, usageError{errors.New("no session is named: `tenin sessions list` shows them")}
	}
	if id, err := storage.ParseID(name); err == nil {
		return id, nil
	}
	sessions, err := vault.Sessions()
	if err != nil {
		return storage.ID{}, err
	}
	var found []storage.ID
	for _, s := range sessions {
		if name != "" && strings.HasPrefix(s.ID.String(), strings.ToLower(name)) {
			found = append(found, s.ID)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return storage.ID{}, fmt.Errorf("session %s: %w: `tenin sessions list` shows them", name, storage.ErrNotFound)
	default:
		return storage.ID{}, usageError{fmt.Errorf("%d sessions begin with %s: give more of the name", len(found), name)}
	}
}
