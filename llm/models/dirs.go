package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// systemDir is where a device image carries the weights.
const systemDir = "/usr/share/tenin/models"

// Key returns twelve hexadecimal digits that change with any pinned version or
// hash of the [Manifest].
var Key = sync.OnceValue(func() string {
	h := sha256.New()
	for _, m := range Manifest() {
		fmt.Fprintln(h, m.Name, m.Size, m.SHA256)
		for _, p := range m.Packages {
			fmt.Fprintln(h, p.Name, p.Version, p.SHA256)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
})

// DefaultDir returns the folder of the weights: $TENIN_MODELS if set; else
// models-KEY in $TENIN_CACHE or the user's cache folder for tenin; but
// /usr/share/tenin/models where that exists and the cache has no such folder.
func DefaultDir() string {
	if dir := os.Getenv("TENIN_MODELS"); dir != "" {
		return dir
	}
	return defaultDir(systemDir)
}

func defaultDir(system string) string {
	cache := os.Getenv("TENIN_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		if err != nil { // no home, as in a service: only the system's weights can be meant
			return system
		}
		cache = filepath.Join(user, "tenin")
	}
	dir := filepath.Join(cache, "models-"+Key())
	if isDir(system) && !isDir(dir) {
		return system
	}
	return dir
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
