package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tenin/audio"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tenin": func() { os.Exit(Main()) }})
}

// runScripts runs the scripts. Each has a home of its own under $WORK, and the words of scriptCommands.
func runScripts(t *testing.T, files []string, setup func(*testscript.Env) error) {
	testscript.Run(t, testscript.Params{
		Files:               files,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                scriptCommands(),
		Condition:           scriptCondition,
		Setup: func(env *testscript.Env) error {
			user := filepath.Join(env.WorkDir, "user")
			if err := os.MkdirAll(user, 0o700); err != nil {
				return err
			}
			env.Setenv("HOME", user)
			// H is where the program puts its data when nobody says otherwise.
			env.Setenv("H", filepath.Join(user, ".local", "share", "tenin"))
			env.Setenv("TENIN_MODELS", filepath.Join(env.WorkDir, "weights"))
			env.Setenv("LC_ALL", "C.UTF-8")
			env.Setenv("TZ", "UTC")
			examples, err := filepath.Abs("../../llm/knowledge/testdata")
			if err != nil {
				return err
			}
			env.Setenv("EXAMPLES", examples)
			program, err := exec.LookPath("tenin")
			if err != nil {
				return err
			}
			env.Setenv("TENIN", program)
			env.Values[held{}] = new(io.Closer)
			return setup(env)
		},
	})
}

// scriptCondition tells what the machine allows a script to do.
func scriptCondition(name string) (bool, error) {
	switch name {
	case "root":
		return os.Geteuid() == 0, nil
	case "mounts":
		return exec.Command("unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt").Run() == nil, nil
	case "microphone":
		_, err := audio.DefaultMicrophone()
		return err == nil, nil
	case "pip":
		return exec.Command("python3", "-m", "pip", "--version").Run() == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

type scriptCommand = func(ts *testscript.TestScript, neg bool, args []string)

func scriptCommands() map[string]scriptCommand {
	return map[string]scriptCommand{
		"exits":        exits,
		"ends":         ends,
		"unprivileged": unprivileged,
		"fields":       fields,
		"lines":        lines,
		"waitfor":      waitFor,
		"wav":          makeWAV,
		"sparse":       makeSparse,
		"answers":      makeAnswers,
		"keep":         keepSession,
		"hold":         hold,
		"release":      release,
		"flip":         flipRecord,
		"killed":       killed,
	}
}

// exits CODE PROGRAM ARGUMENT… runs the program and compares its exit code. When that is not 0 the program must have said
// one line, and that line is for people.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	want := endsWith(ts, neg, args)
	said := 0
	for line := range strings.Lines(ts.ReadFile("stderr")) {
		if strings.HasPrefix(line, "tenin:") {
			said++
		}
	}
	switch {
	case want == exitDone && said != 0:
		ts.Fatalf("a complaint on standard error, and the exit code is 0")
	case want != exitDone && said != 1:
		ts.Fatalf("%d lines that begin with tenin: on standard error, want one", said)
	}
}

// ends is exits for commands whose result says what is wrong, or that complain about several things.
func ends(ts *testscript.TestScript, neg bool, args []string) {
	endsWith(ts, neg, args)
}

// unreadable matches what no message may contain: a trace, a bare end of file, a number where a word should be.
var unreadable = regexp.MustCompile(`(?m)panic|goroutine \d|runtime error|SIG[A-Z]{3,}|errno|\(0x[0-9a-f]+|^tenin:.*: (unexpected )?EOF$|^tenin: *$|%!`)

func endsWith(ts *testscript.TestScript, neg bool, args []string) int {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGUMENT…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := exitDone
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
	for _, name := range []string{"stdout", "stderr"} {
		if bad := unreadable.FindString(ts.ReadFile(name)); bad != "" {
			ts.Fatalf("%s holds %q, which says nothing to a person", name, bad)
		}
	}
	return want
}

// unprivileged is exits without the right of root to ignore permissions.
func unprivileged(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) > 1 && os.Geteuid() == 0 {
		args = append([]string{args[0], "setpriv", "--bounding-set=-all", "--inh-caps=-all"}, args[1:]...)
	}
	exits(ts, neg, args)
}
