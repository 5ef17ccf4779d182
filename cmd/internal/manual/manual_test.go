package manual

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"pgregory.net/rapid"
)

func example() *cobra.Command {
	root := &cobra.Command{Use: "tenin", Short: "A clerk", Long: "First.\n\nSecond:\n  indented  twice\n.B not a macro"}
	root.PersistentFlags().String("home", "", "folder of the `data`")
	run := &cobra.Command{Use: "run [--headless]", Short: "Run it", Example: "  tenin run\t'x' \\n", Run: func(*cobra.Command, []string) {}}
	run.Flags().BoolP("headless", "q", false, "without a screen")
	run.Flags().Int("hidden", 0, "")
	_ = run.Flags().MarkHidden("hidden")
	secret := &cobra.Command{Use: "secret", Hidden: true, Run: func(*cobra.Command, []string) {}}
	topic := &cobra.Command{Use: "topic", Long: "help only"}
	root.AddCommand(run, secret, topic)
	return root
}

func TestEachCommandHasAPageAndHiddenOnesHaveNone(t *testing.T) {
	var names []string
	for _, p := range Commands(example()) {
		names = append(names, p.File())
	}
	if got := strings.Join(names, " "); got != "tenin.1 tenin-run.1" {
		t.Errorf("%s", got)
	}
}

func TestThePagesReadAsTheHelpDoes(t *testing.T) {
	man, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("groff is not installed: the pages were not set")
	}
	dir := t.TempDir()
	if err := Write(dir, append(Commands(example()), Settings("[shop]\nname = \"\"   # it's `spoken` \\ and -- shown\n.x = 1"))); err != nil {
		t.Fatal(err)
	}
	for file, wants := range map[string][]string{
		"man1/tenin.1":      {"A clerk", "  indented  twice", ".B not a macro", "run", "--home"},
		"man1/tenin-run.1":  {"tenin run [--headless]", "-q, --headless", "without a screen", "'x' \\n", "OPTIONS OF EVERY COMMAND"},
		"man5/tenin.toml.5": {"name = \"\"   # it's `spoken` \\ and -- shown", ".x = 1", "/etc/tenin/tenin.toml"},
	} {
		command := exec.Command(man, "-man", "-Tascii", "-ww", "-P-cbou", filepath.Join(dir, file))
		command.Stderr = os.Stderr
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range wants {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: %q is missing in\n%s", file, want, out)
			}
		}
	}
}

func TestNoLineOfTextBecomesARequest(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var page roff
		page.text(rapid.String().Draw(r, "text"))
		for line := range strings.Lines(page.String()) {
			line = strings.TrimSuffix(line, "\n")
			if (strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'")) && line != ".PP" && line != ".nf" && line != ".fi" {
				r.Fatalf("%q", line)
			}
		}
	})
}
