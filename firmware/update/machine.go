package update

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf16"
)

// Where things are on a device.
const (
	StateFolder = "/data/device/update"
	DropFolder  = "/data/drop"
	ESPFolder   = "/efi"
	// FloorFile is the floor's record, in the state folder.
	FloorFile = "floor"

	entriesFolder = "EFI/Linux"
	loaderGUID    = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
)

// Machine is a device, or a folder that stands for one.
type Machine struct {
	// ESP is where the EFI system partition is mounted.
	ESP string
	// Slots are the partitions root-a, root-b, models-a and models-b, by name; a device may have no second one for models.
	Slots map[string]string
	// Root and Models name the slots that run; Models is empty where the weights are in the root.
	Root, Models string
	// Runs is the command line that was started.
	Runs CommandLine
	// State is the folder for what an update remembers; Drop the drop folder.
	State, Drop string
	// Variables is the folder of EFI variables.
	Variables string
	// Arch is the processor; Test says that this is a test's device.
	Arch string
	Test bool
	// Disk is how all of it is changed.
	Disk Disk
}

// ThisMachine returns the device that runs. The error says that this is no device where it is none.
func ThisMachine() (Machine, error) { return machineAt("/") }

// machineAt is ThisMachine below a folder.
func machineAt(root string) (m Machine, err error) {
	at := func(path string) string { return filepath.Join(root, path) }
	m = Machine{
		ESP: at(ESPFolder), State: at(StateFolder), Drop: at(DropFolder), Variables: at("sys/firmware/efi/efivars"),
		Arch: runtime.GOARCH, Disk: RealDisk{}, Slots: map[string]string{},
	}
	disk, err := readWord(at("run/tenin/disk"))
	if err == nil {
		m.Root, err = readWord(at("run/tenin/root-slot"))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return m, errors.New("this machine was not started from a device image: an update is for a flashed device")
	} else if err != nil {
		return m, err
	}
	if m.Models, err = readWord(at("run/tenin/models-slot")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	line, err := os.ReadFile(at("proc/cmdline"))
	if err != nil {
		return m, err
	}
	if m.Runs, err = ParseCommandLine(string(line)); err != nil {
		return m, err
	}
	release, err := os.ReadFile(at("etc/os-release"))
	if err != nil {
		return m, err
	}
	m.Test = slices.Contains(strings.Split(string(release), "\n"), "VARIANT_ID=test")
	return m, m.findSlots(at("sys/class/block"), at("dev"), filepath.Base(disk))
}

// findSlots looks for the partitions of disk by the names that the kernel tells.
func (m *Machine) findSlots(blocks, devices, disk string) error {
	partitions, err := filepath.Glob(filepath.Join(blocks, disk, disk+"*", "uevent"))
	if err != nil {
		return err
	}
	for _, path := range partitions {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(text), "\n") {
			name, ok := strings.CutPrefix(line, "PARTNAME=")
			if ok && slices.Contains([]string{"root-a", "root-b", "models-a", "models-b"}, name) {
				m.Slots[name] = filepath.Join(devices, filepath.Base(filepath.Dir(path)))
			}
		}
	}
	if m.Slots["root-a"] == "" || m.Slots["root-b"] == "" {
		return fmt.Errorf("disk %s: it has no two system slots root-a and root-b; flash the device anew", disk)
	}
	return nil
}

func readWord(path string) (string, error) {
	b, err := os.ReadFile(path)
	return strings.TrimSpace(string(b)), err
}

// other returns the slot beside name.
func other(name string) string {
	if kind, ok := strings.CutSuffix(name, "-a"); ok {
		return kind + "-b"
	}
	return strings.TrimSuffix(name, "-b") + "-a"
}

// folder is where the boot loader finds kernel images.
func (m Machine) folder() string { return filepath.Join(m.ESP, entriesFolder) }

// Entries returns what the boot loader offers of ours, in its order.
func (m Machine) Entries() (list []Entry, err error) {
	names, err := m.Disk.List(m.folder())
	if err != nil {
		return nil, fmt.Errorf("ESP: %w", err)
	}
	for _, name := range names {
		e, ours := parseEntry(name)
		if !ours {
			continue
		}
		image, err := m.Disk.ReadFile(filepath.Join(m.folder(), name), maxUKI)
		e.Size = int64(len(image))
		if err == nil {
			e.Starts, err = commandLineOf(image)
		}
		e.Err = err
		list = append(list, e)
	}
	if len(list) == 0 {
		// What runs was started from one. Whoever went on would take a version on trial for one that was kept.
		return nil, fmt.Errorf("ESP: %s has no kernel image: it is not mounted, or not yet", m.ESP)
	}
	slices.SortFunc(list, byChoice)
	return list, nil
}

// running returns the entry that was started.
func (m Machine) running(entries []Entry) (Entry, error) {
	i := slices.IndexFunc(entries, func(e Entry) bool {
		return e.Version == m.Runs.Version && e.Err == nil && e.Starts == m.Runs
	})
	if i < 0 {
		return Entry{}, refuse(ReasonDisk, "ESP: there is no kernel image of the version %d that runs: flash the device anew", m.Runs.Version)
	}
	return entries[i], nil
}

// Variable returns an EFI variable of the boot loader's as text (systemd-boot's interface, systemd.io/BOOT_LOADER_INTERFACE);
// "" where it is not set.
func (m Machine) Variable(name string) string {
	b, err := os.ReadFile(filepath.Join(m.Variables, name+"-"+loaderGUID))
	if err != nil || len(b) < 4 {
		return ""
	}
	b = b[4:] // the attributes
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u := uint16(b[i]) | uint16(b[i+1])<<8
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
