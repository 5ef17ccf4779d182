package kiosk

import (
	"os"
	"strings"
	"testing"
)

func TestTheDesignNamesEveryState(t *testing.T) {
	design, err := os.ReadFile("DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, s := range walk(t) {
		seen[typeName(s.to)] = true
	}
	for name := range seen {
		if !strings.Contains(string(design), "| `"+name+"` |") || !strings.Contains(string(design), "    "+name+" -->") && !strings.Contains(string(design), "--> "+name) {
			t.Errorf("%s is not in the table and the picture", name)
		}
	}
}
