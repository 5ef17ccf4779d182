package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
)

func newKnowledgeUndo(f *flags) *cobra.Command {
	return stepCommand(f, "undo", "Go back to what was before the last import", false)
}

func newKnowledgeRedo(f *flags) *cobra.Command {
	return stepCommand(f, "redo", "Take back an undo", true)
}

func stepCommand(f *flags, name, short string, redo bool) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Long:  short + ", and show what that changes. JSON fields: diff.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, _, err := f.load()
			if err != nil {
				return err
			}
			var diff knowledge.Diff
			bar := newReporter(f)
			err = withVault(cmd, f, nil, func(owner kiosk.Owner) (err error) {
				diff, err = owner.Step(cmd.Context(), redo, func(done, total int) {
					bar.step("the running kiosk reads the knowledge", int64(done), int64(total), false)
				})
				return err
			})
			switch {
			case errors.Is(err, knowledge.ErrNoHistory):
				return fmt.Errorf("there is nothing to %s in %s", name, kiosk.KnowledgePath(home))
			case err != nil && diff.Empty():
				return err
			case err != nil:
				err = fmt.Errorf("the %s is done, but the running kiosk does not answer from it yet: %w", name, err)
			}
			if f.json {
				return errors.Join(printJSON(cmd.OutOrStdout(), map[string]any{"diff": diff}), err)
			}
			return errors.Join(diff.WriteText(cmd.OutOrStdout()), err)
		},
	}
}
