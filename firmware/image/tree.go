package image

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"tenin/firmware/device"
	"tenin/firmware/systemd"
)

// The files of the step "root", beside what the slot's own step makes.
const (
	rootImage   = "root.img"
	rootSlot    = "root.json"
	kernelFile  = "vmlinuz"
	initrdFile  = "initrd"
	stubFile    = "linuxx64.efi.stub"
	loaderFile  = "systemd-bootx64.efi"
	kernelNamed = "uname"
)

// publicKeys are the files of a folder of keys that a device has: it verifies with them, and they give nothing away.
var publicKeys = []string{"pcr.pub", "bundle.pub", "db.crt"}

// root makes the slot of the system, the kernel, the initrd and the loader from the base, and returns their folder.
func (b *build) root(ctx context.Context, base, baseKey string) (dir string, err error) {
	program, err := hashFile(b.o.Program)
	if err != nil {
		return "", fmt.Errorf("program: %w", err)
	}
	var public []string
	for _, file := range publicKeys {
		if b.c.Keys == "" {
			break
		}
		text, err := os.ReadFile(filepath.Join(b.c.Keys, file))
		if err != nil {
			return "", fmt.Errorf("keys: %w", err)
		}
		public = append(public, string(text))
	}
	key := keyOf("root 1", baseKey, program, public, b.c.Version, b.c.Name, b.c.Test, b.c.Timezone, b.c.Keyboard, b.c.Kernel.Modules,
		hashTree(overlay), hashTree(overlayTest), hashTree(systemd.Files), dropList, modulesDropList, modulesKeepList, modulesInitrdList, initScript, rootCompression)
	dir = b.cache.path("root", key)
	if b.cache.has("root", key) {
		b.cached()
		return dir, nil
	}
	return dir, b.cache.make("root", key, func(out string) error {
		tree := filepath.Join(out, "tree")
		if err := os.Mkdir(tree, 0o755); err != nil {
			return err
		}
		b.say("unpacking", 1, 6)
		if err := (tool{}).run(ctx, "tar", "-C", tree, "--numeric-owner", "--xattrs", "--xattrs-include=*", "-xpf", filepath.Join(base, baseTar)); err != nil {
			return err
		}
		m, err := readModules(tree)
		if err != nil {
			return err
		}
		for from, to := range map[string]string{
			"boot/vmlinuz-" + m.version: kernelFile, "usr/lib/systemd/boot/efi/" + stubFile: stubFile, "usr/lib/systemd/boot/efi/" + loaderFile: loaderFile,
		} {
			data, err := readIn(tree, from)
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(out, to), data, 0o644); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(out, kernelNamed), []byte(m.version), 0o644); err != nil {
			return err
		}
		b.say("making the initrd", 2, 6)
		if err := makeInitrd(ctx, tree, filepath.Join(out, initrdFile)); err != nil {
			return err
		}
		b.say("putting Tenin in", 3, 6)
		if err := b.furnish(ctx, tree, m); err != nil {
			return err
		}
		b.say("packing", 5, 6)
		slot, err := makeSlot(ctx, tree, filepath.Join(out, rootImage), rootCompression, b.lock.Time)
		if err != nil {
			return err
		}
		if err := os.RemoveAll(tree); err != nil {
			return err
		}
		return writeJSON(filepath.Join(out, rootSlot), slot)
	})
}

// furnish makes a kiosk's root of a plain Debian.
func (b *build) furnish(ctx context.Context, tree string, m *modules) error {
	surplus, err := m.surplus(list(modulesDropList), append(list(modulesKeepList), b.c.Kernel.Modules...))
	if err != nil {
		return err
	}
	for _, file := range surplus {
		if err := os.Remove(filepath.Join(m.dir, file)); err != nil {
			return err
		}
	}
	in := func(args ...string) error { return tool{}.run(ctx, "chroot", append([]string{tree}, args...)...) }
	if err := in("depmod", m.version); err != nil {
		return err
	}
	// What a package has enabled is not what a kiosk has enabled: presets say that alone.
	for _, dir := range []string{"etc/systemd/system", "etc/systemd/user"} {
		if err := emptyFolder(filepath.Join(tree, dir)); err != nil {
			return err
		}
	}
	if err := emptyFolder(filepath.Join(tree, "var")); err != nil {
		return err
	}
	if err := copyTree(overlay, "overlay", tree); err != nil {
		return err
	}
	if b.c.Test {
		if err := copyTree(overlayTest, "overlay-test", tree); err != nil {
			return err
		}
	}
	if err := b.putProgram(tree); err != nil {
		return err
	}
	if err := b.settings(tree); err != nil {
		return err
	}
	for _, command := range [][]string{{"systemd-sysusers"}, {"systemctl", "preset-all"}, {"ldconfig"}} {
		if err := in(command...); err != nil {
			return err
		}
	}
	if err := drop(tree, list(dropList)); err != nil {
		return err
	}
	if err := emptyFolder(filepath.Join(tree, "var")); err != nil {
		return err
	}
	return plain(tree)
}

