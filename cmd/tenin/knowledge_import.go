package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
)

func newKnowledgeImport(f *flags) *cobra.Command {
	var dryRun, add, noRender bool
	c := &cobra.Command{
		Use:   "import FILE",
		Short: "Take answers or products from JSONL, CSV or .xlsx",
		Long: `Reads approved answers or products from a file that a shop keeps: JSON lines, CSV (UTF-8 or Shift_JIS) or an .xlsx workbook,
with English or Japanese headings. Every row that is not taken is named with its number and the reason. The file
replaces what there was of its kind, answers or products; what that changed is shown, and ` + "`tenin knowledge undo`" + ` goes back.
Then the answers are spoken once, so that no shopper waits for the voice.

Answers have: id, question, variants, answer, detail, topic, brand, audience, valid_from, valid_until, language, place
(質問, 言い換え, 回答, 詳細, カテゴリ, …); only question and answer are required.
Products have: id, name, reading, aliases, jan, place, floor, price, stock (商品名, よみ, 別名, 売場, 階, 価格, 在庫, …).

A JSON file with floors is the plan that the kiosk's screen shows places on; it replaces the former one, and the kiosk shows
it from the next visit on:
  {"kiosk": {"floor": "1F", "x": 0.8, "y": 0.9},
   "floors": [{"id": "6F", "also": ["6階"], "name": {"ja": "6階 くらし", "en": "6F Home"}, "level": 6, "ratio": 1.6,
     "areas": [{"name": {"ja": "寝具", "en": "Bedding"}, "also": ["ふとん"], "x": 0.7, "y": 0.05, "w": 0.26, "h": 0.3}]}]}
Lengths are fractions of the floor's width and height from its upper left corner. A place such as "6階 寝具 棚B-02" is found by
the names in it: a floor's (id, also) and an area's (name, also).

Characters that the kiosk's screens cannot show are told: a screen would have boxes in their place.

JSON fields: report, diff, undrawable (id, name, characters); for a plan floors, areas, products_not_on_it.`,
		Example: `  tenin knowledge import faq.xlsx
  tenin knowledge import products.csv --dry-run
  cat more.jsonl | tenin knowledge import --add -`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if _, _, err := f.load(); err != nil {
				return err
			}
			in, name := io.Reader(cmd.InOrStdin()), "standard input"
			if args[0] != "-" {
				name = args[0]
				file, err := os.Open(name)
				if err != nil {
					return err
				}
				defer file.Close()
				if info, err := file.Stat(); err == nil && info.IsDir() {
					return usageError{fmt.Errorf("%s is a folder: name one file", name)}
				}
				in = file
			}
			beginning := bufio.NewReaderSize(in, 4096)
			if head, _ := beginning.Peek(512); knowledge.LooksLikePlan(head) {
				return importPlan(cmd, f, beginning, dryRun)
			}
			batch, report, err := knowledge.Import(ctx, filepath.Base(name), beginning)
			if err != nil {
				return err
			}
			mode := kiosk.ImportReplace
			switch {
			case dryRun:
				mode = kiosk.ImportPreview
			case add:
				mode = kiosk.ImportAdd
			}
			var diff knowledge.Diff
			running := false
			bar := newReporter(f)
			unfinished := withVault(cmd, f, nil, func(owner kiosk.Owner) (err error) {
				running = owner.Running()
				diff, err = owner.Import(ctx, batch, mode, func(done, total int) {
					bar.step("the running kiosk reads the knowledge", int64(done), int64(total), false)
				})
				return err
			})
			if unfinished != nil && diff.Empty() {
				return unfinished
			}
			out := cmd.OutOrStdout()
			if f.json {
				if err := printJSON(out, map[string]any{"report": report, "diff": diff, "undrawable": undrawables(batch)}); err != nil {
					return err
				}
			} else {
				if err := errors.Join(report.WriteText(out), diff.WriteText(out)); err != nil {
					return err
				}
				warnUndrawable(cmd.ErrOrStderr(), undrawables(batch))
			}
			if unfinished != nil {
				return fmt.Errorf("the import is done, but the running kiosk does not answer from it yet: %w", unfinished)
			}
			if dryRun {
				f.say("nothing was changed (--dry-run)")
				return nil
			}
			// A running kiosk speaks the new answers when it has time.
			if running || diff.Empty() || noRender || !hasEngines {
				return nil
			}
			return renderAnswers(cmd, f)
		},
	}
	c.Flags().BoolVar(&dryRun, "dry-run", false, "show what would change, and change nothing")
	c.Flags().BoolVar(&add, "add", false, "add to what there is instead of replacing it")
	c.Flags().BoolVar(&noRender, "no-render", false, "do not speak the answers now; the kiosk does it when it has time")
	return c
}

// importPlan takes a plan of floors. It is a picture and no knowledge: a running kiosk reads it by itself.
func importPlan(cmd *cobra.Command, f *flags, in io.Reader, dryRun bool) error {
	home, _, err := f.load()
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(in, knowledge.MaxFileBytes))
	if err != nil {
		return err
	}
	plan, err := knowledge.ParsePlan(data)
	if err != nil {
		return err
	}
	batch, _, err := kiosk.LoadKnowledge(home)
	if err != nil {
		return err
	}
	if !dryRun {
		if err := kiosk.ImportPlan(home, plan); err != nil {
			return err
		}
	}
	areas := 0
	for _, floor := range plan.Floors {
		areas += len(floor.Areas)
	}
	places, products := kiosk.NotOn(plan, batch)
	out := cmd.OutOrStdout()
	if f.json {
		return printJSON(out, map[string]any{"floors": len(plan.Floors), "areas": areas, "products_not_on_it": products})
	}
	fmt.Fprintf(out, "a plan of %d floors with %d areas\n", len(plan.Floors), areas)
	if products > 0 {
		fmt.Fprintf(out, "%d products are in places that it does not have: %s\n", products, strings.Join(places[:min(len(places), 8)], ", "))
	}
	if dryRun {
		f.say("nothing was changed (--dry-run)")
	}
	return nil
}

// renderAnswers embeds and speaks what an import brought. The import itself stands whatever becomes of this.
func renderAnswers(cmd *cobra.Command, f *flags) error {
	clerk, err := openClerk(cmd.Context(), f, kiosk.Knowing|kiosk.Speaking, "")
	if err != nil {
		return fmt.Errorf("the import is done, but its answers were not spoken: %w", err)
	}
	defer clerk.Close()
	if err := clerk.Render(cmd.Context()); err != nil {
		return fmt.Errorf("the import is done, but its answers were not all spoken: %w", err)
	}
	return nil
}
