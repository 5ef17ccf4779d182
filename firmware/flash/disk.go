package flash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Disk is one that an image might be written to.
type Disk struct {
	// Path is its device, as in /dev/sdb; Name is sdb.
	Path string `json:"path"`
	Name string `json:"name"`
	// Model and Serial are what the disk says of itself, and empty where it says nothing.
	Model  string `json:"model"`
	Serial string `json:"serial"`
	// Size is in bytes.
	Size int64 `json:"size"`
	// Transport is usb, nvme, sata, mmc, virtio, scsi or other.
	Transport string `json:"transport"`
	Removable bool   `json:"removable"`
	// SectorSize is what the disk counts in, in bytes.
	SectorSize int `json:"sector_size"`
	// Refused are the reasons why nothing is written to it; none where it can be taken.
	Refused []string `json:"refused"`
}

// Confirmation is what a person types, or a script gives, to say that this disk and no other is meant: its serial number,
// or its name where it has none.
func (d Disk) Confirmation() string {
	if d.Serial != "" {
		return d.Serial
	}
	return d.Name
}

// ErrRefused is wrapped by every refusal of a disk: it is in use, too small, read-only, no disk, or not confirmed.
var ErrRefused = errors.New("refused")

// A System is where the kernel tells of disks. The zero value is this machine.
type System struct {
	// Sys, Proc and Dev are folders in place of /sys, /proc and /dev.
	Sys, Proc, Dev string
}

func (s System) sys(parts ...string) string  { return under(s.Sys, "/sys", parts) }
func (s System) proc(parts ...string) string { return under(s.Proc, "/proc", parts) }
func (s System) dev(parts ...string) string  { return under(s.Dev, "/dev", parts) }

func under(root, usual string, parts []string) string {
	if root == "" {
		root = usual
	}
	return filepath.Join(append([]string{root}, parts...)...)
}

// Candidates lists this machine's disks by name, those that are refused among them. Devices that are no disks of their
// own (loops, mappings, compressed memory, discs, partitions) are left out.
func Candidates() ([]Disk, error) { return System{}.Candidates() }

// Candidates is as the function of that name, for this system.
func (s System) Candidates() ([]Disk, error) {
	names, err := os.ReadDir(s.sys("class", "block"))
	if err != nil {
		return nil, fmt.Errorf("the machine's disks cannot be listed: %w", err)
	}
	use, err := s.uses()
	if err != nil {
		return nil, err
	}
	disks := []Disk{}
	for _, n := range names {
		if s.isPartition(n.Name()) || s.noDisk(n.Name()) != "" || s.number("class", "block", n.Name(), "size") == 0 {
			continue
		}
		disks = append(disks, s.disk(n.Name(), use))
	}
	return disks, nil
}

// Find returns the disk at a path, which may be a link such as those in /dev/disk/by-id. What is no disk gives an error
// that wraps [ErrRefused], as do partitions, for which it names the disk.
func (s System) Find(path string) (Disk, error) {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return Disk{}, fmt.Errorf("disk %s: %w", path, errors.Unwrap(err))
	}
	name, err := filepath.Rel(s.dev(), real)
	if err != nil || strings.HasPrefix(name, "..") {
		return Disk{}, fmt.Errorf("%w: %s is no device in %s; a file is written with --to-file", ErrRefused, path, s.dev())
	}
	// A device in a folder, /dev/cciss/c0d0, has ! there.
	return s.byName(strings.ReplaceAll(name, "/", "!"), path)
}

func (s System) byName(name, path string) (Disk, error) {
	if _, err := os.Stat(s.sys("class", "block", name)); err != nil {
		return Disk{}, fmt.Errorf("%w: %s is no disk", ErrRefused, path)
	}
	if s.isPartition(name) {
		whole := "its disk"
		if real, err := filepath.EvalSymlinks(s.sys("class", "block", name)); err == nil {
			whole = s.dev(strings.ReplaceAll(filepath.Base(filepath.Dir(real)), "!", "/"))
		}
		return Disk{}, fmt.Errorf("%w: %s is a partition; an image takes a whole disk: name %s", ErrRefused, path, whole)
	}
	if what := s.noDisk(name); what != "" {
		return Disk{}, fmt.Errorf("%w: %s is %s, and no disk of its own", ErrRefused, path, what)
	}
	use, err := s.uses()
	if err != nil {
		return Disk{}, err
	}
	return s.disk(name, use), nil
}

func (s System) isPartition(name string) bool {
	_, err := os.Stat(s.sys("class", "block", name, "partition"))
	return err == nil
}

