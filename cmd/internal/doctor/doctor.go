// Package doctor looks at this machine and this home and says what is well and what is not, and what to do about it.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/models"
	"tenin/storage"
	"tenin/storage/seal"
)

// State is how a check ended.
type State string

// The states. Warn is something that works, but that whoever runs the kiosk should know.
const (
	OK   State = "ok"
	Warn State = "warn"
	Fail State = "fail"
)

// Finding is the result of one check.
type Finding struct {
	// Check is a stable name: "weights", "microphone", …
	Check string `json:"check"`
	// Part is what the check belongs to: "machine", "models", "audio", "home", "tpm".
	Part  string `json:"part"`
	State State  `json:"state"`
	// Text says what was found, Do what to do about it; Do is empty when all is well.
	Text string `json:"text"`
	Do   string `json:"do,omitempty"`
}

// Options say what to look at.
type Options struct {
	Home     string
	Settings config.Config
	// SettingsError is what reading the settings gave.
	SettingsError error
	// Engines says that the program was built with its engines.
	Engines bool
	// Part limits the checks to one part; empty means all.
	Part string
	// Deep also reads the content of every file of weights.
	Deep bool
}

// Parts are the names that Options.Part takes.
var Parts = []string{"machine", "models", "audio", "home", "tpm"}

// Examine runs the checks one after the other and tells each finding as it comes.
func Examine(ctx context.Context, o Options, tell func(Finding)) (worst State) {
	worst = OK
	checks := []struct {
		part string
		run  func(context.Context, Options, func(check string, s State, text, do string))
	}{
		{"machine", machine}, {"models", weights}, {"audio", sound}, {"home", home}, {"tpm", tpm},
	}
	for _, c := range checks {
		if o.Part != "" && o.Part != c.part {
			continue
		}
		c.run(ctx, o, func(check string, s State, text, do string) {
			if s == Fail || (s == Warn && worst == OK) {
				worst = s
			}
			tell(Finding{Check: check, Part: c.part, State: s, Text: text, Do: do})
		})
	}
	return worst
}

