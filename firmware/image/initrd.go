package image

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// makeInitrd writes the initrd, of what is in the root: a shell, veritysetup with its libraries, and modules.
func makeInitrd(ctx context.Context, root, out string) error {
	entries, err := initrdEntries(ctx, root)
	if err != nil {
		return fmt.Errorf("initrd: %w", err)
	}
	var archive bytes.Buffer
	if err := writeCPIO(&archive, entries); err != nil {
		return err
	}
	// One thread: with several the bytes hang on their number.
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := (tool{in: &archive, out: f}).run(ctx, "zstd", "-q", "-19", "--single-thread", "-c"); err != nil {
		return err
	}
	return f.Close()
}

func initrdEntries(ctx context.Context, root string) ([]entry, error) {
	entries := []entry{{name: "init", mode: typeFile | 0o755, data: initScript}}
	for _, dir := range []string{"dev", "proc", "sys", "run", "tmp", "sysroot"} {
		entries = append(entries, entry{name: dir, mode: typeDir | 0o755})
	}
	// Before devtmpfs is there, the kernel wants somewhere to write.
	entries = append(entries, entry{name: "dev/console", mode: typeChar | 0o600, major: 5, minor: 1})

	busybox, err := readIn(root, "usr/bin/busybox")
	if err != nil {
		return nil, err
	}
	entries = append(entries, entry{name: "bin/busybox", mode: typeFile | 0o755, data: busybox})
	for _, name := range strings.Fields("sh mount umount mkdir ln cat cp echo sed grep tr dd hexdump sort xargs modprobe readlink sleep tail switch_root reboot") {
		entries = append(entries, entry{name: "bin/" + name, mode: typeLink | 0o777, data: []byte("busybox")})
	}

	const verity = "usr/sbin/veritysetup"
	libraries, err := linked(ctx, root, "/"+verity)
	if err != nil {
		return nil, err
	}
	for _, file := range append(libraries, verity) {
		data, err := readIn(root, file)
		if err != nil {
			return nil, err
		}
		name := file
		if file == verity {
			name = "bin/veritysetup"
		}
		entries = append(entries, entry{name: name, mode: typeFile | 0o755, data: data})
	}
	more, err := initrdModules(ctx, root)
	return append(entries, more...), err
}

func initrdModules(ctx context.Context, root string) ([]entry, error) {
	m, err := readModules(root)
	if err != nil {
		return nil, err
	}
	files, err := m.closure(list(modulesInitrdList))
	if err != nil {
		return nil, err
	}
	base := "lib/modules/" + m.version
	var entries []entry
	for _, f := range files {
		data, err := unpackModule(ctx, filepath.Join(m.dir, f))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{name: path.Join(base, unpackedName(f)), mode: typeFile | 0o644, data: data})
	}
	dep, alias, err := m.indexFor(files)
	if err != nil {
		return nil, err
	}
	return append(entries, entry{name: base + "/modules.dep", mode: typeFile | 0o644, data: dep},
		entry{name: base + "/modules.alias", mode: typeFile | 0o644, data: alias}), nil
}

// unpackModule returns a module's bytes, its signature with it.
func unpackModule(ctx context.Context, file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	program := map[string]string{".xz": "xz", ".zst": "zstd", ".gz": "gzip"}[filepath.Ext(file)]
	if program == "" {
		return data, nil
	}
	var out bytes.Buffer
	err = tool{in: bytes.NewReader(data), out: &out}.run(ctx, program, "-q", "-d", "-c")
	return out.Bytes(), err
}

// linked returns the paths in a root, without the first slash, of the libraries that a program there is linked with.
func linked(ctx context.Context, root, program string) ([]string, error) {
	var out bytes.Buffer
	if err := (tool{out: &out}).run(ctx, "chroot", root, "ldd", program); err != nil {
		return nil, err
	}
	var files []string
	for _, word := range strings.Fields(out.String()) {
		if strings.HasPrefix(word, "/") {
			files = append(files, strings.TrimPrefix(path.Clean(word), "/"))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: its libraries were not found: %s", program, oneLine(out.String()))
	}
	return files, nil
}

// readIn reads a file of a root; links are followed inside it.
func readIn(root, name string) ([]byte, error) {
	r, err := os.OpenRoot(root)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for range 8 {
		info, err := r.Lstat(name)
		if err != nil {
			break
		}
		if info.Mode()&os.ModeSymlink == 0 {
			break
		}
		to, err := r.Readlink(name)
		if err != nil {
			return nil, err
		}
		if path.IsAbs(to) {
			name = strings.TrimPrefix(to, "/")
		} else {
			name = path.Join(path.Dir(name), to)
		}
	}
	// A link on the way, such as /lib, that is absolute would lead out.
	return r.ReadFile(name)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
