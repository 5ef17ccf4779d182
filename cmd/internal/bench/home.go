package bench

import (
	"path/filepath"

	"tenin/cmd/internal/kiosk"
)

// DemoHome returns the folder to measure in: home itself while it serves the demo shop, else one of its caches, so that
// what is spoken and embedded for a measurement is there the next time.
func DemoHome(home string) (string, error) {
	_, isDemo, err := kiosk.LoadKnowledge(home)
	if err != nil {
		return "", err
	}
	if isDemo {
		return home, nil
	}
	return filepath.Join(home, "cache", "bench"), nil
}
