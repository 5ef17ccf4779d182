package update

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenin/firmware/internal/sample"
	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// slotSize is that of each slot in tests: a chunk and a rest.
const slotSize = chunk + 60*block

// image is the content of a slot: a file system that is noise, a superblock and a hash tree that is noise.
func image(seed uint64, size int) ([]byte, File) {
	type key struct {
		seed uint64
		size int
	}
	type made struct {
		b []byte
		f File
	}
	if m, ok := images.Load(key{seed, size}); ok {
		return m.(made).b, m.(made).f
	}
	b, f := newImage(seed, size)
	images.Store(key{seed, size}, made{b, f})
	return b, f
}

// images were made before; nobody changes them.
var images sync.Map

func newImage(seed uint64, size int) ([]byte, File) {
	data := make([]byte, size/block*block)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := 0; i+8 <= len(data); i += 8 {
		binary.LittleEndian.PutUint64(data[i:], r.Uint64())
	}
	sum := sha256.Sum256(data)
	b, name := sample.Verity(data, sum[:], [16]byte(sum[:16]))
	f := File{Size: int64(len(b)), SHA256: sha256.Sum256(b), UUID: name.UUID, DataSize: name.DataSize}
	names.Store(name.UUID, name)
	return b, f
}

// names are the images by their UUIDs.
var names sync.Map

func nameOf(f File) verity.Image {
	n, _ := names.Load(f.UUID)
	return n.(verity.Image)
}

var kernels sync.Map

// kernel is a small kernel image with a command line.
func kernel(cmdline string) []byte {
	if k, ok := kernels.Load(cmdline); ok {
		return k.([]byte)
	}
	dir, err := os.MkdirTemp("", "kernel")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			panic(err)
		}
		return path
	}
	image, err := uki.Assemble(uki.Parts{
		Stub: write("stub", sample.Stub("257.1")), Linux: write("linux", bytes.Repeat([]byte("kernel"), 4000)), Initrd: write("initrd", []byte("initrd")),
		Cmdline: cmdline, OSRelease: "ID=tenin\nVERSION_ID=7\n",
	})
	if err != nil {
		panic(err)
	}
	kernels.Store(cmdline, image)
	return image
}

// release is a version as it is built.
type release struct {
	manifest     Manifest
	files        map[string][]byte
	root, models []byte
	uki          []byte
}

// build makes a version; weights with a seed of 0 are none, and they are in the bundle if bring says so.
func build(version int64, rootSeed, modelsSeed uint64, bring bool) *release {
	r := &release{files: map[string][]byte{}}
	m := Manifest{Product: Product, Version: version, Name: fmt.Sprintf("1.%d.0", version), Arch: "amd64", VaultWrites: 4, VaultReadsFrom: 3}
	var root, models File
	r.root, root = image(rootSeed, chunk+int(7+rootSeed%4)*block)
	root.Name = "root.img"
	line := fmt.Sprintf("quiet tenin.version=%d tenin.root=%s", version, nameOf(root))
	m.Root = root
	if modelsSeed != 0 {
		r.models, models = image(modelsSeed, int(9+modelsSeed%4)*block)
		models.Name = "models.img"
		line += fmt.Sprintf(" tenin.models=%s", nameOf(models))
		m.ModelsUUID = models.UUID
		if bring {
			m.Models = &models
			r.files["models.img"] = r.models
		}
	}
	r.uki = kernel(line)
	m.UKI = File{Name: "tenin.efi", Size: int64(len(r.uki)), SHA256: sha256.Sum256(r.uki)}
	m.Digest = sha256.Sum256([]byte(line + fmt.Sprint(bring)))
	r.files["root.img"], r.files["tenin.efi"] = r.root, r.uki
	r.manifest = m
	return r
}

func (r *release) Manifest() Manifest { return r.manifest }

func (r *release) Copy(name string, w io.Writer) error {
	_, err := io.Copy(w, bytes.NewReader(r.files[name]))
	return err
}

