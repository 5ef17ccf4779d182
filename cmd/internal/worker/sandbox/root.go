package sandbox

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// link is a symbolic link of the host that the child's root repeats, so that every name of the policy still leads there.
type link struct{ Path, Target string }

// bind is one file or folder of the host in the child's root.
type bind struct {
	grant
	tree int // a detached mount
}

// enterRoot moves this process into a root that holds the grants, a private /proc and nothing else, and returns the
// grants under their real names in there.
//
// All trees are cloned while the host's root is still in view; then an empty file system is mounted over /proc, which
// is the one folder that certainly exists, filled, and made the root. The program itself needs no place in there: it is
// executed through its link in /proc, which holds even when its file was replaced meanwhile.
func (j *job) enterRoot(grants []grant) ([]grant, error) {
	// Nothing that is mounted here may show outside, nor the other way round.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return nil, j.failed("part from the host's mounts", err)
	}
	var links []link
	var binds []bind
	clone := func(source string, g grant) error {
		tree, err := unix.OpenTree(unix.AT_FDCWD, source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
		if err != nil {
			return j.failed("clone the mount of "+source, err)
		}
		if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: flags(g.Right)}); err != nil {
			return j.failed("restrict the mount of "+source, err)
		}
		binds = append(binds, bind{g, tree})
		return nil
	}
	grants = slices.Clone(grants)
	for i, g := range grants {
		more, real, err := resolve(g.Path)
		if err != nil {
			return nil, j.failed("find "+g.Path, err)
		}
		links = append(links, more...)
		grants[i].Path = real
	}
	// A folder must lie below what is mounted in it.
	slices.SortStableFunc(grants, func(a, b grant) int {
		return strings.Count(a.Path, "/") - strings.Count(b.Path, "/")
	})
	for _, g := range grants {
		if covered(binds, g.Path, g.Right) {
			continue
		}
		if err := clone(g.Path, g); err != nil {
			return nil, err
		}
	}
	proc, err := j.proc()
	if err != nil {
		return nil, err
	}
	binds = append(binds, proc)

	if err := unix.Mount("tenin", "/proc", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=0755,size=64k,nr_inodes=8k"); err != nil {
		return nil, j.failed("mount an empty root", err)
	}
	if err := unix.Chdir("/proc"); err != nil {
		return nil, j.failed("enter the new root", err)
	}
	for _, l := range links {
		if under(binds, l.Path) {
			continue
		}
		if err := os.MkdirAll("."+filepath.Dir(l.Path), 0o755); err != nil {
			return nil, j.failed("make a folder in the new root", err)
		}
		if err := os.Symlink(l.Target, "."+l.Path); err != nil && !errors.Is(err, os.ErrExist) {
			return nil, j.failed("repeat a link in the new root", err)
		}
	}
	result := make([]grant, 0, len(binds))
	for i, b := range binds {
		if !under(binds[:i], b.Path) {
			if err := place("."+b.Path, b.Dir); err != nil {
				return nil, j.failed("make "+b.Path+" in the new root", err)
			}
		}
		if err := unix.MoveMount(b.tree, "", unix.AT_FDCWD, "."+b.Path, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
			return nil, j.failed("mount "+b.Path+" in the new root", err)
		}
		unix.Close(b.tree)
		result = append(result, b.grant)
	}
	if !under(binds, "/dev/fd") {
		// Libraries that are loaded from memory are opened by such a name.
		if err := os.Symlink("/proc/self/fd", "./dev/fd"); err != nil {
			return nil, j.failed("make /dev/fd in the new root", err)
		}
	}
	// With both names on one folder the old root lies on top of the new one and is taken away from there, pivot_root(2).
	if err := unix.PivotRoot(".", "."); err != nil {
		return nil, j.failed("change the root", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return nil, j.failed("leave the host's root", err)
	}
	if err := unix.Chdir("/"); err != nil {
		return nil, j.failed("enter the new root", err)
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return nil, j.failed("make the new root read-only", err)
	}
	return result, nil
}

// proc returns a /proc that shows the child alone. A kernel that refuses a fresh one (a container hides parts of its
// own) leaves the host's, which Landlock then cuts down to the child's own entry.
func (j *job) proc() (bind, error) {
	all := bind{grant: grant{Path: "/proc", Right: read, Dir: true}}
	if j.Flags&unix.CLONE_NEWPID != 0 {
		context, err := unix.Fsopen("proc", unix.FSOPEN_CLOEXEC)
		if err == nil {
			if err = unix.FsconfigCreate(context); err == nil {
				all.tree, err = unix.Fsmount(context, unix.FSMOUNT_CLOEXEC,
					unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV|unix.MOUNT_ATTR_NOEXEC)
			}
			unix.Close(context)
		}
		if err == nil {
			return all, nil
		}
		if err := j.missing(FeatureProc, err); err != nil {
			return bind{}, err
		}
	}
	tree, err := unix.OpenTree(unix.AT_FDCWD, "/proc", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return bind{}, j.failed("clone the mount of /proc", err)
	}
	if err := unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: flags(read)}); err != nil {
		return bind{}, j.failed("restrict the mount of /proc", err)
	}
	all.tree = tree
	return all, nil
}

// flags are the mount attributes of a right. They are only ever added: a mount that was read-only stays so.
func flags(r right) uint64 {
	attributes := uint64(unix.MOUNT_ATTR_NOSUID)
	if r&write == 0 {
		attributes |= unix.MOUNT_ATTR_RDONLY
	}
	if r&execute == 0 {
		attributes |= unix.MOUNT_ATTR_NOEXEC
	}
	return attributes
}

// place makes the empty file or folder that a mount lies on.
func place(path string, dir bool) error {
	if dir {
		return os.MkdirAll(path, 0o755)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o444)
	if err != nil {
		return err
	}
	return file.Close()
}

// under tells whether path is a folder of binds or inside one.
func under(binds []bind, path string) bool {
	return slices.ContainsFunc(binds, func(b bind) bool {
		return b.Dir && (path == b.Path || strings.HasPrefix(path, b.Path+"/"))
	})
}

// covered tells whether path is there already with the same right.
func covered(binds []bind, path string, r right) bool {
	return slices.ContainsFunc(binds, func(b bind) bool {
		return b.Right == r && (path == b.Path || b.Dir && strings.HasPrefix(path, b.Path+"/"))
	})
}

// resolve follows path through the host's symbolic links, and returns each link with the real path at the end.
func resolve(path string) (links []link, real string, err error) {
	rest := strings.Split(strings.Trim(path, "/"), "/")
	for steps := 0; len(rest) > 0; steps++ {
		// The kernel gives up after 40 links; a path may have many more parts, but not endlessly many.
		if steps > 1000 || len(links) > 40 {
			return nil, "", unix.ELOOP
		}
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			real = filepath.Dir(real)
			if real == "/" || real == "." {
				real = ""
			}
			continue
		}
		next := real + "/" + part
		info, err := os.Lstat(next)
		if err != nil {
			return nil, "", err
		}
		if info.Mode()&os.ModeSymlink == 0 {
			real = next
			continue
		}
		target, err := os.Readlink(next)
		if err != nil {
			return nil, "", err
		}
		links = append(links, link{next, target})
		if filepath.IsAbs(target) {
			real = ""
		}
		rest = append(strings.Split(strings.Trim(target, "/"), "/"), rest...)
	}
	if real == "" {
		real = "/"
	}
	return links, real, nil
}
