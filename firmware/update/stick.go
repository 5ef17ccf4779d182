package update

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func ownerOf(info fs.FileInfo) (uid uint32, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return s.Uid, true
}

var stickDevice = regexp.MustCompile(`^/dev/sd[a-z]{1,2}[0-9]{0,2}$`)

// MountStick mounts a stick for reading, at a folder that only this process's mount namespace sees if it has one of its own.
// Nothing on it is a program or a device. The error says so where the device is a part of the disk that runs.
func (m Machine) MountStick(device, at string) (unmount func() error, err error) {
	if !stickDevice.MatchString(device) {
		return nil, fmt.Errorf("%s: it is no stick", device)
	}
	for _, slot := range m.Slots {
		if strings.HasPrefix(slot, strings.TrimRight(device, "0123456789")) {
			return nil, refuse(ReasonKind, "%s: it is the disk that this system runs from", device)
		}
	}
	if err := os.MkdirAll(at, 0o700); err != nil {
		return nil, err
	}
	var last error
	for _, kind := range []string{"vfat", "exfat"} {
		last = unix.Mount(device, at, kind, unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC|unix.MS_NOATIME, "")
		if last == nil {
			return func() error { return unix.Unmount(at, unix.MNT_DETACH) }, nil
		}
	}
	return nil, fmt.Errorf("%s cannot be read: %w; format it with FAT or exFAT", device, last)
}

// FetchFromStick looks for bundles in the topmost folder of a stick and puts the newest one that this device may want into
// the drop folder. It returns the file's name, empty where there is none. One that was dealt with before is not fetched again.
func FetchFromStick(ctx context.Context, stick string, o Options) (name string, err error) {
	entries, err := os.ReadDir(stick)
	if err != nil {
		return "", err
	}
	s, err := o.Machine.remember()
	if err != nil {
		return "", err
	}
	var best *os.File
	var size, version int64
	defer func() {
		if best != nil {
			best.Close()
		}
	}()
	for _, e := range entries {
		if !bundleName.MatchString(e.Name()) {
			continue
		}
		f, n, err := openBundle(filepath.Join(stick, e.Name()))
		if err != nil {
			continue
		}
		c, err := o.Open(f, n)
		if err != nil || c.Manifest().Version <= version || c.Manifest().Version == o.Machine.Runs.Version || s.dealtWith(c.Manifest()) {
			f.Close()
			continue
		}
		if best != nil {
			best.Close()
		}
		best, size, version, name = f, n, c.Manifest().Version, e.Name()
	}
	if best == nil {
		return "", nil
	}
	in := filepath.Join(o.Machine.Drop, dropIn)
	if free, err := o.Machine.Disk.Free(in); err != nil {
		return "", err
	} else if free < size+refusedLeaves/4 {
		return "", refuse(ReasonSpace, "%s: no room on the data partition for its %d bytes", name, size)
	}
	copied := fmt.Sprintf("stick-%d", version)
	part := filepath.Join(in, "."+copied+".part")
	if err := copyWhole(ctx, part, io.NewSectionReader(best, 0, size), o.progress("copying "+name, size)); err != nil {
		_ = os.Remove(part)
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return name, os.Rename(part, filepath.Join(in, copied+".bundle"))
}

// dealtWith says whether it is known what became of a bundle.
func (s *memory) dealtWith(m Manifest) bool {
	o, ok := s.of(m.ID())
	return ok && (o.Outcome == Installed || o.Outcome == Blessed || o.Outcome == TakenBack || o.Outcome == Waiting || o.Outcome == Refused && o.Reason != ReasonSpace)
}

// copyWhole makes a file that nobody else has open, and stores it.
func copyWhole(ctx context.Context, path string, from io.Reader, progress func(done int64)) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	buffer, done := make([]byte, chunk), int64(0)
	for err == nil {
		if err = ctx.Err(); err != nil {
			break
		}
		var n int
		n, err = from.Read(buffer)
		if n > 0 {
			if _, werr := f.Write(buffer[:n]); werr != nil {
				err = werr
			}
			done += int64(n)
			progress(done)
		}
	}
	if err == io.EOF {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
