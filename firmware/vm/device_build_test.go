package vm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tenin/firmware/keys"
	"tenin/firmware/uki"
)

// built is what a build made, as far as the trial needs it.
type built struct {
	Image, Parts string
	Bundle       string // of the second and later ones
	Root         struct {
		Size     int64
		DataSize int64 `json:"data_size"`
	}
	Models struct{ Size int64 }
	Steps  []struct {
		Step    string
		Seconds float64
		Cached  bool
	}
}

// keys makes the shop's keys once; they stay for the next run, since an image is signed with them.
func (x *trial) keys() string {
	x.Helper()
	dir := x.path("keys")
	if _, err := os.Stat(filepath.Join(dir, "bundle.key")); errors.Is(err, fs.ErrNotExist) {
		x.tenin("firmware", "keys", "new", dir)
	}
	return dir
}

// image builds a version.
func (x *trial) image(version int) built {
	x.Helper()
	name := fmt.Sprintf("v%d", version)
	config := x.path(name + ".toml")
	x.must(os.WriteFile(config, fmt.Appendf(nil, `version = %d
name = "1.%d.0"
test = true
program = %q
keys = %q
enrol_keys = true
lock = "device.lock"
[kernel]
arguments = [%q]
`, version, version, x.program, x.keys(), room), 0o644))
	var b built
	x.must(json.Unmarshal([]byte(x.tenin("firmware", "build", "--config", config, "-o", x.path(name+".img"), "--json", "--quiet")), &b))
	for _, s := range b.Steps {
		how := fmt.Sprintf("%.1f s", s.Seconds)
		if s.Cached {
			how = "as before"
		}
		x.Logf("%s: %s: %s", name, s.Step, how)
	}
	x.Logf("%s: system %.1f MB, weights %.1f MB", name, float64(b.Root.Size)/1e6, float64(b.Models.Size)/1e6)
	return b
}

// bundle makes an update of what was built.
func (x *trial) bundle(b built) string {
	x.Helper()
	path := b.Image[:len(b.Image)-len(".img")] + ".bundle"
	x.tenin("firmware", "bundle", b.Parts, "--keys", x.keys(), "-o", path)
	x.tenin("firmware", "verify", path, "--keys", x.keys())
	return path
}

// secureBoot is the key that signs what the firmware starts.
func (x *trial) secureBoot() *keys.SecureBoot {
	x.Helper()
	set, err := keys.Open(x.keys(), nil)
	x.must(err)
	x.Cleanup(set.Destroy)
	return set.DB
}

// stranger signs too, with keys that no device knows.
func (x *trial) stranger() *keys.SecureBoot {
	x.Helper()
	dir := filepath.Join(x.TempDir(), "keys")
	x.must(keys.New(dir, keys.Options{Owner: "Somebody else"}))
	set, err := keys.Open(dir, nil)
	x.must(err)
	x.Cleanup(set.Destroy)
	return set.DB
}

// sign signs a kernel image anew.
func (x *trial) sign(image []byte, k *keys.SecureBoot) []byte {
	x.Helper()
	signed, err := uki.SignPE(image, k)
	x.must(err)
	return signed
}
