package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// systemDir is where a device image carries the weights, and `make install`
// puts them.
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
// models-KEY in $TENIN_CACHE or the user's cache folder for tenin; but where
// the cache has no such folder, share/tenin/models beside the bin folder that
// the program lies in, or /usr/share/tenin/models, whichever exists first.
func DefaultDir() string {
	if dir := os.Getenv("TENIN_MODELS"); dir != "" {
		return dir
	}
	if program, err := os.Executable(); err == nil {
		if dir := installedBeside(program); isDir(dir) {
			return defaultDir(dir)
		}
	}
	return defaultDir(systemDir)
}

// installedBeside returns where the weights of a program lie that was
// installed under a prefix; "" for a program that lies in no bin folder.
func installedBeside(program string) string {
	folder, _ := filepath.Split(program)
	prefix, bin := filepath.Split(filepath.Clean(folder))
	if bin != "bin" {
		return ""
	}
	return filepath.Join(prefix, "share", "tenin", "models")
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
