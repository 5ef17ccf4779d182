package main

import (
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

func newSessionsPlay(f *flags) *cobra.Command {
	who, reason, output, turn := &asker{}, "", "", 1
	c := &cobra.Command{
		Use:   "play SESSION",
		Short: "The shopper's voice in one turn of a session",
		Long: `Plays what the shopper said in one turn, or writes it to a WAV file. SESSION is its name or the beginning of it. It is
written down as ` + "`tenin sessions show`" + ` is, and wants the same PIN and reason. JSON fields: session, turn, output, seconds.`,
		Example: `  tenin sessions play 3f2a --turn 2 --reason "a complaint" -o turn.wav`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); output != "" && err != nil {
				return err
			}
			_, settings, err := f.load()
			if err != nil {
				return err
			}
			ctx := cmd.Context()
			var id storage.ID
			var clip audio.Clip
			err = withVault(cmd, f, who, func(owner kiosk.Owner) (err error) {
				if id, err = findSession(ctx, owner, args[0]); err != nil {
					return err
				}
				saved, err := owner.Load(ctx, id, reason)
				if err != nil {
					return err
				}
				if turn < 1 || turn > len(saved.Turns) || saved.Turns[turn-1].Clip == 0 {
					return fmt.Errorf("session %s: no voice is kept of turn %d", args[0], turn)
				}
				clip, err = owner.Sound(ctx, id, saved.Turns[turn-1].Clip, reason)
				return err
			})
			if err != nil {
				return err
			}
			if output == "" {
				return playAloud(ctx, settings, clip)
			}
			if err := audio.WriteFile(output, clip); err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"session": id, "turn": turn, "output": output, "seconds": clip.Duration().Seconds()})
			}
			f.say("%.1f s of turn %d in %s", clip.Duration().Seconds(), turn, output)
			return nil
		},
	}
	who.addTo(c, "staff", "pin-file")
	addReason(c, &reason)
	c.Flags().IntVar(&turn, "turn", 1, "which turn, from 1")
	c.Flags().StringVarP(&output, "output", "o", "", "write to this WAV file instead of the loudspeaker")
	return c
}

func newSessionsAccesses(f *flags) *cobra.Command {
	who, most := &asker{}, 50
	c := &cobra.Command{
		Use:   "accesses",
		Short: "Who has opened which conversation, and why",
		Long: `Lists what the vault has written down of who opened shoppers' words, the latest first. No line of it can be changed or
removed. A running kiosk wants a manager's PIN where the shop has staff accounts.
JSON, one object a line: at, who, what, session, reason.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list []storage.Access
			err := withHouse(cmd, f, who, func(house kiosk.House) (err error) {
				list, err = house.Accesses(cmd.Context(), most)
				return err
			})
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if len(list) == 0 {
				f.say("nobody has opened anything yet")
			}
			table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
			for _, a := range list {
				if f.json {
					if err := printJSON(out, a); err != nil {
						return err
					}
					continue
				}
				session := "-"
				if a.Session != (storage.ID{}) {
					session = a.Session.String()[:8]
				}
				name := a.Who
				if name == "" {
					name = "-"
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", a.At.Local().Format(time.DateTime), name, a.What, session, a.Reason)
			}
			return table.Flush()
		},
	}
	who.addTo(c, "staff", "pin-file")
	c.Flags().IntVarP(&most, "number", "n", 50, "how many lines at most: 1 to 1000")
	return c
}
