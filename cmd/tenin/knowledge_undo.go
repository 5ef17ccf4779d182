package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
)

func newKnowledgeUndo(f *flags) *cobra.Command {
	return stepCommand(f, "undo", "Go back to what was before the last import", (*knowledge.Store).Undo)
}

func newKnowledgeRedo(f *flags) *cobra.Command {
	return stepCommand(f, "redo", "Take back an undo", (*knowledge.Store).Redo)
}

func stepCommand(f *flags, name, short string, step func(*knowledge.Store) (knowledge.Diff, error)) *cobra.Command {
	return &cobra.Command{
		Use:   name,
		Short: short,
		Long:  short + ", and show what that changes. JSON fields: diff.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, _, err := f.load()
			if err != nil {
				return err
			}
			store, err := kiosk.OpenKnowledge(home)
			if err != nil {
				return err
			}
			defer store.Close()
			diff, err := step(store)
			if errors.Is(err, knowledge.ErrNoHistory) {
				return fmt.Errorf("there is nothing to %s in %s", name, kiosk.KnowledgePath(home))
			} else if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"diff": diff})
			}
			return diff.WriteText(cmd.OutOrStdout())
		},
	}
}
