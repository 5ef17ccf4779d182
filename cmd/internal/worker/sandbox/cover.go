package sandbox

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// cover hides what the policy names, in the mount namespace of a child of [Launch]: an empty folder lies on each folder,
// the null device on each socket. The child keeps seeing what is mounted on the machine later. The right to do it ends here.
func (j *job) cover() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SLAVE, ""); err != nil {
		return j.failed("part from the host's mounts", err)
	}
	var covered []string
	for _, path := range j.Policy.Hide {
		real, err := filepath.EvalSymlinks(path)
		if errors.Is(err, fs.ErrNotExist) || slices.Contains(covered, real) {
			continue
		}
		var info fs.FileInfo
		if err == nil {
			info, err = os.Stat(real)
		}
		switch {
		case err != nil:
		case info.IsDir():
			const attributes = unix.MS_RDONLY | unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
			err = unix.Mount("tenin", real, "tmpfs", attributes, "mode=0755,size=4k,nr_inodes=2")
		default:
			err = unix.Mount(os.DevNull, real, "", unix.MS_BIND, "")
		}
		if err != nil {
			return j.failed("hide "+path, err)
		}
		covered = append(covered, real)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return j.failed("give up the right to mount", err)
	}
	return nil
}
