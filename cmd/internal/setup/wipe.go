package setup

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/storage/uplink"
)

// WipeOptions say what is wiped.
type WipeOptions struct {
	// Home is wiped, with Settings' log file wherever it lies.
	Home     string
	Settings config.Config
	// Unlock opens the vault to learn of the number that counts it in the TPM. Where it does not open, or would ask
	// somebody, the number stays: it holds nothing.
	Unlock kiosk.Unlock
	// Step, if not nil, is told before each step.
	Step func(name string)
}

// Wiped is what a wipe leaves behind.
type Wiped struct {
	// Left are files and folders in the home that are not the kiosk's, by name.
	Left []string `json:"left"`
	// Notes say what could not be done and does not matter for the data, and what the technician should know.
	Notes []string `json:"notes"`
}

// wipeMark is the content of kiosk.WipeMark: what has to be known after the keyring is gone.
type wipeMark struct {
	// Counter is the id of the number in the TPM at Device; empty where none is known.
	Counter []byte `json:"counter,omitempty"`
	Device  string `json:"device,omitempty"`
}

// Wipe makes a home as new: the keys first, so that nothing can be read from then on whatever else is left, and then
// vault, credentials, cache, log, knowledge and settings. It refuses while a kiosk runs (control.ErrRunning,
// storage.ErrLocked).
//
// It may be killed at any time. From the moment when the first byte of a key was overwritten the data are unreadable, and
// from the first step on kiosk.OpenVault refuses the home until another Wipe has ended what this one began.
func Wipe(ctx context.Context, o WipeOptions) (w Wiped, err error) {
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if err := control.Running(o.Home); err != nil {
		return w, err
	}
	if info, err := os.Stat(o.Home); errors.Is(err, fs.ErrNotExist) {
		return w, nil
	} else if err != nil {
		return w, fmt.Errorf("home %s: %w", o.Home, errors.Unwrap(err))
	} else if !info.IsDir() {
		return w, fmt.Errorf("home %s is no folder", o.Home)
	}
	_, err = os.Lstat(kiosk.WipeMark(o.Home))
	begun := err == nil
	mark, err := beginWipe(o, &w)
	if err != nil {
		return w, err
	}
	// Nobody may stop it half way but by force: a context that ends now would leave the technician guessing.
	if err := ctx.Err(); err != nil {
		return w, errors.Join(err, os.Remove(kiosk.WipeMark(o.Home)))
	}
	if err := storage.Destroy(o.Home, o.Step); errors.Is(err, storage.ErrLocked) && !begun {
		// Somebody has the vault: nothing was destroyed.
		return w, errors.Join(err, os.Remove(kiosk.WipeMark(o.Home)))
	} else if err != nil {
		return w, err
	}
	o.Step("key file")
	if err := kiosk.KeyFile(o.Home).Destroy(); err != nil {
		// What others may have read or replaced is not taken for a key; here it goes all the same.
		if err := storage.Shred(kiosk.KeyFile(o.Home).Path()); err != nil {
			return w, err
		}
	}
	o.Step("counter")
	if len(mark.Counter) > 0 {
		if err := seal.NewCounter(mark.Device).Delete(mark.Counter); err != nil {
			w.Notes = append(w.Notes, fmt.Sprintf("the number that counted the vault stays in the TPM and holds nothing: %v", err))
		}
	}
	for _, path := range secretFiles(o) {
		o.Step("shred " + filepath.Base(path))
		if err := storage.Shred(path); err != nil {
			return w, err
		}
	}
	for _, path := range plainFiles(o) {
		o.Step("remove " + filepath.Base(path))
		if err := os.RemoveAll(path); err != nil {
			return w, fmt.Errorf("%s cannot be removed: %w; remove it and wipe again", path, err)
		}
	}
	o.Step("end")
	if err := os.Remove(kiosk.WipeMark(o.Home)); err != nil {
		return w, err
	}
	w.Left, err = leftIn(o.Home)
	w.Notes = append(w.Notes, "on flash old blocks may hold what was overwritten; with a key file or a passphrase nothing opens it, with a TPM a clear of the TPM in the firmware makes sure")
	return w, err
}

// beginWipe leaves the mark that a wipe has begun, with what is known of the counter; one that is there stays.
func beginWipe(o WipeOptions, w *Wiped) (mark wipeMark, err error) {
	path := kiosk.WipeMark(o.Home)
	if b, err := os.ReadFile(path); err == nil {
		// One that was cut by a power failure says nothing, and the keyring may still be whole: then it is asked again.
		if json.Unmarshal(b, &mark) == nil {
			return mark, nil
		}
		if err := os.Remove(path); err != nil {
			return mark, err
		}
	}
	o.Step("begin")
	if kiosk.SealKind(o.Home, o.Unlock.Seal) == seal.KindTPM && kiosk.HasVault(o.Home) {
		mark.Device = o.Unlock.Seal.Device
		vault, err := kiosk.OpenVault(o.Home, o.Unlock)
		switch {
		case errors.Is(err, storage.ErrLocked):
			return mark, err
		case err != nil:
			w.Notes = append(w.Notes, fmt.Sprintf("the vault does not open, so the number that counted it stays in the TPM and holds nothing: %v", err))
		default:
			mark.Counter = vault.CounterID()
			if err := vault.Close(); err != nil {
				w.Notes = append(w.Notes, err.Error())
			}
		}
	}
	b, err := json.Marshal(mark)
	if err != nil {
		return mark, err
	}
	return mark, uplink.ReplaceFile(path, b)
}

// secretFiles are overwritten before they are removed.
func secretFiles(o WipeOptions) []string {
	return []string{filepath.Join(o.Home, uplink.CredentialsFile)}
}

// plainFiles are removed: what was rendered, learned and set here, none of it a secret.
func plainFiles(o WipeOptions) []string {
	in := func(name string) string { return filepath.Join(o.Home, name) }
	list := []string{in("cache")}
	if log := o.Settings.Log.Path(o.Home); log != "" {
		list = append(list, log, log+".old")
	}
	return append(list, kiosk.KnowledgePath(o.Home), kiosk.PlanPath(o.Home), in("tenin.toml"), in("tenin.toml"+config.BackupSuffix),
		in(control.Name), in("uplink.sock"))
}

func leftIn(home string) ([]string, error) {
	left := []string{}
	entries, err := os.ReadDir(home)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	slices.Sort(left)
	return left, err
}
