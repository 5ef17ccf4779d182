package hub

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// The names in a hub's folder.
const (
	lockFile      = "lock"
	authorityFile = "ca.pem"
	authorityKey  = "ca.key"
	serverFile    = "hub.pem"
	serverKey     = "hub.key"
	registryFile  = "registry"
	ledgerFile    = "ledger"
	streamFolder  = "stream"
	socketFile    = "hub.sock"
)

// lockFolder makes dir and takes it for this process until the file is closed.
// The kernel gives the lock back when the process dies.
func lockFolder(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("hub folder %s: %w", dir, err)
	}
	var owner unix.Stat_t
	if err := unix.Stat(dir, &owner); err != nil {
		return nil, fmt.Errorf("hub folder %s: %w", dir, err)
	}
	if int(owner.Uid) != os.Geteuid() {
		return nil, fmt.Errorf("hub folder %s: %w", dir, ErrOtherUser)
	}
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("hub folder %s: %w", dir, err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("hub folder %s: %w", dir, ErrInUse)
		}
		return nil, fmt.Errorf("hub folder %s: %w", dir, err)
	}
	return f, nil
}

// readPrivate reads a file that nobody else may use.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s: %w: `chmod 600` it, and enrol every device anew if somebody may have read it", path, ErrNotPrivate)
	}
	return os.ReadFile(path)
}

// free returns the bytes that this process may still write below dir.
func free(dir string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}
