package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"
)

// ErrNoRequest means that no stick and no ESP has a RequestFile.
var ErrNoRequest = errors.New("no stick has a file " + RequestFile)

// Stick is a medium with a RequestFile, mounted for reading.
type Stick struct {
	data   *Data
	device string
}

// stickPlace is where a stick is mounted while it is read.
const stickPlace = "run/tenin/stick"

// FindStick mounts what may have a RequestFile, one after the other: the ESP of this device's disk, then what was plugged in.
// Nothing on it is a program or a device. The error wraps ErrNoRequest where there is none. The caller closes the stick.
func (d *Data) FindStick(ctx context.Context) (*Stick, error) {
	devices, err := d.sticks(ctx)
	if err != nil {
		return nil, err
	}
	for _, device := range devices {
		s := &Stick{d, device}
		if err := s.mount(ctx, "ro"); err != nil {
			d.say(device + " cannot be read: " + err.Error())
			continue
		}
		if info, err := os.Lstat(s.path()); err == nil && info.Mode().IsRegular() {
			return s, nil
		}
		if err := s.Close(ctx); err != nil {
			return nil, err
		}
	}
	return nil, ErrNoRequest
}

func (s *Stick) path() string { return filepath.Join(s.data.Place.In(stickPlace), RequestFile) }

func (s *Stick) mount(ctx context.Context, how string) error {
	place := s.data.Place.In(stickPlace)
	if err := os.MkdirAll(place, 0o700); err != nil {
		return err
	}
	return run(ctx, s.data.Machine, "mount", "-t", "vfat,exfat", "-o", how+",nosuid,nodev,noexec", s.device, place)
}

// Close unmounts it.
func (s *Stick) Close(ctx context.Context) error {
	return run(ctx, s.data.Machine, "umount", s.data.Place.In(stickPlace))
}

// Consume takes the file's secrets from the stick: overwrites it, and removes it. A stick that cannot be written is an error
// that says what is still on it.
func (s *Stick) Consume(ctx context.Context) error {
	left := func(err error) error {
		return fmt.Errorf("%s with its secrets is still on %s: %w; remove it by hand", RequestFile, s.device, err)
	}
	if err := s.Close(ctx); err != nil {
		return left(err)
	}
	if err := s.mount(ctx, "rw,sync"); err != nil {
		return errors.Join(left(err), s.mount(ctx, "ro"))
	}
	if err := shred(s.path()); err != nil {
		return left(err)
	}
	return nil
}

// shred overwrites a file and removes it. On flash old blocks may stay in the medium itself.
func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = io.CopyN(f, zeros{}, info.Size())
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Remove(path)
}

type zeros struct{}

// Read gives zeros without end.
func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// blockDevice is what lsblk(8) says of a device.
type blockDevice struct {
	Path       string        `json:"path"`
	Type       string        `json:"type"`
	FSType     string        `json:"fstype"`
	PartLabel  string        `json:"partlabel"`
	HotPlug    bool          `json:"hotplug"`
	Children   []blockDevice `json:"children"`
	MountPoint string        `json:"mountpoint"`
}

// sticks are devices that may have the file: the ESP of this disk first, then file systems of sticks that are not in use.
func (d *Data) sticks(ctx context.Context) ([]string, error) {
	out, err := d.Machine.Run(ctx, Command{Name: "lsblk", Args: []string{"--json", "--output", "PATH,TYPE,FSTYPE,PARTLABEL,HOTPLUG,MOUNTPOINT"}})
	if err != nil {
		return nil, err
	}
	all, err := parseBlocks(out)
	if err != nil {
		return nil, err
	}
	own := ""
	if p, err := d.Place.dataPartition(); err == nil {
		own = filepath.Base(p.Disk)
	}
	return choose(all, own), nil
}

func parseBlocks(b []byte) ([]blockDevice, error) {
	var list struct {
		Devices []blockDevice `json:"blockdevices"`
	}
	if err := json.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("lsblk: its list of disks is not understood: %w", err)
	}
	return list.Devices, nil
}

var devicePath = regexp.MustCompile(`^/dev/[A-Za-z0-9/_-]{1,60}$`)

// choose picks from the disks of a machine; own is the name of the one that this system runs from.
func choose(disks []blockDevice, own string) (first []string) {
	var sticks []string
	readable := func(b blockDevice) bool {
		return (b.FSType == "vfat" || b.FSType == "exfat") && devicePath.MatchString(b.Path)
	}
	for _, disk := range disks {
		if strings.TrimPrefix(disk.Path, "/dev/") == own {
			for _, part := range disk.Children {
				if part.PartLabel == "esp" && readable(part) {
					first = append(first, part.Path)
				}
			}
			continue
		}
		if !disk.HotPlug {
			continue
		}
		for _, b := range append([]blockDevice{disk}, disk.Children...) {
			if readable(b) && b.MountPoint == "" {
				sticks = append(sticks, b.Path)
			}
		}
	}
	return append(first, sticks...)
}
