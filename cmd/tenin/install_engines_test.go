//go:build engines

package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tenin/llm/models"
)

func TestInstallScriptsWithWeights(t *testing.T) {
	weights, err := filepath.Abs(models.DefaultDir())
	if err != nil {
		t.Fatal(err)
	}
	runInstallScripts(t, "testdata/install_engines/*.txtar", func(env *testscript.Env) {
		env.Setenv("TENIN_MODELS", weights)
		env.Setenv("WEIGHTS", "yes")
	})
}
