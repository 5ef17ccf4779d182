package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tenin/audio"
	"tenin/cmd/internal/clock"
	"tenin/cmd/internal/setup"
	"tenin/firmware/enrol"
	"tenin/llm/models"
)

func newSetup(f *flags) *cobra.Command {
	var onScreen, entered bool
	var window string
	c := &cobra.Command{
		Use:   "setup",
		Short: "Set this kiosk up, step by step, and test each step",
		Long: `Shows how each step of the set-up stands and what to do about it. The steps that listen and play are tried with
tenin setup microphone, loudspeaker and echo. Exit code 1 when a step fails. Accounts are made with tenin staff, a hub is
joined with tenin hub join, the vault is sealed with tenin keys reseal.

With --screen all steps are done by touch, on the display that DISPLAY names, while no kiosk runs.

JSON, one object a line: part, state (undone, ok, warn, fail), code, text, do.`,
		Example: `  tenin setup
  tenin setup --screen
  tenin setup shop --name 緑屋 --language ja
  tenin setup microphone
  tenin setup recovery`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if onScreen || window != "" {
				return setupOnScreen(cmd.Context(), f, window, entered)
			}
			s, err := openSetup(f)
			if err != nil {
				return err
			}
			worst := setup.Good
			for _, find := range checks(s) {
				finding := find()
				if finding.State == setup.Bad {
					worst = setup.Bad
				}
				if err := tellFinding(cmd.OutOrStdout(), f, finding); err != nil {
					return err
				}
			}
			if worst == setup.Bad {
				return quietError{exitFailed}
			}
			return nil
		},
	}
	c.Flags().BoolVar(&onScreen, "screen", false, "the technician's screens, by touch")
	c.Flags().StringVar(&window, "window", "", "the same in a window of this size in dots, as 540x960, instead of the whole display")
	c.Flags().BoolVar(&entered, "entered", false, "with --screen: the technician's PIN was given at the counter")
	// It is how `tenin run` opens them.
	_ = c.Flags().MarkHidden("entered")
	c.AddCommand(newSetupShop(f), newSetupClock(f), newSetupMicrophone(f), newSetupLoudspeaker(f), newSetupEcho(f), newSetupRecovery(f))
	return c
}

// checks are the steps that can be looked at without anybody there.
func checks(s *setup.Setup) []func() setup.Finding {
	return []func() setup.Finding{
		s.CheckShop,
		func() setup.Finding { _, find := s.CheckClock(); return find },
		func() setup.Finding { _, find := s.CheckSealing(); return find },
		s.CheckRecovery,
		func() setup.Finding { _, find := s.CheckStaff(); return find },
		func() setup.Finding { return s.CheckHub().Finding },
	}
}

// openSetup is a Setup of the command line's home. Settings that cannot be read are told by the step about the shop.
func openSetup(f *flags) (*setup.Setup, error) {
	home, err := f.homeDir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, err
	}
	o := setup.Options{Home: home, Settings: f.settings, Sound: setup.Sound{VAD: setupVAD}}
	if device := enrol.NewClient(root); device.There() {
		o.Keep = keepOnDisk(device)
	}
	s, _ := setup.New(o)
	return s, nil
}

// setupVAD is the one that knows a voice where it is there, and else the one that knows what is loud.
func setupVAD() (audio.VAD, error) {
	if path, err := models.Open(models.DefaultDir()).Path(models.Silero); err == nil {
		if vad, err := audio.OpenSilero(path); err == nil {
			return vad, nil
		}
	}
	return &audio.EnergyVAD{}, nil
}

func tellFinding(out io.Writer, f *flags, find setup.Finding) error {
	if f.json {
		return printJSON(out, find)
	}
	marks := map[setup.State]string{setup.Undone: "todo", setup.Good: "ok  ", setup.Fair: "WARN", setup.Bad: "FAIL"}
	fmt.Fprintf(out, "%s  %-12s %s\n", marks[find.State], find.Part, oneLine(find.Text))
	if find.Do != "" {
		fmt.Fprintf(out, "                    → %s\n", find.Do)
	}
	return nil
}

// ended tells a finding and gives the command its exit code.
func ended(cmd *cobra.Command, f *flags, result any, find setup.Finding) error {
	var err error
	if f.json {
		err = printJSON(cmd.OutOrStdout(), result)
	} else {
		err = tellFinding(cmd.OutOrStdout(), f, find)
	}
	if err == nil && find.State == setup.Bad {
		return quietError{exitFailed}
	}
	return err
}

