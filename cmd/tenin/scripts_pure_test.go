//go:build !engines

package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestScriptsWithoutEnginesAndWeights(t *testing.T) {
	runScripts(t, "testdata/script", func(*testscript.Env) error { return nil })
}
