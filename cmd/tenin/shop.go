package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/storage/seal"
	"tenin/ui"
)

// newShop makes the commands by which staff switch a kiosk.
func newShop(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "shop",
		Short: "Staff's switches: pause, mute, close for today, a notice, topics off; and who needs help",
		Long: `Switches the kiosk of the home. What is switched holds at once at a running kiosk, and at the next start. A running kiosk
wants a PIN for a change where the shop has staff accounts; looking needs none.

JSON of every switch and of ` + "`tenin shop status`" + `, one object: running, kiosk, state, paused, muted, closed, closed_until, notice,
notice_until, topics_off, calls with id, topic, language, since, taken, by, late.`,
		Example: `  tenin shop pause
  tenin shop notice "本日は18時に閉店いたします"
  tenin shop topic off 返品
  tenin shop undo
  tenin shop status`,
	}
	yes, no, none := true, false, ""
	for _, s := range []struct {
		name, short string
		change      kiosk.Change
	}{
		{"pause", "Serve nobody until `tenin shop resume`", kiosk.Change{Paused: &yes}},
		{"resume", "Serve shoppers again", kiosk.Change{Paused: &no}},
		{"mute", "Silence the loudspeaker: answers are shown only", kiosk.Change{Muted: &yes}},
		{"unmute", "Let answers be heard again", kiosk.Change{Muted: &no}},
		{"close", "Closed for the rest of the day, until midnight", kiosk.Change{Closed: &yes}},
		{"open", "Open again before midnight", kiosk.Change{Closed: &no}},
		{"undo", "Go back to before the last switch; once more goes forward", kiosk.Change{Undo: true}},
	} {
		c.AddCommand(newSwitch(f, s.name, s.short, cobra.NoArgs, func([]string) (kiosk.Change, error) { return s.change, nil }))
	}
	notice := newSwitch(f, "notice TEXT", "Show a line on the first screen until midnight; an empty one removes it", cobra.ExactArgs(1),
		func(args []string) (kiosk.Change, error) {
			if bad := ui.Undrawable(args[0]); bad != "" {
				return kiosk.Change{}, usageError{fmt.Errorf("the screens have no picture of %q: write the notice without", bad)}
			}
			if strings.TrimSpace(args[0]) == "" {
				return kiosk.Change{Notice: &none}, nil
			}
			return kiosk.Change{Notice: &args[0]}, nil
		})
	topic := newSwitch(f, "topic off|on NAME", "Hand off the questions about a topic, or answer them again", cobra.ExactArgs(2),
		func(args []string) (kiosk.Change, error) {
			if args[0] != "off" && args[0] != "on" {
				return kiosk.Change{}, usageError{fmt.Errorf("topic %s: use off or on", args[0])}
			}
			return kiosk.Change{Topic: args[1], TopicOff: args[0] == "off"}, nil
		})
	c.AddCommand(notice, topic, newShopStatus(f))
	return c
}

// newSwitch makes a command that changes the settings of the kiosk and shows them.
func newSwitch(f *flags, use, short string, args cobra.PositionalArgs, change func(args []string) (kiosk.Change, error)) *cobra.Command {
	who := &asker{}
	c := &cobra.Command{
		Use: use, Short: short, Args: args,
		Long: short + ".\n\nJSON fields as `tenin help shop` lists them.",
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted, err := change(args)
			if err != nil {
				return err
			}
			return showShop(cmd, f, who, func(house kiosk.House) error {
				_, err := house.Change(cmd.Context(), wanted)
				return err
			})
		},
	}
	who.addTo(c, "staff", "pin-file")
	return c
}

func newShopStatus(f *flags) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "What is switched, and who needs help", Args: cobra.NoArgs,
		Long: "Shows what staff have switched and which shoppers wait for somebody.\n\nJSON fields as `tenin help shop` lists them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showShop(cmd, f, nil, func(kiosk.House) error { return nil })
		},
	}
}

// shopJSON is the result of every `tenin shop` command with --json.
type shopJSON struct {
	Running bool   `json:"running"`
	Kiosk   string `json:"kiosk"`
	State   string `json:"state,omitempty"`
	kiosk.Settings
	Calls []shopCallJSON `json:"calls"`
}

type shopCallJSON struct {
	ID       string    `json:"id"`
	Topic    string    `json:"topic"`
	Language string    `json:"language"`
	Since    time.Time `json:"since"`
	Taken    time.Time `json:"taken,omitzero"`
	By       string    `json:"by,omitempty"`
	Late     bool      `json:"late"`
}

// showShop does something and shows what then holds.
func showShop(cmd *cobra.Command, f *flags, who *asker, do func(kiosk.House) error) error {
	var s kiosk.Situation
	running := false
	err := withHouse(cmd, f, who, func(house kiosk.House) (err error) {
		if err := do(house); err != nil {
			return err
		}
		running = kiosk.HouseRuns(house)
		s, err = house.Situation(cmd.Context())
		return err
	})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if f.json {
		result := shopJSON{Running: running, Kiosk: s.Kiosk, State: s.State, Settings: s.Settings, Calls: []shopCallJSON{}}
		for _, c := range s.Calls {
			result.Calls = append(result.Calls, shopCallJSON{c.ID, c.Topic, c.Language, c.Since, c.Taken, c.By, c.Late})
		}
		return printJSON(out, result)
	}
	return printShop(out, s, running)
}

func printShop(out io.Writer, s kiosk.Situation, running bool) error {
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	switch set := s.Settings; {
	case !running:
		say("kiosk %s does not run", s.Kiosk)
	case set.Serving():
		say("kiosk %s serves shoppers", s.Kiosk)
	default:
		say("kiosk %s serves nobody", s.Kiosk)
	}
	if s.Settings.Paused {
		say("paused: `tenin shop resume` ends it")
	}
	if s.Settings.Closed {
		say("closed for today, until %s", s.Settings.ClosedUntil.Local().Format(time.DateTime))
	}
	if s.Settings.Muted {
		say("muted: answers are shown only")
	}
	if s.Settings.Notice != "" {
		say("notice: %s", s.Settings.Notice)
	}
	for _, topic := range s.Settings.TopicsOff {
		say("off: %s", topic)
	}
	for _, c := range s.Calls {
		how := "nobody is on the way"
		if c.Coming() {
			how = strings.TrimSpace("somebody is on the way " + c.By)
		}
		say("a shopper has waited since %s for staff: %s", c.Since.Local().Format(time.TimeOnly), how)
	}
	_, err := fmt.Fprintln(out, strings.Join(lines, "\n"))
	return err
}

// withHouse has do ask the house of the home: the kiosk that runs there, or the vault. A PIN is asked for when the kiosk
// wants one, and do is called again.
func withHouse(cmd *cobra.Command, f *flags, who *asker, do func(kiosk.House) error) (err error) {
	home, settings, err := f.load()
	if err != nil {
		return err
	}
	ctx := cmd.Context()
	house, err := kiosk.OpenHouse(ctx, home, kiosk.Unlock{Seal: settings.Seal})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	err = do(house)
	if errors.Is(err, control.ErrPINNeeded) && who != nil {
		if err = who.login(ctx, cmd.InOrStdin(), houseDoor{house}); err == nil {
			err = do(house)
		}
	}
	if errors.Is(err, kiosk.ErrSetting) {
		return usageError{err}
	}
	return refused(err)
}

// houseDoor is where a PIN is given to a house.
type houseDoor struct{ kiosk.House }

func (h houseDoor) Login(ctx context.Context, name string, pin seal.Secret) error {
	_, err := h.House.Login(ctx, name, pin)
	return err
}
