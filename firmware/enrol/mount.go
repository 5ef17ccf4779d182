package enrol

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// folder is a folder of the data partition, and where it is shown. Those without a place are used where they are.
type folder struct {
	name, bound string
	mode        os.FileMode
	kiosk       bool // it is the kiosk's user's
}

// dataFolders are made at each start where they are missing. What the updater and the downloader share is given its owner by
// their own tmpfiles.d.
var dataFolders = []folder{
	{"data/device", "", 0o700, false},
	{"data/device/systemd", "var/lib/systemd", 0o755, false},
	{"data/drop", "", 0o755, false},
	{"data/log", "var/log/journal", 0o755, false},
	{"data/tenin", Home, 0o700, true},
}

// mount puts the open partition and its folders in their places. Nothing on it is a program or a device, whoever wrote it.
func (d *Data) mount(ctx context.Context) error {
	const options = "nosuid,nodev,noexec,noatime"
	data := d.Place.In("data")
	if on, err := d.mounted(data); err != nil {
		return err
	} else if !on {
		if err := run(ctx, d.Machine, "mount", "-t", "ext4", "-o", options+",errors=remount-ro", d.Place.In(mapped), data); err != nil {
			return fmt.Errorf("data partition: %w", err)
		}
	}
	for _, f := range dataFolders {
		path := d.Place.In(f.name)
		if err := os.MkdirAll(path, f.mode); err != nil {
			return fmt.Errorf("data partition: %w", err)
		}
		if err := os.Chmod(path, f.mode); err != nil {
			return fmt.Errorf("data partition: %w", err)
		}
		if f.kiosk {
			if err := own(path, d.Owner); err != nil {
				return fmt.Errorf("data partition: %w", err)
			}
		}
		if f.bound == "" {
			continue
		}
		place := d.Place.In(f.bound)
		if err := os.MkdirAll(place, 0o755); err != nil {
			return err
		}
		if on, err := d.mounted(place); err != nil {
			return err
		} else if on {
			continue
		}
		if err := run(ctx, d.Machine, "mount", "-o", "bind,"+options, path, place); err != nil {
			return err
		}
	}
	return d.sameMachine(ctx)
}

// mounted says whether something is mounted just there.
func (d *Data) mounted(path string) (bool, error) {
	b, err := os.ReadFile(d.Place.In("proc/self/mountinfo"))
	if err != nil {
		return false, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 4 && f[4] == path {
			return true, nil
		}
	}
	return false, nil
}

// own gives what lies in a home to its user: another version of the system may have counted its users otherwise, and root may
// have worked there.
func own(path string, owner [2]int) error {
	return filepath.WalkDir(path, func(name string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok && int(s.Uid) == owner[0] && int(s.Gid) == owner[1] {
			return nil
		}
		return os.Lchown(name, owner[0], owner[1])
	})
}

// sameMachine gives this start the machine's own id: the system is read-only and has drawn one for this start alone. The
// journal is told, since it has a folder for each.
func (d *Data) sameMachine(ctx context.Context) error {
	now := d.Place.line("etc/machine-id")
	kept := d.Place.line(machineID)
	switch {
	case !isMachineID(now), now == kept:
		return nil
	case !isMachineID(kept):
		return d.Place.write(machineID, []byte(now+"\n"), 0o644)
	}
	// In place: systemd has mounted this very file over /etc/machine-id.
	if err := os.WriteFile(d.Place.In("run/machine-id"), []byte(kept+"\n"), 0o444); err != nil {
		return fmt.Errorf("machine id: %w", err)
	}
	if err := run(ctx, d.Machine, "systemctl", "--no-block", "restart", "systemd-journald.service"); err != nil {
		d.say("the journal goes on under another machine id: " + err.Error())
	}
	return nil
}

func isMachineID(s string) bool {
	return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == ""
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
