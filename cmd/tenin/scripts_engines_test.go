//go:build engines

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tenin/llm/models"
)

// smallShop is a home with a few answers whose vectors are computed, and a question that one of our voices has spoken:
// each script starts with a copy, since making them takes longer than most scripts.
func smallShop(t *testing.T, weights string) (home, question string) {
	t.Helper()
	folder := t.TempDir()
	home, question = filepath.Join(folder, "home"), filepath.Join(folder, "question.wav")
	for _, args := range [][]string{
		{"knowledge", "import", "--no-render", "testdata/small-shop.jsonl"},
		{"knowledge", "search", "駐車場"},
		{"speak", "駐車場はありますか", "--output", question},
	} {
		command := exec.Command("tenin", append(args, "--quiet", "--home", home)...)
		command.Env = append(os.Environ(), "HOME="+folder, "TENIN_MODELS="+weights)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("tenin %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return home, question
}

// The scripts run one after the other: two engines on two cores are slower than one after the other.
func TestScriptsWithEnginesAndWeights(t *testing.T) {
	store := models.Open(models.DefaultDir())
	weights, err := filepath.Abs(store.Dir())
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range store.List() {
		if !item.Model.Build && item.State != models.Present {
			t.Fatalf("%s: %s is %s: run `make weights` first, or set TENIN_MODELS", weights, item.Model.Name, item.State)
		}
	}
	home, question := smallShop(t, weights)
	scripts, err := filepath.Glob("testdata/engines/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			runScripts(t, []string{script}, func(env *testscript.Env) error {
				env.Setenv("TENIN_MODELS", weights)
				for name, value := range environment {
					env.Setenv(name, value)
				}
				env.Setenv("QUESTION", question)
				h := env.Getenv("H")
				if err := os.MkdirAll(filepath.Dir(h), 0o700); err != nil {
					return err
				}
				if err := os.CopyFS(h, os.DirFS(home)); err != nil {
					return err
				}
				return os.Chmod(h, 0o700)
			})
		})
	}
}