func newSetupShop(f *flags) *cobra.Command {
	var undo bool
	var w setup.ShopSettings
	var accent string
	c := &cobra.Command{
		Use:   "shop",
		Short: "The shop's name, brand and language, and the sound devices",
		Long: `Writes what is given into tenin.toml, whose comments and other keys stay; --undo takes the last change back. JSON fields:
part, state, code, text, do.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := openSetup(f)
			if err != nil {
				return err
			}
			flags := cmd.Flags()
			if undo {
				if err := s.UndoShop(); err != nil {
					return err
				}
				find := s.CheckShop()
				return ended(cmd, f, find, find)
			}
			now := s.ShopSettings()
			for name, field := range map[string][2]*string{
				"name": {&now.Name, &w.Name}, "brand": {&now.Brand, &w.Brand}, "language": {&now.Language, &w.Language}, "floor": {&now.Floor, &w.Floor},
				"microphone": {&now.Microphone, &w.Microphone}, "loudspeaker": {&now.Loudspeaker, &w.Loudspeaker},
			} {
				if flags.Changed(name) {
					*field[0] = *field[1]
				}
			}
			if flags.Changed("accent") {
				if now.Accent, now.HasAccent, err = parseAccent(accent); err != nil {
					return err
				}
			}
			if err := s.SetShop(now); err != nil {
				return err
			}
			find := s.CheckShop()
			return ended(cmd, f, find, find)
		},
	}
	c.Flags().StringVar(&w.Name, "name", "", "the name that shoppers know")
	c.Flags().StringVar(&w.Brand, "brand", "", "what stands at the top of each screen (default: the name)")
	c.Flags().StringVar(&w.Language, "language", "", "what shoppers speak: ja, en or auto")
	c.Flags().StringVar(&w.Floor, "floor", "", "where this kiosk stands")
	c.Flags().StringVar(&accent, "accent", "", "colour of what is to be touched, as in #165e83; empty: the screens' own")
	c.Flags().StringVar(&w.Microphone, "microphone", "", "the microphone's name or a part of it")
	c.Flags().StringVar(&w.Loudspeaker, "loudspeaker", "", "the loudspeaker's name or a part of it")
	c.Flags().BoolVar(&undo, "undo", false, "take the last change back")
	return c
}

func parseAccent(text string) (rgb uint32, has bool, err error) {
	if text == "" {
		return 0, false, nil
	}
	if _, err := fmt.Sscanf(text, "#%06x", &rgb); err != nil || len(text) != 7 {
		return 0, false, usageError{fmt.Errorf("--accent %q is no colour: write it as in #165e83", text)}
	}
	return rgb, true, nil
}

// clockJSON is the result of `tenin setup clock --json`.
type clockJSON struct {
	setup.Finding
	Trusted bool        `json:"trusted"`
	Reason  string      `json:"reason"`
	Now     time.Time   `json:"now"`
	Refused []clock.Use `json:"refused"`
}

func newSetupClock(f *flags) *cobra.Command {
	var confirm bool
	var set string
	c := &cobra.Command{
		Use:   "clock",
		Short: "Whether the time can be trusted, and what is refused while it is not",
		Long: `Says whether the machine's time can be trusted, and for what reason. A machine that was off without a network does not guess:
until a time server keeps the time or somebody confirms it, conversations are not erased by age, no hub is joined, nothing is
closed for the rest of today, and receipts have no day. --confirm says that the time shown is right.

JSON fields: part, state, code, text, do, trusted, reason, now, refused.`,
		Example: `  tenin setup clock
  tenin setup clock --confirm
  tenin setup clock --set "2026-11-22 10:30"`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := openSetup(f)
			if err != nil {
				return err
			}
			var trust clock.Trust
			var find setup.Finding
			switch {
			case set != "":
				to, err := time.ParseInLocation("2006-01-02 15:04", set, time.Local)
				if err != nil {
					return usageError{fmt.Errorf("--set %q is no time: write it as in \"2026-11-22 10:30\"", set)}
				}
				trust, find = s.SetClock(to)
			case confirm:
				trust, find = s.ConfirmClock()
			default:
				trust, find = s.CheckClock()
			}
			refused := trust.Refused()
			if refused == nil {
				refused = []clock.Use{}
			}
			return ended(cmd, f, clockJSON{find, trust.Trusted, string(trust.Reason), trust.Now, refused}, find)
		},
	}
	c.Flags().BoolVar(&confirm, "confirm", false, "the time is right: somebody has looked at a watch")
	c.Flags().StringVar(&set, "set", "", "set the clock to this local time, as root, and confirm it")
	return c
}

func newSetupMicrophone(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "microphone",
		Short: "Listen to the room, and then to a sentence",
		Long: `Listens for two seconds to the room, in which nobody should speak, and then for at most eight to a sentence as a shopper would
speak it. Nothing of it is kept. JSON fields: part, state, code, text, do, device, floor_db, speech_db, above_db, clipped,
spoken_ns.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := openSetup(f)
			if err != nil {
				return err
			}
			phase := setup.Phase("")
			show := isTerminal(os.Stderr) && !f.quiet && !f.json
			h := s.CheckMicrophone(cmd.Context(), func(l setup.Level) {
				if l.Phase != phase {
					phase = l.Phase
					f.say("%s", map[setup.Phase]string{setup.Quiet: "please be quiet for two seconds", setup.Speak: "now say a sentence"}[phase])
				}
				if show {
					fmt.Fprintf(os.Stderr, "\r%-50s", strings.Repeat("#", max(int(l.RMS+80)/2, 0)))
				}
			})
			if show {
				fmt.Fprint(os.Stderr, "\r", strings.Repeat(" ", 50), "\r")
			}
			return ended(cmd, f, h, h.Finding)
		},
	}
}

