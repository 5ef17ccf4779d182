//go:build engines

package llm_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"tenin/llm"
	"tenin/llm/llmtest"
)

// weights finds a model in the folder TENIN_MODELS or in one below it.
func weights(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("TENIN_MODELS")
	if dir == "" {
		t.Fatal("TENIN_MODELS is not set: it names the folder with the weights (fetch them with `tenin models pull`)")
	}
	for _, pattern := range []string{filepath.Join(dir, name), filepath.Join(dir, "*", name)} {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return found[0]
		}
	}
	t.Fatalf("%s is not in %s: fetch it with `tenin models pull`", name, dir)
	return ""
}

func TestTheRealEmbedderConforms(t *testing.T) {
	e, err := llm.OpenEmbedder(weights(t, "e5-small-ja.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	llmtest.TestEmbedder(t, e)
}

func TestTheRealGeneratorConforms(t *testing.T) {
	g, err := llm.OpenGenerator(context.Background(), weights(t, "gemma3-270m-q4_k_m.gguf"), llm.GeneratorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	llmtest.TestGenerator(t, g)
}
