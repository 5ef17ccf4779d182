package verify

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tenin/firmware/bundle"
	"tenin/firmware/device"
	"tenin/firmware/esp"
	"tenin/firmware/flash/gpt"
	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// disk verifies what starts from a disk: the table, each program on the ESP, and each slot that a kernel image names.
func (v *verifier) disk() error {
	table, err := gpt.Read(v.f, v.size)
	if errors.Is(err, gpt.ErrNone) {
		v.r.bad("partition table", err)
		return nil
	} else if err != nil {
		return err
	}
	backup, err := gpt.ReadBackup(v.f, v.size)
	switch {
	case errors.Is(err, gpt.ErrNone):
		v.r.bad("partition table's copy", err)
	case err != nil:
		return err
	case !slices.Equal(table.Partitions, backup.Partitions):
		v.r.bad("partition table's copy", errors.New("the two copies differ"))
	default:
		v.r.good("partition table", "%d partitions, both copies", len(table.Partitions))
	}
	kernels, err := v.esp(table)
	if err != nil {
		return err
	}
	return v.slots(table, kernels)
}

// kernelImage is a kernel image on the ESP and the images that it starts.
type kernelImage struct {
	name         string
	version      int64
	root, models verity.Image
}

// kernelName is a kernel image's, with the tries that are left and those that failed (systemd-boot(7)).
var kernelName = regexp.MustCompile(`^tenin_([1-9][0-9]*)(\+[0-9]+(-[0-9]+)?)?\.efi$`)

const (
	folderKernels = "/EFI/Linux"
	folderEnrol   = "/loader/keys/auto"
	fileFallback  = "/EFI/BOOT/BOOTX64.EFI"
)

// esp verifies each program on the EFI system partition.
func (v *verifier) esp(table *gpt.Table) (kernels []kernelImage, err error) {
	p, ok := table.Find(device.PartESP)
	if !ok {
		v.r.bad(device.PartESP, fmt.Errorf("there is no partition %s", device.PartESP))
		return nil, nil
	}
	fs, err := esp.Open(v.f.Name(), p)
	if err != nil {
		return nil, err
	}
	files, err := fs.List()
	if err != nil {
		v.r.bad(device.PartESP, err)
		return nil, nil
	}
	state, err := fs.Check()
	if err == nil && len(state.Crossed)+len(state.Broken) > 0 {
		err = fmt.Errorf("damaged file system: %s", strings.Join(slices.Concat(state.Broken, state.Crossed), ", "))
	}
	v.r.result(device.PartESP, err, "%d files", len(files))
	started := false
	for _, file := range files {
		part := device.PartESP + " " + file
		if foreign(file) {
			v.r.bad(part, errors.New("it would be handed to what starts, and nobody signed it: remove it"))
			continue
		}
		program := strings.EqualFold(path.Ext(file), ".efi")
		enrolled := strings.EqualFold(path.Dir(file), folderEnrol)
		if !program && !enrolled {
			continue
		}
		image, err := fs.Read(file, bundle.MaxUKI)
		if err != nil {
			v.r.bad(part, err)
			continue
		}
		switch {
		case enrolled:
			v.enrols(part, image)
		case strings.EqualFold(path.Dir(file), folderKernels):
			if k, ok := v.kernelFile(part, path.Base(file), image); ok {
				kernels = append(kernels, k)
			}
		default:
			started = started || strings.EqualFold(file, fileFallback)
			v.signature(part, image)
		}
	}
	if !started {
		v.r.bad(device.PartESP, fmt.Errorf("there is no %s: the disk does not start", fileFallback))
	}
	if len(kernels) == 0 {
		v.r.bad(device.PartESP, fmt.Errorf("there is no kernel image in %s that starts a root", folderKernels))
	}
	return kernels, v.ctx.Err()
}

// foreign says whether systemd's loader or stub would take the file along with a kernel image that is signed without it:
// credentials, extensions, other command lines (systemd-stub(7), systemd-boot(7)).
func foreign(file string) bool {
	lower := strings.ToLower(file)
	return strings.Contains(lower, ".efi.extra.d/") || strings.HasPrefix(lower, "/loader/credentials/") ||
		strings.HasPrefix(lower, "/loader/addons/") || strings.HasPrefix(lower, "/loader/entries/") || strings.HasPrefix(lower, "/loader/extensions/")
}

