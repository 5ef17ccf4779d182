package sandbox

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// open opens a path and closes it again, without waiting for the other end of a pipe.
func open(path string, flags int) error {
	fd, err := unix.Open(path, flags|unix.O_CLOEXEC|unix.O_NONBLOCK|unix.O_NOCTTY, 0o600)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

func tryRead(_ context.Context, _ Targets, path string) error { return open(path, unix.O_RDONLY) }

// tryAppend writes nothing: to be allowed to is enough.
func tryAppend(_ context.Context, _ Targets, path string) error {
	return open(path, unix.O_WRONLY|unix.O_APPEND)
}

func tryStat(_ context.Context, _ Targets, path string) error {
	var status unix.Stat_t
	return unix.Lstat(path, &status)
}

// tryWrite makes a file without a name, and where the file system has none such, one with a name that it removes.
func tryWrite(_ context.Context, _ Targets, folder string) error {
	err := open(folder, unix.O_TMPFILE|unix.O_WRONLY)
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	file, err := os.CreateTemp(folder, "tenin-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(filepath.Join(folder, filepath.Base(file.Name()))))
}

func tryMemfd(context.Context, Targets, string) error {
	fd, err := unix.MemfdCreate("tenin", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}