func newSetupLoudspeaker(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "loudspeaker",
		Short: "Play a tone and listen for it",
		Long:  "Plays a tone of one second and listens for it with the microphone. JSON fields: part, state, code, text, do, device, before_db, level_db.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := openSetup(f)
			if err != nil {
				return err
			}
			t := s.CheckLoudspeaker(cmd.Context())
			return ended(cmd, f, t, t.Finding)
		},
	}
}

func newSetupEcho(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "echo",
		Short: "Measure how the loudspeaker comes back into the microphone",
		Long: `Plays a sweep of half a second and finds it in what the microphone hears: how much later and softer it comes back, and whether
the kiosk has to close the microphone while it speaks. JSON fields: part, state, code, text, do, delay_ns, attenuation_db,
likeness, heard, half_duplex.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := openSetup(f)
			if err != nil {
				return err
			}
			e := s.MeasureEcho(cmd.Context())
			return ended(cmd, f, e, e.Finding)
		},
	}
}

func newSetupRecovery(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "recovery",
		Short: "Make the recovery key, show it once, and have two groups typed back",
		Long: `Makes a new recovery key and shows it once: write it down and keep it away from the machine. Then two of its groups are asked
for, drawn by chance; only when they are right does it become the vault's, in the place of the one before. Whoever has it opens
the vault (tenin keys recover --key) and sets a new PIN (tenin staff reset). No kiosk may run meanwhile.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.json {
				return usageError{errors.New("the recovery key is shown to a person, not as JSON")}
			}
			s, err := openSetup(f)
			if err != nil {
				return err
			}
			return makeRecovery(cmd.Context(), s, cmd.InOrStdin(), cmd.OutOrStdout(), f)
		},
	}
}

// makeRecovery asks until two groups were right, or nobody answers.
func makeRecovery(ctx context.Context, s *setup.Setup, in io.Reader, out io.Writer, f *flags) error {
	defer s.ForgetRecovery()
	groups := s.MakeRecovery()
	fmt.Fprintln(out, strings.Join(groups, "-"))
	f.say("write this down; it is not shown again")
	lines := typedLines{bufio.NewReader(in)}
	for {
		first, second := s.AskedGroups()
		if first == 0 {
			return nil
		}
		one, err := lines.ask(ctx, fmt.Sprintf("group %d: ", first))
		if err != nil {
			return fmt.Errorf("the key was not checked and is not the vault's: %w", err)
		}
		two, err := lines.ask(ctx, fmt.Sprintf("group %d: ", second))
		if err != nil {
			return fmt.Errorf("the key was not checked and is not the vault's: %w", err)
		}
		find := s.ConfirmRecovery(one, two)
		if err := tellFinding(out, f, find); err != nil {
			return err
		}
		switch find.Code {
		case setup.Fine:
			return nil
		case setup.RecoveryWrong:
		default:
			return quietError{exitFailed}
		}
	}
}

// typedLines are what somebody types, or a script.
type typedLines struct{ *bufio.Reader }

// ask asks for a line; the error wraps io.EOF when nobody answers.
func (l typedLines) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(os.Stderr, question)
	line, err := during(ctx, func() (string, error) { return l.ReadString('\n') })
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimSpace(line), err
}