// putProgram installs tenin as `make install` does, but for what people at a shell use.
func (b *build) putProgram(tree string) error {
	data, err := os.ReadFile(b.o.Program)
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	if err := putFile(tree, "usr/bin/tenin", data, 0o755); err != nil {
		return err
	}
	for from, to := range map[string]string{
		"tenin.service":                "usr/lib/systemd/system/tenin.service",
		"tenin-display.service":        "usr/lib/systemd/system/tenin-display.service",
		"tenin.service.d/display.conf": "usr/lib/systemd/system/tenin.service.d/display.conf",
		"sysusers.conf":                "usr/lib/sysusers.d/tenin.conf",
		"tmpfiles.conf":                "usr/lib/tmpfiles.d/tenin.conf",
	} {
		data, err := systemd.Files.ReadFile(from)
		if err != nil {
			return err
		}
		if err := putFile(tree, to, data, 0o644); err != nil {
			return err
		}
	}
	if b.c.Keys == "" {
		return nil
	}
	for _, name := range publicKeys {
		data, err := os.ReadFile(filepath.Join(b.c.Keys, name))
		if err != nil {
			return fmt.Errorf("keys: %w", err)
		}
		if err := putFile(tree, "usr/share/tenin/firmware/"+name, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// settings writes what device.toml says.
func (b *build) settings(tree string) error {
	zone := "/usr/share/zoneinfo/" + b.c.Timezone
	if _, err := os.Stat(filepath.Join(tree, zone)); err != nil {
		return fmt.Errorf("timezone %q is none that Debian knows", b.c.Timezone)
	}
	for name, to := range map[string]string{
		"etc/localtime": zone, "etc/resolv.conf": "../run/systemd/resolve/resolv.conf", "etc/mtab": "../proc/self/mounts",
		"usr/share/tenin/models/.": "",
	} {
		if to == "" {
			if err := os.MkdirAll(filepath.Join(tree, name), 0o755); err != nil {
				return err
			}
			continue
		}
		_ = os.Remove(filepath.Join(tree, name))
		if err := os.Symlink(to, filepath.Join(tree, name)); err != nil {
			return err
		}
	}
	for _, dir := range []string{"data", "efi"} {
		if err := os.MkdirAll(filepath.Join(tree, dir), 0o755); err != nil {
			return err
		}
	}
	files := map[string]string{
		"usr/lib/os-release": osReleaseText(b.c),
		// Empty, and not missing: PID 1 then makes one for the time until it is switched off.
		"etc/machine-id": "",
		"etc/timezone":   b.c.Timezone + "\n",
		"etc/X11/xorg.conf.d/20-keyboard.conf": "Section \"InputClass\"\n\tIdentifier \"keyboards\"\n\tMatchIsKeyboard \"on\"\n" +
			"\tOption \"XkbLayout\" \"" + b.c.Keyboard + "\"\nEndSection\n",
	}
	for name, text := range files {
		if err := putFile(tree, name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// osReleaseText is os-release(5), of the root and of the kernel image: systemd-boot orders images by ID and VERSION_ID.
func osReleaseText(c device.Config) string {
	variant := "kiosk"
	pretty := fmt.Sprintf("Tenin %s (%d)", c.Name, c.Version)
	if c.Test {
		variant = "test"
		pretty += " TEST"
	}
	return fmt.Sprintf("NAME=Tenin\nID=%s\nID_LIKE=debian\nVERSION_ID=%d\nPRETTY_NAME=%q\nVARIANT_ID=%s\nIMAGE_ID=%s\nIMAGE_VERSION=%d\n",
		device.Product, c.Version, pretty, variant, device.Product, c.Version)
}

// putFile writes a file of root's, replacing what is there.
func putFile(tree, name string, data []byte, mode fs.FileMode) error {
	to := filepath.Join(tree, name)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(to, data, mode); err != nil {
		return err
	}
	return os.Chmod(to, mode)
}

// copyTree puts an embedded tree's files at their places. An embedded file has no mode: a script may be executed. A file
// "NAME.link" is a symbolic link to its content, since links cannot be embedded.
func copyTree(from fs.FS, dir, tree string) error {
	return fs.WalkDir(from, dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(p) == ".keep" {
			return err
		}
		data, err := fs.ReadFile(from, p)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(p, dir+"/")
		if link, ok := strings.CutSuffix(name, ".link"); ok {
			to := filepath.Join(tree, link)
			if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			_ = os.Remove(to)
			return os.Symlink(strings.TrimSpace(string(data)), to)
		}
		mode := fs.FileMode(0o644)
		if strings.HasPrefix(string(data), "#!") {
			mode = 0o755
		}
		return putFile(tree, name, data, mode)
	})
}

func emptyFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return err
}

// drop removes what patterns name; a pattern that fits nothing is no error, since not every image has every package.
func drop(tree string, patterns []string) error {
	for _, p := range patterns {
		found, err := filepath.Glob(filepath.Join(tree, p))
		if err != nil {
			return fmt.Errorf("%s: %w", p, err)
		}
		for _, f := range found {
			if err := os.RemoveAll(f); err != nil {
				return err
			}
		}
	}
	return nil
}

// plain takes from every program the right to run as somebody else, and whatever differs from build to build.
func plain(tree string) error {
	return filepath.WalkDir(tree, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
			return os.Chmod(p, info.Mode().Perm())
		}
		return nil
	})
}
