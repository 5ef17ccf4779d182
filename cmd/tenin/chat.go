package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
)

func newChat(f *flags) *cobra.Command {
	var noKeep bool
	c := &cobra.Command{
		Use:   "chat",
		Short: "Type questions and read the answers",
		Long:  "Answers a question a line until the input ends, or until a line says /quit. With --json one object a line, as `tenin ask`. The kiosk that runs on the home is asked when there is one.",
		Example: `  tenin chat
  printf '駐車場は？\nWhere is the toilet?\n' | tenin chat --json`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			ctx := cmd.Context()
			parts := kiosk.Knowing
			if !noKeep {
				parts |= kiosk.Keeping
			}
			asker, greeting, err := openAsker(ctx, f, parts, kiosk.Terms{Keep: !noKeep})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, asker.Close()) }()

			in, out := cmd.InOrStdin(), cmd.OutOrStdout()
			person := isTerminal(in) && !f.json
			if person {
				f.say("%s  (an empty line or Ctrl-D ends)", greeting)
			}
			lines := bufio.NewScanner(in)
			for {
				if person {
					fmt.Fprint(out, "> ")
				}
				if !lines.Scan() {
					break
				}
				text := strings.TrimSpace(lines.Text())
				if text == "/quit" || (text == "" && person) {
					return nil
				}
				if text == "" {
					continue
				}
				turn, outcome, err := asker.Ask(ctx, kiosk.Brief{Text: text})
				if errors.Is(err, kiosk.ErrEngineLost) {
					// A new one is being started, and the visit goes on.
					f.say("%s", oneLine(err.Error()))
					continue
				}
				if turn.Reply.Kind != dialogue.None || err == nil {
					err = errors.Join(err, printTurn(out, f, turn, outcome.Session, ""))
				}
				if err != nil {
					return err
				}
			}
			if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
				return usageError{errors.New("a line of the input is longer than 64 KB: that is no question")}
			} else if err != nil && !errors.Is(err, io.EOF) {
				return fmt.Errorf("questions: %w", err)
			}
			if person {
				fmt.Fprintln(out)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&noKeep, "no-keep", false, "keep nothing of what is typed")
	return c
}
