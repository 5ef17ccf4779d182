package main

import (
	"context"
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
		Short: "The kept conversations: list, show, play and erase",
		Example: `  tenin sessions list
  tenin sessions show 3f2a --reason "a complaint"
  tenin sessions erase 3f2a`,
	}
	c.AddCommand(newSessionsList(f), newSessionsShow(f), newSessionsPlay(f), newSessionsErase(f), newSessionsAccesses(f))
	return c
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
			var sessions []storage.Listing
			err := withVault(cmd, f, nil, func(owner kiosk.Owner) (err error) {
				sessions, err = owner.Sessions(cmd.Context())
				return err
			})
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
	who, reason := &asker{}, ""
	c := &cobra.Command{
		Use:   "show SESSION",
		Short: "What was said in one session",
		Long: `Shows a session's turns. SESSION is its name or the beginning of it. Who opened it, when and why is written down in the
vault: ` + "`tenin sessions accesses`" + `. Where the shop has staff accounts the reason is needed, and a running kiosk wants a PIN,
of staff or a manager. JSON fields: session, started, source, language, consent, turns, sound_seconds.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var saved *storage.Saved
			err := withVault(cmd, f, who, func(owner kiosk.Owner) error {
				id, err := findSession(cmd.Context(), owner, args[0])
				if err == nil {
					saved, err = owner.Load(cmd.Context(), id, reason)
				}
				return err
			})
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
	who.addTo(c, "staff", "pin-file")
	addReason(c, &reason)
	return c
}

// addReason gives a command that opens a conversation its reason.
func addReason(c *cobra.Command, reason *string) {
	c.Flags().StringVar(reason, "reason", "", "why it is opened, in a few words; it is written down")
}

func newSessionsErase(f *flags) *cobra.Command {
	who := &asker{}
	c := &cobra.Command{
		Use:   "erase SESSION|CODE",
		Short: "Destroy one session for good",
		Long: "Destroys a session's key, and then its words and sound. SESSION is its name or the beginning of it; CODE is the code that the\n" +
			"kiosk gave the shopper, in any spelling of it. A running kiosk wants a PIN for it where the shop has staff accounts:\n" +
			"a manager's for SESSION, for CODE that of staff will do. JSON fields: session, erased.",
		Example: `  tenin sessions erase 3f2a
  tenin sessions erase 7K4M-2QXD-93`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var id storage.ID
			err := withVault(cmd, f, who, func(owner kiosk.Owner) (err error) {
				id, err = eraseNamed(cmd.Context(), owner, args[0])
				return err
			})
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"session": id, "erased": true})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "session %s is erased\n", id)
			return err
		},
	}
	who.addTo(c, "staff", "pin-file")
	return c
}

// eraseNamed erases the session of that name or receipt. A few beginnings of names read as codes as well: no session has
// such a code, but by a chance of one in 2^45.
func eraseNamed(ctx context.Context, owner kiosk.Owner, name string) (storage.ID, error) {
	_, wrong := storage.ParseReceipt(name)
	hexadecimal := strings.Trim(strings.ToLower(name), "0123456789abcdef") == ""
	if wrong == nil {
		id, err := owner.EraseReceipt(ctx, name)
		if err == nil || !hexadecimal || !errors.Is(err, storage.ErrNotFound) {
			return id, err
		}
	} else if !hexadecimal {
		return storage.ID{}, usageError{fmt.Errorf("neither the name of a session nor a shopper's code: %w", wrong)}
	}
	id, err := findSession(ctx, owner, name)
	if err != nil {
		return id, err
	}
	return id, owner.Erase(ctx, id)
}

// findSession takes a whole name, or a beginning that only one session has.
func findSession(ctx context.Context, owner kiosk.Owner, name string) (storage.ID, error) {
	if name == "" {
		return storage.ID{}, usageError{errors.New("no session is named: `tenin sessions list` shows them")}
	}
	if id, err := storage.ParseID(name); err == nil {
		return id, nil
	}
	sessions, err := owner.Sessions(ctx)
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
