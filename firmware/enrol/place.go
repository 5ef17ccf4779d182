package enrol

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Place is where things are, below a root: "/" on a device, a folder in a test.
type Place string

// The names that other services know.
const (
	// DataOpen is there when the data partition is open; its text is a How.
	DataOpen = "run/tenin/data"
	// DataFailed is there when it is not: one line that says why.
	DataFailed = "run/tenin/data-failed"
	// Enrolled is there when the technician has finished.
	Enrolled = "data/device/enrolled"
	// Socket is where Serve listens.
	Socket = "run/tenin-enrol/socket"
	// Environment holds variables for services: TZ and what leads to a proxy.
	Environment = "run/tenin/environment"
	// Home is the kiosk's.
	Home = "var/lib/tenin"

	setupKey     = "run/tenin/setup-key"
	settingsFile = "data/device/settings.json"
	wantsSetup   = "data/device/new-recovery" // the next start makes a set-up key
	machineID    = "data/device/machine-id"
	pcrKey       = "usr/share/tenin/firmware/pcr.pub"
	pcrKeyStub   = "run/systemd/tpm2-pcr-public-key.pem"
	growth       = "usr/lib/tenin/repart.d"
	mapped       = "dev/mapper/data"
	tpmDevice    = "dev/tpmrm0"
	mapping      = "data"
	partition    = "data"
)

// In returns the path of a name of this package.
func (p Place) In(name string) string { return filepath.Join("/", string(p), name) }

// Has says whether there is a file of that name.
func (p Place) Has(name string) bool {
	_, err := os.Lstat(p.In(name))
	return err == nil
}

// write replaces a file whole; power that fails leaves the old one or the new one.
func (p Place) write(name string, text []byte, mode fs.FileMode) (err error) {
	path := p.In(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(text)
	if err := errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// line is the first line of a file, empty where there is none.
func (p Place) line(name string) string {
	b, err := os.ReadFile(p.In(name))
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimSpace(first)
}

// errNoData means that this disk has no data partition.
var errNoData = errors.New("this disk has no partition named data: it was not flashed with Tenin's image")

// Partition is a partition of the disk that this system was started from.
type Partition struct {
	// Disk and Device are paths in /dev.
	Disk, Device string
}

// dataPartition finds the data partition. A second disk may have one too, a flashed stick for instance: the one of the disk that
// this system runs from is meant.
func (p Place) dataPartition() (Partition, error) {
	disk := filepath.Base(p.line("run/tenin/disk"))
	var found []Partition
	blocks, err := os.ReadDir(p.In("sys/class/block"))
	if err != nil {
		return Partition{}, fmt.Errorf("disks: %w", err)
	}
	for _, b := range blocks {
		text, err := os.ReadFile(p.In("sys/class/block/" + b.Name() + "/uevent"))
		if err != nil {
			continue
		}
		says := map[string]string{}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			says[key] = value
		}
		if says["PARTNAME"] != partition || says["DEVTYPE"] != "partition" {
			continue
		}
		real, err := filepath.EvalSymlinks(p.In("sys/class/block/" + b.Name()))
		if err != nil {
			continue
		}
		parent := filepath.Base(filepath.Dir(real))
		if p.line("run/tenin/disk") != "" && parent != disk {
			continue
		}
		found = append(found, Partition{Disk: p.In("dev/" + parent), Device: p.In("dev/" + b.Name())})
	}
	switch len(found) {
	case 0:
		return Partition{}, errNoData
	case 1:
		return found[0], nil
	}
	return Partition{}, fmt.Errorf("%d disks have a partition named data: leave only the one that this system is on", len(found))
}
