package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// fields FIELD… says that every line of the last standard output is a JSON object with these fields. A dot goes into an
// object, FIELD=VALUE compares the field as text, and FIELD= says that it is empty.
func fields(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile("stdout")
	if strings.TrimSpace(text) == "" {
		ts.Fatalf("nothing on standard output")
	}
	for line := range strings.Lines(text) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			ts.Fatalf("not a JSON object: %s", line)
		}
		for _, arg := range args {
			name, want, compare := strings.Cut(arg, "=")
			value, ok := lookUp(object, strings.Split(name, "."))
			if !ok {
				ts.Fatalf("no field %s in %s", name, line)
			}
			if same := fmt.Sprint(value) == want; compare && same == neg {
				ts.Fatalf("%s is %v in %s", name, value, line)
			}
		}
	}
}

func lookUp(object map[string]any, path []string) (any, bool) {
	value, ok := object[path[0]]
	if !ok || len(path) == 1 {
		return value, ok
	}
	inner, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	return lookUp(inner, path[1:])
}

// lines N… says that the last standard output has one of these numbers of lines.
func lines(ts *testscript.TestScript, _ bool, args []string) {
	if n := strconv.Itoa(strings.Count(ts.ReadFile("stdout"), "\n")); !slices.Contains(args, n) {
		ts.Fatalf("%s lines on standard output, want %s", n, strings.Join(args, " or "))
	}
}

// waitfor FILE waits until a program in the background has made it.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	for range 3000 {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	ts.Fatalf("%s was not made within a minute", args[0])
}
