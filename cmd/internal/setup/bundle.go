package setup

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"time"

	"tenin/cmd/internal/clock"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/doctor"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

// BundleOptions say of what a bundle is made.
type BundleOptions struct {
	Home          string
	Settings      config.Config
	SettingsError error
	// Version of this program, and whether it has its engines.
	Version string
	Engines bool
	// Now is when the bundle is made.
	Now time.Time
}

// BundleFile is one file of a bundle.
type BundleFile struct {
	Name string `json:"name"`
	Size int    `json:"bytes"`
}

// readme is the first file: who is given a bundle sees what it is, and what it is not.
const readme = `A support bundle of a Tenin kiosk.

version.json   program and machine
settings.json  the settings, without texts that somebody wrote
doctor.json    what tenin doctor says, one object a line
status.json    state, processes and alerts of the running kiosk
keys.json      what guards the vault's key; no key
clock.json     whether the time can be trusted
counters.json  how many there are of what, and how much room is left
log/           the program's log, which cannot hold a shopper's word

There is no conversation in it, no sound, no question, no answer, no PIN and no key. What could not be found out stands in
the file concerned as "error".
`

// Bundle writes a .tar.gz with what a supporter needs, and nothing of a shopper: numbers, states, and texts of the program
// itself. It asks nobody for a PIN. It returns what is in it.
func Bundle(ctx context.Context, w io.Writer, o BundleOptions) ([]BundleFile, error) {
	packed := gzip.NewWriter(w)
	archive := tar.NewWriter(packed)
	var files []BundleFile
	add := func(name string, content []byte) error {
		files = append(files, BundleFile{name, len(content)})
		// The same owner and mode in each: who packed it is nobody's matter.
		if err := archive.WriteHeader(&tar.Header{Name: "tenin-support/" + name, Mode: 0o600, Size: int64(len(content)), ModTime: o.Now.Truncate(time.Second), Format: tar.FormatPAX}); err != nil {
			return err
		}
		_, err := archive.Write(content)
		return err
	}
	addJSON := func(name string, v any) error {
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		return add(name, append(b, '\n'))
	}
	err := errors.Join(
		add("README.txt", []byte(readme)),
		addJSON("version.json", versionOf(o)),
		addJSON("settings.json", settingsOf(o.Settings)),
		add("doctor.json", doctorOf(ctx, o)),
		addJSON("status.json", statusOf(ctx, o.Home)),
		addJSON("keys.json", keysOf(o)),
		addJSON("clock.json", clockOf()),
		addJSON("counters.json", countersOf(ctx, o)),
	)
	for _, l := range logsOf(ctx, o) {
		err = errors.Join(err, add("log/"+l.name, l.text))
	}
	err = errors.Join(err, archive.Close(), packed.Close())
	if err != nil {
		return nil, fmt.Errorf("support bundle: %w", err)
	}
	return files, nil
}

func versionOf(o BundleOptions) any {
	built := clock.Built()
	return map[string]any{
		"version": o.Version, "built": built, "engines": o.Engines, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
		"cpus": runtime.NumCPU(), "kernel": kernel(), "made": o.Now.UTC(),
	}
}

// settingsTexts are the keys whose texts are chosen from a list, or name a part of the machine. Of all others only that
// they are set is told: a shop's name, a sentence of its own.
var settingsTexts = map[string]bool{
	"shop.language": true, "shop.accent": true, "speech.voice": true, "seal.kind": true, "log.level": true, "log.format": true,
	"sandbox.mode": true,
}

func settingsOf(c config.Config) any {
	all := map[string]any{}
	c.Each(func(key string, value any) {
		if text, ok := value.(string); ok && text != "" && !settingsTexts[key] {
			value = "(set)"
		}
		switch value.(type) {
		case string, bool, int, float64:
		default:
			// A list of texts, say.
			value = "(set)"
		}
		all[key] = value
	})
	return all
}

func doctorOf(ctx context.Context, o BundleOptions) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	doctor.Examine(ctx, doctor.Options{Home: o.Home, Settings: o.Settings, SettingsError: o.SettingsError, Engines: o.Engines}, func(f doctor.Finding) {
		f.Text, f.Do = ours(f.Text), ours(f.Do)
		// Writing into memory does not fail.
		_ = encoder.Encode(f)
	})
	return out.Bytes()
}

// nobody is asked for a PIN while a bundle is made.
func nobody(string) (seal.Secret, error) {
	return seal.Secret{}, fmt.Errorf("%w: nobody is asked for the PIN while a bundle is made", seal.ErrNoKey)
}

func keysOf(o BundleOptions) any {
	state, err := kiosk.ReadKeyState(o.Home, kiosk.Unlock{Seal: o.Settings.Seal, PIN: nobody}, o.Now)
	if err != nil && state.Error == "" {
		state.Error = ours(err.Error())
	}
	return state
}

// clockOf judges the time by what the machine shows; the vault is not opened for it.
func clockOf() any {
	e := clock.Look(storage.ClockMark{})
	t := clock.Judge(e)
	return map[string]any{
		"now": e.Now.UTC(), "zone": e.Now.Format("MST -07:00"), "trusted_without_the_vault": t.Trusted, "reason": t.Reason, "synchronised": e.Synchronised,
		"up_seconds": int(e.Uptime.Seconds()), "hardware_clock": e.Hardware.Present, "hardware_battery_flat": e.Hardware.Flat,
	}
}
