package image

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tenin/firmware/device"
)

// The steps of a build, in their order.
var steps = []string{"packages", "root", "models", "kernel", "disk", "inventory"}

type build struct {
	c     device.Config
	o     Options
	cache cache
	now   func() time.Time
	lock  *Lock

	step    int
	began   time.Time
	isKnown bool
	took    []StepTime
}

// ErrNotRoot says that the build has not the rights that it needs. It is an fs.ErrPermission.
var ErrNotRoot error = notRoot{}

type notRoot struct{}

func (notRoot) Error() string        { return "a root file system is made as root: run this with sudo" }
func (notRoot) Is(target error) bool { return target == fs.ErrPermission }

// Build makes the image that c describes. Where it fails, no file with a final name is half-made, and the next build goes on
// with the steps that were finished.
func Build(ctx context.Context, c device.Config, o Options) (r Result, err error) {
	b := &build{c: c, o: o, now: time.Now}
	if err := b.check(); err != nil {
		return r, err
	}
	c.Disk = b.c.Disk
	cache, unlock, err := openCache(o.Cache)
	if err != nil {
		return r, err
	}
	defer unlock()
	b.cache = cache
	return b.run(ctx)
}

// check refuses before any time is spent.
func (b *build) check() error {
	if os.Geteuid() != 0 {
		return ErrNotRoot
	}
	if b.o.Out == "" {
		return errors.New("no file named for the image: use -o")
	}
	if b.c.CPU != device.CPUNative {
		if err := checkCPU(b.o.Program); err != nil {
			return err
		}
	}
	if missing := MissingTools(); len(missing) > 0 {
		return fmt.Errorf("missing on this machine: %s: install the Debian packages: apt-get install --no-install-recommends %s",
			strings.Join(names(missing), ", "), strings.Join(packagesFor(missing), " "))
	}
	if err := enoughSpace(b.o.Cache, spaceForCache, "the cache", "--cache"); err != nil {
		return err
	}
	return enoughSpace(filepath.Dir(b.o.Out), spaceForImage, "the image", "-o")
}

func (b *build) run(ctx context.Context) (r Result, err error) {
	stem := strings.TrimSuffix(b.o.Out, ".img")
	r = Result{Image: b.o.Out, SBOM: stem + ".sbom.json", Parts: stem + ".parts", Lock: b.c.Lock,
		Version: b.c.Version, Name: b.c.Name, Test: b.c.Test, Signed: b.c.Keys != ""}

	b.begin("getting packages")
	base, baseKey, err := b.base(ctx)
	if err != nil {
		return r, err
	}
	b.end()
	b.begin("making the root file system")
	rootDir, err := b.root(ctx, base, baseKey)
	if err != nil {
		return r, err
	}
	if err := readJSON(filepath.Join(rootDir, rootSlot), &r.Root); err != nil {
		return r, err
	}
	b.end()
	b.begin("packing the weights")
	modelsDir, err := b.models(ctx)
	if err != nil {
		return r, err
	}
	if err := readJSON(filepath.Join(modelsDir, modelsSlot), &r.Models); err != nil {
		return r, err
	}
	b.end()

	parts := r.Parts + ".part"
	if err := os.RemoveAll(parts); err != nil {
		return r, err
	}
	if err := os.MkdirAll(parts, 0o755); err != nil {
		return r, plainSpace(err)
	}
	defer os.RemoveAll(parts)
	defer os.Remove(b.o.Out + ".part")

	b.begin("making the kernel image")
	kernel, loader, err := b.kernel(rootDir, parts, r.Root, r.Models)
	if err != nil {
		return r, plainSpace(err)
	}
	sum, err := hashFile(kernel)
	if err != nil {
		return r, err
	}
	info, err := os.Stat(kernel)
	if err != nil {
		return r, err
	}
	r.UKISize = info.Size()
	for _, slot := range []string{filepath.Join(rootDir, rootImage), filepath.Join(modelsDir, modelsImage)} {
		if err := linkOrCopy(slot, filepath.Join(parts, filepath.Base(slot))); err != nil {
			return r, plainSpace(err)
		}
	}
	var vault *Vault
	if b.o.Vault != (Vault{}) {
		vault = &b.o.Vault
	}
	err = writeJSON(filepath.Join(parts, "parts.json"), Parts{Vault: vault, Version: b.c.Version, Name: b.c.Name, Created: b.lock.Time, Test: b.c.Test,
		Signed: r.Signed, Root: r.Root, Models: r.Models, UKI: File{File: filepath.Base(kernel), Size: r.UKISize, SHA256: hex.EncodeToString(sum[:])}})
	if err != nil {
		return r, plainSpace(err)
	}
	b.end()

	b.begin("writing the disk image")
	if err := b.disk(ctx, &r, parts, kernel, loader); err != nil {
		return r, plainSpace(err)
	}
	b.end()

	b.begin("writing the inventory")
	packages, err := packagesOf(base)
	if err != nil {
		return r, err
	}
	r.Packages = len(packages)
	if err := b.inventory(r, packages); err != nil {
		return r, plainSpace(err)
	}
	// The names change together, the image's last: whoever finds it finds all.
	if err := os.RemoveAll(r.Parts); err != nil {
		return r, err
	}
	if err := os.Rename(parts, r.Parts); err != nil {
		return r, err
	}
	if err := writeSum(b.o.Out, r.SHA256); err != nil {
		return r, plainSpace(err)
	}
	if err := os.Rename(b.o.Out+".part", b.o.Out); err != nil {
		return r, err
	}
	b.end()
	r.Steps = b.took
	if !r.Signed {
		b.note("the image is not signed: it starts only where Secure Boot is off, and keeps its data without a TPM's key; name keys in device.toml")
	}
	if b.c.Test {
		b.note("TEST image: it has a console without a password; never put it in a shop")
	}
	return r, nil
}

