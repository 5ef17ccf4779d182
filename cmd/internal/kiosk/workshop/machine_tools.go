package workshop

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/setup"
	"tenin/ui/technician"
)

// items are what the files of a bundle hold.
var items = map[string]technician.ItemKind{
	"README.txt": technician.ItemVersion, "version.json": technician.ItemVersion, "settings.json": technician.ItemSettings, "doctor.json": technician.ItemHealth,
	"status.json": technician.ItemHealth, "keys.json": technician.ItemSetUp, "clock.json": technician.ItemSetUp, "counters.json": technician.ItemCounts,
}

func (m *machine) Bundle(ctx context.Context) technician.Bundle {
	ctx, stop := context.WithTimeout(ctx, bundleTime)
	defer stop()
	files, err := setup.Bundle(ctx, io.Discard, m.bundleOptions())
	b := technician.Bundle{Contents: contents(files), Places: m.places(), Chosen: -1}
	if err != nil {
		b.Result = failed(technician.TestFailed, err)
	}
	if len(b.Places) == 1 {
		b.Chosen = 0
	}
	return b
}

// contents sums files of a kind up, in the order in which kinds are listed.
func contents(files []setup.BundleFile) (all []technician.Item) {
	sizes := map[technician.ItemKind]int{}
	for _, f := range files {
		kind, ok := items[f.Name]
		if !ok {
			kind = technician.ItemLog
		}
		sizes[kind] += f.Size
	}
	for _, kind := range technician.ItemKinds() {
		if bytes := sizes[kind]; bytes > 0 {
			all = append(all, technician.Item{Kind: kind, KB: (bytes + 1023) / 1024})
		}
	}
	return all
}

// places are the writable file systems that somebody has mounted, and the home.
func (m *machine) places() (all []technician.Place) {
	mounts, err := os.Open("/proc/self/mounts")
	if err == nil {
		defer mounts.Close()
		all = mounted(mounts)
	}
	return append(all, technician.Place{Name: filepath.Join(m.Setup.Home, "support"), FreeMB: freeMB(m.Setup.Home)})
}

// mounted are the media among the mounts (fstab(5): spaces are \040).
func mounted(r io.Reader) (all []technician.Place) {
	for lines := bufio.NewScanner(r); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) < 4 {
			continue
		}
		dir := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\134`, `\`).Replace(f[1])
		if strings.HasPrefix(dir, "/media/") || strings.HasPrefix(dir, "/run/media/") || strings.HasPrefix(dir, "/mnt/") {
			if !strings.HasPrefix(f[3], "ro,") && f[3] != "ro" && len(all) < 3 {
				all = append(all, technician.Place{Name: dir, FreeMB: freeMB(dir)})
			}
		}
	}
	return all
}

func freeMB(dir string) int {
	for ; ; dir = filepath.Dir(dir) {
		var s unix.Statfs_t
		if err := unix.Statfs(dir, &s); err == nil {
			return int(s.Bavail * uint64(s.Bsize) >> 20)
		}
		if dir == filepath.Dir(dir) {
			return 0
		}
	}
}

// WriteBundle writes into a file that is given its name when it is whole: a stick that is pulled too soon leaves none that
// looks like one.
func (m *machine) WriteBundle(ctx context.Context, place technician.Place) technician.Bundle {
	ctx, stop := context.WithTimeout(ctx, bundleTime)
	defer stop()
	b := technician.Bundle{Chosen: -1, Places: m.places()}
	path := filepath.Join(place.Name, m.bundleName())
	files, err := m.writeBundle(ctx, path)
	b.Contents = contents(files)
	if err != nil {
		b.Result = failed(technician.NotSaved, err)
		return b
	}
	b.Path, b.Result = path, technician.Result{Mark: technician.Good}
	return b
}

func (m *machine) writeBundle(ctx context.Context, path string) (files []setup.BundleFile, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path+".part", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path + ".part")
		}
	}()
	files, err = setup.Bundle(ctx, f, m.bundleOptions())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return files, err
	}
	return files, os.Rename(path+".part", path)
}

// Challenge is four random digits, so that nobody types them from habit.
func (m *machine) Challenge(context.Context) string {
	// The system's random source does not fail.
	n, _ := rand.Int(rand.Reader, big.NewInt(10000))
	return fmt.Sprintf("%04d", n)
}

// Wipe does not end with ctx: half a wipe is no state to leave a machine in.
func (m *machine) Wipe(ctx context.Context) technician.Result {
	settings, _ := m.settings()
	_, err := setup.Wipe(context.WithoutCancel(ctx), setup.WipeOptions{Home: m.Setup.Home, Settings: settings, Unlock: m.unlock()})
	m.setup.ForgetRecovery()
	if err != nil {
		return failed(technician.TestFailed, err)
	}
	return technician.Result{Mark: technician.Good}
}

func (m *machine) Power(ctx context.Context, what technician.PowerKind) technician.Result {
	if m.Machine.Power == nil {
		return failed(technician.TestFailed, errors.New("nothing here can do that"))
	}
	if err := m.Machine.Power(ctx, what); err != nil {
		return failed(technician.TestFailed, err)
	}
	return technician.Result{Mark: technician.Good}
}
