package image

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestAProgramForOneCPUIsRefused(t *testing.T) {
	// The text stands somewhere in a program; the mark alone, as in this one's own code, says nothing.
	const before, after = "\x7fELF tenin-needs-cpu:( \x00 ", " \x00 tenin-needs-cpu:"
	for says, want := range map[string]string{
		"":                                     "",
		"tenin-needs-cpu:;":                    "",
		"tenin-needs-cpu:avx,avx2,fma;":        "",
		"tenin-needs-cpu:avx,avx512f,avxvnni;": "avx512f, avxvnni",
	} {
		path := filepath.Join(t.TempDir(), "tenin")
		if err := os.WriteFile(path, []byte(before+says+after), 0o600); err != nil {
			t.Fatal(err)
		}
		err := checkCPU(path)
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", says, err)
		}
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, filepath.Join(t.TempDir(), "missing")} {
		if err := checkCPU(path); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
}
