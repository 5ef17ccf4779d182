package image

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"tenin/firmware/device"
)

// Tool is a program that a build runs, and the Debian package that has it.
type Tool struct{ Name, Package string }

// Tools are all programs that a build runs.
var Tools = []Tool{
	{"mmdebstrap", "mmdebstrap"}, {"apt-get", "apt"}, {"tar", "tar"}, {"chroot", "coreutils"}, {"xz", "xz-utils"}, {"zstd", "zstd"},
	{"mksquashfs", "squashfs-tools"}, {"veritysetup", "cryptsetup-bin"}, {"sfdisk", "fdisk"},
	{"mkfs.fat", "dosfstools"}, {"mcopy", "mtools"}, {"mmd", "mtools"},
}

// tryTools are what an image is tried with in a virtual machine.
var tryTools = []Tool{{"qemu-system-x86_64", "qemu-system-x86"}, {"swtpm", "swtpm"}}

// MissingTryTools returns what is missing to try an image in a virtual machine; OVMF is the machine's firmware.
func MissingTryTools() []Tool {
	missing := missingOf(tryTools)
	if _, err := os.Stat("/usr/share/OVMF/OVMF_CODE_4M.fd"); err != nil {
		missing = append(missing, Tool{"OVMF", "ovmf"})
	}
	return missing
}

// CheckSources says whether this machine has package sources of its own that an image can be built from.
func CheckSources() error {
	_, err := readSources(device.Default().Debian, "/")
	return err
}

// MissingTools returns those that are not on this machine.
func MissingTools() []Tool { return missingOf(Tools) }

func missingOf(tools []Tool) []Tool {
	var missing []Tool
	for _, t := range tools {
		if _, err := FindTool(t.Name); err != nil {
			missing = append(missing, t)
		}
	}
	return missing
}

func names(tools []Tool) []string {
	var n []string
	for _, t := range tools {
		n = append(n, t.Name)
	}
	return n
}

func packagesFor(tools []Tool) []string {
	var p []string
	for _, t := range tools {
		p = append(p, t.Package)
	}
	slices.Sort(p)
	return slices.Compact(p)
}

// What a build needs, in bytes: measured with the default weights, and rounded up.
const (
	// spaceForCache: the base's archive (0.6 GB) and its tree beside it while it is made, the slots, the packages.
	spaceForCache = 3 << 30
	// spaceForImage is without what its holes do not take.
	spaceForImage = 1 << 30
)

// Space returns how many bytes a build needs where the cache lies, and where the image will lie.
func Space() (cache, image int64) { return spaceForCache, spaceForImage }

// Free returns how many bytes are free for us where path lies, or will lie.
func Free(path string) (int64, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return 0, err
	}
	for {
		var s syscall.Statfs_t
		err := syscall.Statfs(path, &s)
		if err == nil {
			return int64(s.Bavail) * s.Bsize, nil
		}
		if !os.IsNotExist(err) || path == filepath.Dir(path) {
			return 0, err
		}
		path = filepath.Dir(path)
	}
}

func enoughSpace(path string, need int64, what, flag string) error {
	free, err := Free(path)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if free < need {
		return fmt.Errorf("%s: %d MB are free, and %s takes %d MB: make room, or name another folder with %s", path, free>>20, what, need>>20, flag)
	}
	return nil
}
