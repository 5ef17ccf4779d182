package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rooms reads the table of cmd/DESIGN.md: folder → what it may import; "*" stands for everything but cmd/tenin.
func rooms(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("^\\| `([^`]+)` \\|[^|]*\\|([^|]*)\\|$")
	name := regexp.MustCompile("`([^`]+)`")
	table := map[string][]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		m := row.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		allowed := []string{}
		if strings.Contains(m[2], "everything") {
			allowed = append(allowed, "*")
		} else {
			for _, n := range name.FindAllStringSubmatch(m[2], -1) {
				allowed = append(allowed, n[1])
			}
		}
		table[m[1]] = allowed
	}
	if len(table) < 10 {
		t.Fatalf("the table of cmd/DESIGN.md was not understood: %d rows", len(table))
	}
	return table
}

// roomOf returns the room that a package of ours belongs to: the longest row that is a prefix of its folder.
func roomOf(table map[string][]string, folder string) string {
	best := ""
	for room := range table {
		if (folder == room || strings.HasPrefix(folder, room+"/")) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

func TestNoRoomImportsWhatItsRowDoesNotName(t *testing.T) {
	table := rooms(t)
	for _, tags := range []string{"", "engines"} {
		type pkg struct {
			ImportPath                         string
			Imports, TestImports, XTestImports []string
			DepOnly                            bool
		}
		command := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "-tags", tags, "tenin/...")
		command.Stderr = os.Stderr
		out, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
			var p pkg
			if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			seen++
			from := roomOf(table, strings.TrimPrefix(p.ImportPath, "tenin/"))
			if from == "" {
				t.Errorf("%s belongs to no room of the table", p.ImportPath)
				continue
			}
			for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
				folder, ours := strings.CutPrefix(imported, "tenin/")
				if imported == "github.com/go-skynet/go-llama.cpp" {
					folder, ours = "llm/llamacpp", true
				}
				if !ours {
					continue
				}
				to := roomOf(table, folder)
				switch {
				case to == from:
				case to == "cmd/tenin":
					t.Errorf("%s imports the command line", p.ImportPath)
				case !slices.Contains(table[from], "*") && !slices.Contains(table[from], to):
					t.Errorf("%s (room %s) imports %s: the table does not allow it", p.ImportPath, from, imported)
				}
			}
		}
		if seen < 5 {
			t.Fatalf("only %d packages were listed with tags %q", seen, tags)
		}
	}
}

func TestTheTopLevelHoldsOnlyWhatBelongsThere(t *testing.T) {
	names, err := os.ReadDir("../..")
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Fields("cmd audio asr llm ui storage firmware go.mod go.sum README.md Makefile LICENSE bin")
	for _, n := range names {
		if !strings.HasPrefix(n.Name(), ".") && !slices.Contains(known, n.Name()) {
			t.Errorf("%s does not belong on the top level", n.Name())
		}
	}
}