// kernelFile verifies a kernel image, and that it is called what it is.
func (v *verifier) kernelFile(part, name string, image []byte) (k kernelImage, ok bool) {
	info, err := uki.Read(image)
	if err != nil {
		v.r.bad(part, err)
		return k, false
	}
	v.release(info)
	v.kernel(part, image)
	k.name = name
	text, _ := info.Param("tenin.version")
	if k.version, err = strconv.ParseInt(text, 10, 64); err != nil || k.version < 1 {
		v.r.bad(part, fmt.Errorf("its command line says version %.40q", text))
		return k, false
	}
	if m := kernelName.FindStringSubmatch(name); m == nil || m[1] != text {
		v.r.bad(part, fmt.Errorf("it is version %d, which its name does not say", k.version))
	}
	text, _ = info.Param("tenin.root")
	if k.root, err = verity.Parse(text); err != nil {
		v.r.bad(part, fmt.Errorf("its command line: tenin.root: %w", err))
		return k, false
	}
	if text, ok := info.Param("tenin.models"); ok {
		if k.models, err = verity.Parse(text); err != nil {
			v.r.bad(part, fmt.Errorf("its command line: tenin.models: %w", err))
			return k, false
		}
	}
	return k, true
}

// enrols looks at a list of certificates that a machine in setup mode takes: db has to be ours, or nothing would start.
func (v *verifier) enrols(part string, auth []byte) {
	if !strings.EqualFold(path.Base(part), "db.auth") {
		return
	}
	for _, c := range v.trust.Certificates {
		if bytes.Contains(auth, c.Raw) {
			v.r.good(part, "enrols %s", c.Subject)
			return
		}
	}
	v.r.bad(part, errors.New("it enrols other keys: what is signed with ours would not start"))
}

// slots verifies the images that the kernel images name, and tells what is in the other slots.
func (v *verifier) slots(table *gpt.Table, kernels []kernelImage) error {
	type wanted struct {
		image verity.Image
		by    []string
	}
	for _, kind := range []struct {
		what  string
		names []string
		image func(kernelImage) verity.Image
	}{
		{"root", []string{device.PartRootA, device.PartRootB}, func(k kernelImage) verity.Image { return k.root }},
		{"weights", []string{device.PartModelsA, device.PartModelsB}, func(k kernelImage) verity.Image { return k.models }},
	} {
		var all []wanted
		for _, k := range kernels {
			image := kind.image(k)
			if image == (verity.Image{}) {
				continue
			}
			if i := slices.IndexFunc(all, func(w wanted) bool { return w.image == image }); i >= 0 {
				all[i].by = append(all[i].by, k.name)
				continue
			}
			all = append(all, wanted{image, []string{k.name}})
		}
		found := make([]bool, len(all))
		for _, name := range kind.names {
			p, ok := table.Find(name)
			if !ok {
				continue
			}
			r := io.NewSectionReader(v.f, p.Offset(), p.Size())
			named := false
			for i, w := range all {
				super, err := verity.ReadSuperblock(r, w.image.DataSize)
				if err != nil || super.UUID != w.image.UUID {
					continue
				}
				named, found[i] = true, true
				err = verity.Check(v.ctx, r, w.image, func(n int64) { v.progress(name, n, w.image.Size()) })
				if v.ctx.Err() != nil {
					return v.ctx.Err()
				}
				v.r.result(name, err, "what %s starts: root hash %s…, %s", strings.Join(w.by, " and "), hex.EncodeToString(w.image.Hash[:8]), megabytes(w.image.Size()))
			}
			if !named {
				empty, err := isEmpty(r)
				if err != nil {
					return err
				}
				v.r.good(name, "%s", map[bool]string{true: "empty", false: "holds something that nothing starts"}[empty])
			}
		}
		for i, w := range all {
			if !found[i] {
				v.r.bad(kind.what, fmt.Errorf("%s starts %s, which is in no slot", strings.Join(w.by, " and "), verity.FormatUUID(w.image.UUID)))
			}
		}
	}
	return nil
}

// isEmpty looks at a slot's begin, where every file system says what it is.
func isEmpty(r io.ReaderAt) (bool, error) {
	b := make([]byte, 64<<10)
	n, err := r.ReadAt(b, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return len(strings.Trim(string(b[:n]), "\x00")) == 0, nil
}
