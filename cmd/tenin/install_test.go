package main

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// runInstallScripts runs the scripts with $INSTALL, what `make install` calls, and $PROGRAM, which it installs.
func runInstallScripts(t *testing.T, pattern string, setup func(*testscript.Env)) {
	t.Helper()
	if c, _, err := newRoot().Find([]string{"man"}); err != nil || c.Name() != "man" {
		t.Skip("this program has no command `man`, which writes the manual that is installed")
	}
	install, err := filepath.Abs("../../.build/install.sh")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(pattern)
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", pattern, err)
	}
	runScripts(t, scripts, func(env *testscript.Env) error {
		env.Setenv("INSTALL", install)
		env.Setenv("PROGRAM", env.Getenv("TENIN"))
		env.Setenv("DESTDIR", filepath.Join(env.WorkDir, "root"))
		env.Setenv("WEIGHTS", "no")
		env.Setenv("PREFIX", "")
		setup(env)
		return nil
	})
}

func TestInstallScripts(t *testing.T) {
	runInstallScripts(t, "testdata/install/*.txtar", func(*testscript.Env) {})
}