// bootArea matches the small areas of an eMMC chip beside its disk.
var bootArea = regexp.MustCompile(`^mmcblk\d+(boot\d+|rpmb|gp\d+)$`)

// noDisk says what a whole block device is if it is no disk, else "".
func (s System) noDisk(name string) string {
	switch {
	case strings.HasPrefix(name, "loop"):
		return "a loop device"
	case strings.HasPrefix(name, "dm-"):
		return "a mapping of another device"
	case strings.HasPrefix(name, "md"):
		return "an array of disks"
	case strings.HasPrefix(name, "zram"), strings.HasPrefix(name, "ram"):
		return "memory"
	case strings.HasPrefix(name, "sr"):
		return "a disc drive"
	case strings.HasPrefix(name, "fd"):
		return "a floppy drive"
	case strings.HasPrefix(name, "nbd"):
		return "a disk of another machine"
	case bootArea.MatchString(name):
		return "an area of a chip beside its disk"
	case s.text("class", "block", name, "hidden") == "1":
		return "one of several ways to a disk"
	}
	if _, err := os.Stat(s.sys("class", "block", name, "device")); err != nil {
		return "a virtual device"
	}
	return ""
}

func (s System) text(parts ...string) string {
	b, err := os.ReadFile(s.sys(parts...))
	if err != nil {
		return ""
	}
	return printable(string(b))
}

func (s System) number(parts ...string) int64 {
	n, _ := strconv.ParseInt(s.text(parts...), 10, 64)
	return n
}

// printable makes one line of what a disk says of itself: a stick can say anything.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return ' '
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// disk reads what the kernel knows of a disk, and why it is not to be written to.
func (s System) disk(name string, use uses) Disk {
	real, err := filepath.EvalSymlinks(s.sys("class", "block", name))
	if err != nil {
		real = name
	}
	d := Disk{
		Name: name, Path: s.dev(strings.ReplaceAll(name, "!", "/")),
		Size:       s.number("class", "block", name, "size") * 512,
		Removable:  s.text("class", "block", name, "removable") == "1",
		SectorSize: int(s.number("class", "block", name, "queue", "logical_block_size")),
		Transport:  transport(real),
		Model:      s.model(name),
		Serial:     s.serial(name, real),
		Refused:    []string{},
	}
	if d.SectorSize == 0 {
		d.SectorSize = 512
	}
	if s.text("class", "block", name, "ro") == "1" {
		d.Refused = append(d.Refused, "is read-only: look for a switch on its side")
	}
	if d.Size == 0 {
		d.Refused = append(d.Refused, "has no medium in it")
	}
	d.Refused = append(d.Refused, s.inUse(name, use)...)
	return d
}

// transport guesses from the way through the buses.
func transport(path string) string {
	parts := strings.Split(path, "/")
	has := func(prefix string) bool {
		return slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, prefix) })
	}
	switch {
	case has("usb"):
		return "usb"
	case has("nvme"):
		return "nvme"
	case has("mmc_host"):
		return "mmc"
	case has("ata"):
		return "sata"
	case has("virtio"):
		return "virtio"
	case has("host"):
		return "scsi"
	}
	return "other"
}

func (s System) model(name string) string {
	at := []string{"class", "block", name, "device"}
	read := func(file string) string { return s.text(append(slices.Clone(at), file)...) }
	model := read("model")
	if model == "" {
		return read("name") // an SD card or eMMC
	}
	// ATA is what the kernel puts there itself, and virtio has a number.
	if vendor := read("vendor"); vendor != "" && vendor != "ATA" && !strings.HasPrefix(vendor, "0x") && !strings.HasPrefix(model, vendor) {
		return vendor + " " + model
	}
	return model
}

// serial looks where each kind of disk has it. A stick's is the USB device's, which is also what other tools show.
func (s System) serial(name, real string) string {
	for dir := filepath.Dir(real); len(dir) > len(s.sys()); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "idVendor")); err == nil {
			if b, err := os.ReadFile(filepath.Join(dir, "serial")); err == nil && printable(string(b)) != "" {
				return printable(string(b))
			}
			break
		}
	}
	for _, at := range [][]string{{"serial"}, {"device", "serial"}} {
		if text := s.text(append([]string{"class", "block", name}, at...)...); text != "" {
			return text
		}
	}
	// SCSI Primary Commands, unit serial number page: four bytes, then the number.
	if page, err := os.ReadFile(s.sys("class", "block", name, "device", "vpd_pg80")); err == nil && len(page) > 4 {
		return printable(string(page[4:]))
	}
	return ""
}