func (r *release) starts(t testing.TB) CommandLine {
	t.Helper()
	c, err := commandLineOf(r.uki)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// errPower is the end of all power.
var errPower = errors.New("the power failed")

// memDisk is a disk in memory that loses what was not synced when its power fails.
type memDisk struct {
	files map[string][]byte
	// loose are files that got their names without a sync: with the power their content may go.
	loose map[string]bool
	slots map[string]*memSlot
	free  int64
	// left counts steps down to the one that fails; below 0 none does. cut says that the power fails then and not the disk.
	left int
	cut  bool
	dead bool
	rand *rand.Rand
	// spoil changes a byte of what a slot is given.
	spoil bool
	steps int
}

type memSlot struct {
	stored  []byte
	pending []slotWrite
}

type slotWrite struct {
	at int64
	b  []byte
}

func newMemDisk(seed uint64) *memDisk {
	return &memDisk{files: map[string][]byte{}, loose: map[string]bool{}, slots: map[string]*memSlot{}, left: -1, free: 1 << 30, rand: rand.New(rand.NewPCG(seed, 2))}
}

var errDisk = errors.New("input/output error")

// step is asked before each change: half says that the change may be half made, and an error that it was not made at all.
func (d *memDisk) step() (half bool, err error) {
	if d.dead {
		return false, errPower
	}
	d.steps++
	if d.left < 0 {
		return false, nil
	}
	if d.left--; d.left >= 0 {
		return false, nil
	}
	if !d.cut {
		return false, errDisk
	}
	d.dead = true
	return true, errPower
}

func (d *memDisk) OpenSlot(path string) (Slot, error) {
	s, ok := d.slots[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return &openMemSlot{d, s}, nil
}

func (d *memDisk) OpenReader(path string) (Reader, error) { return d.OpenSlot(path) }

func (d *memDisk) List(dir string) (names []string, err error) {
	for path := range d.files {
		if filepath.Dir(path) == dir {
			names = append(names, filepath.Base(path))
		}
	}
	slices.Sort(names)
	return names, nil
}

func (d *memDisk) ReadFile(path string, limit int64) ([]byte, error) {
	b, ok := d.files[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(b), nil
}

func (d *memDisk) CreateFile(path string, content []byte) error {
	half, err := d.step()
	if half {
		switch d.rand.IntN(4) {
		case 0:
			delete(d.files, path)
		case 1:
			d.files[path] = slices.Clone(content[:d.rand.IntN(len(content)+1)])
		case 2:
			d.files[path] = make([]byte, len(content))
		}
	}
	if err == nil {
		d.files[path] = slices.Clone(content)
	}
	return err
}

func (d *memDisk) Rename(from, to string) error {
	half, err := d.step()
	if half {
		ways := 2
		if strings.HasPrefix(to, "/efi/") {
			ways = 4
		}
		switch d.rand.IntN(ways) {
		case 0:
			d.files[to] = d.files[from]
			delete(d.files, from)
		case 2:
			// FAT may have both names for a moment.
			d.files[to] = d.files[from]
		case 3:
			// And it stores the new name before the place of its content.
			d.files[to] = nil
			delete(d.files, from)
		}
	}
	if err == nil {
		d.files[to] = d.files[from]
		delete(d.files, from)
	}
	return err
}

func (d *memDisk) SyncFile(path string) error {
	_, err := d.step()
	if err == nil {
		delete(d.loose, path)
	}
	return err
}

func (d *memDisk) Remove(path string) error {
	half, err := d.step()
	if err == nil || half && d.rand.IntN(2) == 0 {
		delete(d.files, path)
	}
	return err
}

func (d *memDisk) Free(string) (int64, error) { return d.free, nil }

type openMemSlot struct {
	d *memDisk
	s *memSlot
}

func (o *openMemSlot) Size() int64  { return int64(len(o.s.stored)) }
func (o *openMemSlot) Close() error { return nil }

func (o *openMemSlot) ReadAt(p []byte, at int64) (int, error) {
	if at >= int64(len(o.s.stored)) {
		return 0, io.EOF
	}
	n := copy(p, o.s.stored[at:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (o *openMemSlot) WriteAt(p []byte, at int64) (int, error) {
	half, err := o.d.step()
	if err == nil || half {
		for i := 0; i < len(p); i += block {
			o.s.pending = append(o.s.pending, slotWrite{at + int64(i), slices.Clone(p[i:min(i+block, len(p))])})
		}
	}
	if half {
		o.d.lose()
	}
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (o *openMemSlot) Sync() error {
	half, err := o.d.step()
	if half {
		o.d.lose()
	}
	if err == nil {
		o.d.store(func() bool { return true })
	}
	return err
}

// lose stores some of what was written and forgets the rest.
func (d *memDisk) lose() {
	odds := d.rand.IntN(5)
	d.store(func() bool { return d.rand.IntN(4) < odds })
}

func (d *memDisk) store(take func() bool) {
	for _, s := range d.slots {
		for _, w := range s.pending {
			if take() {
				copy(s.stored[w.at:], w.b)
			}
		}
		if d.spoil && len(s.pending) > 0 {
			s.stored[5000] ^= 1
		}
		s.pending = nil
	}
}

// powerOn is the same disk after its power came back.
func (d *memDisk) powerOn() {
	if d.dead {
		d.lose()
		for path := range d.loose {
			if d.files[path] != nil && d.rand.IntN(2) == 0 {
				d.files[path] = []byte{}
			}
		}
	}
	clear(d.loose)
	d.dead, d.left = false, -1
	for _, s := range d.slots {
		s.pending = nil
	}
}

// device is a machine in memory.
type device struct {
	t testing.TB
	*memDisk
	Machine
	releases map[string]*release // by kernel image
}

// newDevice runs version r from root-a, blessed.
func newDevice(t testing.TB, seed uint64, r *release) *device {
	t.Helper()
	d := &device{t: t, memDisk: newMemDisk(seed), releases: map[string]*release{}}
	dir, err := os.MkdirTemp("", "update")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	d.Machine = Machine{
		ESP: "/efi", Slots: map[string]string{}, Root: "root-a", Models: "models-a", State: dir, Drop: filepath.Join(dir, "drop"),
		Arch: "amd64", Disk: d.memDisk,
	}
	for _, name := range []string{"root-a", "root-b", "models-a", "models-b"} {
		d.Slots[name] = "/dev/" + name
		d.slots["/dev/"+name] = &memSlot{stored: make([]byte, slotSize)}
	}
	copy(d.slots["/dev/root-a"].stored, r.root)
	copy(d.slots["/dev/models-a"].stored, r.models)
	d.files[filepath.Join(d.folder(), keptName(r.manifest.Version))] = r.uki
	d.Runs = r.starts(t)
	d.learn(r)
	return d
}

// learn adds a version to those that the device may start.
func (d *device) learn(r *release) { d.releases[string(r.uki)] = r }

func (d *device) options(r *release) Options {
	d.learn(r)
	return Options{
		Machine: d.Machine, Source: ByHand, Name: "x.bundle", Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
		Open: func(*os.File, int64) (Contents, error) { return r, nil },
	}
}

// whole says why what an entry starts is not there in full, or nil.
func (d *device) whole(e Entry) error {
	uki := d.files[filepath.Join(d.folder(), e.File)]
	r, ok := d.releases[string(uki)]
	if !ok {
		return fmt.Errorf("%s is no whole kernel image", e.File)
	}
	find := func(kind string, want []byte, at int64) (string, error) {
		if want == nil {
			return "", nil
		}
		uuid := string(want[at+16 : at+32])
		for _, name := range []string{kind + "-a", kind + "-b"} {
			has := d.slots[d.Slots[name]].stored
			if string(has[at:at+8]) == verityMagic && string(has[at+16:at+32]) == uuid {
				if !bytes.Equal(has[:len(want)], want) {
					return "", fmt.Errorf("%s starts %s, which is not whole", e.File, name)
				}
				return name, nil
			}
		}
		return "", fmt.Errorf("%s starts a %s that is in no slot", e.File, kind)
	}
	if _, err := find("root", r.root, r.manifest.Root.DataSize); err != nil {
		return err
	}
	_, err := find("models", r.models, r.starts(d.t).Models.DataSize)
	return err
}

// checkAll fails the test if the boot loader offers anything that does not start, or nothing.
func (d *device) checkAll(when string) {
	d.t.Helper()
	entries, err := d.Entries()
	if err != nil {
		d.t.Fatal(err)
	}
	if len(entries) == 0 {
		d.t.Fatalf("%s: nothing starts", when)
	}
	offered := 0
	for _, e := range entries {
		if len(d.files[filepath.Join(d.folder(), e.File)]) == 0 {
			// A name without content is not offered.
			continue
		}
		if err := d.whole(e); err != nil {
			d.t.Fatalf("%s: %v", when, err)
		}
		offered++
	}
	if offered == 0 {
		d.t.Fatalf("%s: nothing starts", when)
	}
}

// boot starts the machine as systemd-boot does, and returns the version that runs.
func (d *device) boot() int64 {
	d.t.Helper()
	entries, err := d.Entries()
	if err != nil {
		d.t.Fatal(err)
	}
	e, ok := Next(entries)
	if !ok {
		d.t.Fatal("nothing starts")
	}
	if err := d.whole(e); err != nil {
		d.t.Fatal(err)
	}
	if e.Counted {
		name := fmt.Sprintf("tenin_%d+%d-%d.efi", e.Version, max(e.Left-1, 0), e.Done+1)
		from := filepath.Join(d.folder(), e.File)
		d.files[filepath.Join(d.folder(), name)] = d.files[from]
		delete(d.files, from)
	}
	d.Runs = e.Starts
	for _, name := range []string{"root-a", "root-b"} {
		if there, _ := d.slotNames(d.Slots[name], e.Starts.Root); there {
			d.Root = name
		}
	}
	for _, name := range []string{"models-a", "models-b"} {
		if there, _ := d.slotNames(d.Slots[name], e.Starts.Models); there {
			d.Models = name
		}
	}
	return e.Version
}

// bless is what systemd-bless-boot does.
func (d *device) bless() {
	d.t.Helper()
	entries, _ := d.Entries()
	e, err := d.running(entries)
	if err != nil {
		d.t.Fatal(err)
	}
	from, to := filepath.Join(d.folder(), e.File), filepath.Join(d.folder(), keptName(e.Version))
	if from != to {
		d.files[to] = d.files[from]
		delete(d.files, from)
		d.loose[to] = true
	}
}

// bundlePath is the path of a file that stands for a bundle.
func bundlePath(t testing.TB) string {
	t.Helper()
	f, err := os.CreateTemp("", "bundle")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(f.Name()) })
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}