// disk makes the ESP and the disk, and fills in the result.
func (b *build) disk(ctx context.Context, r *Result, parts, kernel, loader string) error {
	identity := []byte(r.Root.Hash + r.Models.Hash + fmt.Sprint(b.c.Version))
	layout, err := b.c.Layout(device.Size(r.Models.Size), identity)
	if err != nil {
		return err
	}
	conf, text := filepath.Join(parts, "loader.conf"), loaderConf
	esp := filepath.Join(parts, "esp.img")
	defer os.Remove(esp)
	defer os.Remove(conf)
	defer os.Remove(loader)
	files := []espFile{
		{"EFI/BOOT/BOOTX64.EFI", loader}, {"EFI/systemd/systemd-bootx64.efi", loader}, {"loader/loader.conf", conf},
		{fmt.Sprintf("EFI/Linux/tenin_%d.efi", b.c.Version), kernel},
	}
	if b.c.EnrolKeys {
		// Only a machine in setup mode takes them, and there a technician stands beside it.
		text += "secure-boot-enroll force\n"
		for _, name := range []string{"PK", "KEK", "db"} {
			files = append(files, espFile{"loader/keys/auto/" + name + ".auth", filepath.Join(b.c.Keys, name+".auth")})
		}
	}
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	if err := b.makeESP(ctx, esp, b.c.Disk.ESP, files); err != nil {
		return err
	}
	out := b.o.Out + ".part"
	if err := b.assemble(ctx, out, layout, map[string]string{
		device.PartESP: esp, device.PartRootA: filepath.Join(parts, rootImage), device.PartModelsA: filepath.Join(parts, modelsImage),
	}); err != nil {
		return err
	}
	sum, err := hashFile(out)
	if err != nil {
		return err
	}
	r.Size, r.SHA256 = int64(layout.Size), hex.EncodeToString(sum[:])
	return nil
}

// writeSum writes a file's hash beside it, as sha256sum(1) does and checks.
func writeSum(path, sum string) error {
	text := fmt.Sprintf("%s  %s\n", sum, filepath.Base(path))
	if err := os.WriteFile(path+".sha256.part", []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(path+".sha256.part", path+".sha256")
}

func linkOrCopy(from, to string) error {
	if os.Link(from, to) == nil {
		return nil
	}
	f, err := os.Create(to)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if _, err := copySparse(context.Background(), f, 0, from, info.Size(), func(int64) {}); err != nil {
		return err
	}
	if err := f.Truncate(info.Size()); err != nil {
		return err
	}
	return f.Close()
}

func (b *build) begin(text string) {
	b.step++
	b.began, b.isKnown = time.Now(), false
	b.tell(Progress{Text: text})
}

// cached says that the step had been done before.
func (b *build) cached() { b.isKnown = true }

func (b *build) end() {
	took := time.Since(b.began)
	b.took = append(b.took, StepTime{Step: steps[b.step-1], Seconds: float64(took.Milliseconds()) / 1000, Cached: b.isKnown})
	b.tell(Progress{Finished: true, Cached: b.isKnown, Took: took})
}

func (b *build) say(text string, done, total int64) {
	b.tell(Progress{Text: text, Done: done, Total: total})
}

func (b *build) note(format string, a ...any) { b.tell(Progress{Note: fmt.Sprintf(format, a...)}) }

func (b *build) tell(p Progress) {
	if b.o.Tell == nil {
		return
	}
	p.Step, p.Number, p.Steps = steps[b.step-1], b.step, len(steps)
	b.o.Tell(p)
}
