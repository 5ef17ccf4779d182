package main

import (
	"github.com/spf13/cobra"
)

func newKnowledge(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "knowledge",
		Short: "What the shop knows: import, search, list, undo",
		Example: `  tenin knowledge import faq.xlsx        a new file replaces the answers; what changed is shown
  tenin knowledge undo                   back to what was before
  tenin knowledge search "返品できる？"
  tenin knowledge list --products`,
	}
	c.AddCommand(newKnowledgeImport(f), newKnowledgeSearch(f), newKnowledgeList(f), newKnowledgeUndo(f), newKnowledgeRedo(f))
	return c
}