func machine(_ context.Context, o Options, tell func(string, State, string, string)) {
	if o.Engines {
		tell("engines", OK, "built with recognition, language and voice engines, which this CPU can run", "")
	} else {
		tell("engines", Fail, "built without engines: it can hear and speak nothing", "build it with `make build`")
	}
	if n := runtime.NumCPU(); n >= 2 {
		tell("cores", OK, fmt.Sprintf("%d cores", n), "")
	} else {
		tell("cores", Warn, "one core: answers will come late", "use a machine with two cores or more")
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err == nil {
		total := uint64(info.Totalram) * uint64(info.Unit) >> 20
		if total >= 2000 {
			tell("memory", OK, fmt.Sprintf("%d MB", total), "")
		} else {
			tell("memory", Fail, fmt.Sprintf("%d MB are too few: the models alone take 1.3 GB", total), "use a machine with 2 GB or more")
		}
	}
	swap(tell)
	cores(tell)
	clock(o, tell)
}

func weights(ctx context.Context, o Options, tell func(string, State, string, string)) {
	store := models.Open(models.DefaultDir())
	var missing, damaged []string
	for _, item := range store.List() {
		switch {
		case item.Model.Build:
		case item.State == models.Missing:
			missing = append(missing, item.Model.Name)
		case item.State == models.Damaged:
			damaged = append(damaged, item.Model.Name)
		}
	}
	if o.Deep && len(missing)+len(damaged) == 0 {
		if err := store.Verify(ctx, nil); err != nil {
			damaged = append(damaged, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	switch {
	case len(damaged) > 0:
		tell("weights", Fail, "damaged: "+strings.Join(damaged, ", "), "run `tenin models pull`")
	case len(missing) > 0:
		tell("weights", Fail, "missing: "+strings.Join(missing, ", "), "run `tenin models pull`")
	default:
		tell("weights", OK, "all there, in "+store.Dir(), "")
	}
}

func sound(_ context.Context, o Options, tell func(string, State, string, string)) {
	if !o.Engines {
		tell("microphone", Fail, "not looked at: built without engines", "build it with `make build`")
		return
	}
	if microphone, err := audio.DefaultMicrophone(); err != nil {
		tell("microphone", Warn, err.Error(), "plug one in and make it the default input, or feed files with `tenin run --input`")
	} else {
		tell("microphone", OK, microphone.Name, "")
	}
	devices, err := audio.Devices()
	if err != nil {
		tell("loudspeaker", Warn, err.Error(), "check the sound server, or write files with --output")
		return
	}
	for _, d := range devices {
		if d.DefaultOutput {
			tell("loudspeaker", OK, d.Name, "")
			return
		}
	}
	tell("loudspeaker", Warn, "no way out for sound", "plug one in, or write files with --output")
}

func home(_ context.Context, o Options, tell func(string, State, string, string)) {
	if o.SettingsError != nil {
		tell("settings", Fail, o.SettingsError.Error(), "mend the file, or move it away for the defaults")
	} else {
		tell("settings", OK, "understood", "")
	}
	info, err := os.Stat(o.Home)
	if errors.Is(err, syscall.ENOTDIR) || err == nil && !info.IsDir() {
		tell("home", Fail, o.Home+" is a file, or lies in one", "name a folder with --home")
		return
	} else if errors.Is(err, fs.ErrNotExist) {
		tell("home", OK, o.Home+" does not exist yet; the first kept session makes it", "")
		return
	} else if err != nil {
		tell("home", Fail, err.Error(), "name another folder with --home")
		return
	}
	if info.Mode().Perm()&0o077 != 0 {
		tell("home", Warn, o.Home+" can be read by others", "chmod 700 "+o.Home)
	} else {
		tell("home", OK, o.Home, "")
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(o.Home, &disk); err == nil {
		free := disk.Bavail * uint64(disk.Bsize) >> 20
		if free < 500 {
			tell("disk", Warn, fmt.Sprintf("%d MB free", free), "make room: a full disk keeps nothing")
		} else {
			tell("disk", OK, fmt.Sprintf("%d MB free", free), "")
		}
	}
	vault(o, tell)
	batch, isDemo, err := kiosk.LoadKnowledge(o.Home)
	switch {
	case err != nil:
		tell("knowledge", Fail, err.Error(), "import the shop's file again: `tenin knowledge import`")
	case isDemo:
		tell("knowledge", Warn, "none of its own: the demo shop answers", "`tenin knowledge import FILE`")
	default:
		tell("knowledge", OK, fmt.Sprintf("%d answers, %d products", len(batch.Entries), len(batch.Products)), "")
	}
}

func vault(o Options, tell func(string, State, string, string)) {
	if !kiosk.HasVault(o.Home) {
		tell("vault", OK, "none yet; the first kept session makes it", "")
		return
	}
	vault, err := kiosk.OpenVault(o.Home, kiosk.Unlock{Seal: o.Settings.Seal})
	if errors.Is(err, storage.ErrLocked) {
		tell("vault", OK, "in use by a running tenin", "")
		return
	} else if err != nil {
		tell("vault", Fail, err.Error(), "restore the home from its backup; sessions that cannot be read stay unread")
		return
	}
	defer vault.Close()
	if err := vault.Verify(); err != nil {
		tell("vault", Fail, err.Error(), "restore the home from its backup")
	} else {
		tell("vault", OK, "every record is whole", "")
	}
	switch kiosk.SealKind(o.Home, o.Settings.Seal) {
	case seal.KindTPM:
		tell("seal", OK, "the TPM guards it", "")
	case seal.KindPassphrase:
		tell("seal", OK, "a passphrase guards it", "")
	default:
		tell("seal", Warn, "a key file beside the vault guards it", "whoever copies the whole disk can read it: "+kiosk.KeyFile(o.Home).Path())
	}
}
