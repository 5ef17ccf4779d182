package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
)

// searchJSON is a line of `tenin knowledge search --json`.
type searchJSON struct {
	Query string    `json:"query"`
	Hits  []hitJSON `json:"hits"`
}

type hitJSON struct {
	ID    string            `json:"id"`
	Score float64           `json:"score"`
	Kind  knowledge.HitKind `json:"kind"`
}

func newKnowledgeSearch(f *flags) *cobra.Command {
	var batchFile string
	var n int
	c := &cobra.Command{
		Use:   "search QUERY",
		Short: "What the clerk finds for a question, and how sure it is",
		Long: `Searches as the clerk does, and shows the likeliest hits with their calibrated score, the probability of being right.
JSON: {"query","hits":[{"id","score","kind"}]}, kind answer, product or passage; with --batch one such object a line.`,
		Example: `  tenin knowledge search "何時まで？"
  tenin knowledge search -n 5 --json "歯ブラシはどこ"
  tenin knowledge search --json --batch queries.txt`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (batchFile == "") {
				return usageError{errors.New("name one thing to search: QUERY or --batch FILE")}
			}
			if n < 1 || n > 100 {
				return usageError{fmt.Errorf("-n is %d: use 1 to 100", n)}
			}
			var in io.Reader = strings.NewReader(strings.Join(args, ""))
			switch batchFile {
			case "":
			case "-":
				in = cmd.InOrStdin()
			default:
				file, err := os.Open(batchFile)
				if err != nil {
					return err
				}
				defer file.Close()
				in = file
			}
			clerk, err := openClerk(cmd.Context(), f, kiosk.Knowing, "")
			if err != nil {
				return err
			}
			defer clerk.Close()
			lines := bufio.NewScanner(in)
			for lines.Scan() {
				query := strings.TrimSuffix(lines.Text(), "\r")
				hits, err := clerk.Index().Search(cmd.Context(), query, n)
				if err != nil {
					return err
				}
				if err := printHits(cmd.OutOrStdout(), f, query, hits); err != nil {
					return err
				}
			}
			if errors.Is(lines.Err(), bufio.ErrTooLong) {
				return usageError{errors.New("a query is longer than 64 KB")}
			}
			return lines.Err()
		},
	}
	c.Flags().StringVar(&batchFile, "batch", "", "search for each line of this file; - is standard input")
	c.Flags().IntVarP(&n, "limit", "n", 3, "how many hits to show")
	return c
}

func printHits(out io.Writer, f *flags, query string, hits []knowledge.Hit) error {
	if f.json {
		line := searchJSON{Query: query, Hits: []hitJSON{}}
		for _, h := range hits {
			line.Hits = append(line.Hits, hitJSON{h.ID, h.Score, h.Kind})
		}
		return printJSON(out, line)
	}
	if !f.quiet {
		fmt.Fprintln(out, query)
	}
	for _, h := range hits {
		text := ""
		switch {
		case h.Entry != nil:
			text = h.Entry.Question
		case h.Product != nil:
			text = strings.TrimSpace(h.Product.Name + " " + h.Product.Place)
		}
		fmt.Fprintf(out, "  %.2f  %-8s %-20s %s\n", h.Score, h.Kind, h.ID, text)
	}
	return nil
}
