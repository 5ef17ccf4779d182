package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
)

func newKnowledgeList(f *flags) *cobra.Command {
	var products bool
	c := &cobra.Command{
		Use:   "list",
		Short: "The answers, or the products, that the clerk knows",
		Long: `Lists the approved answers, or with --products the product list. A home without knowledge has the demo shop's.
JSON: one object a line, in the form that ` + "`tenin knowledge import`" + ` reads.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var batch knowledge.Batch
			isDemo := false
			err := withVault(cmd, f, nil, func(owner kiosk.Owner) (err error) {
				batch, isDemo, err = owner.Knowledge(cmd.Context())
				return err
			})
			if err != nil {
				return err
			}
			if isDemo {
				f.say("this home has no knowledge of its own: the demo shop's is shown")
			}
			out := cmd.OutOrStdout()
			if f.json {
				if products {
					batch.Entries = nil
				} else {
					batch.Products = nil
				}
				return batch.WriteJSONL(out)
			}
			table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
			if products {
				for _, p := range batch.Products {
					fmt.Fprintf(table, "%s\t%s\t%s\t%d yen\n", p.ID, p.Name, strings.TrimSpace(p.Floor+" "+p.Place), p.Price)
				}
			} else {
				for _, e := range batch.Entries {
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", e.ID, e.Language, e.Topic, e.Question)
				}
			}
			return table.Flush()
		},
	}
	c.Flags().BoolVar(&products, "products", false, "list the products instead of the answers")
	return c
}
