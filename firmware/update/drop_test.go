package update

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tenin/firmware/bundle"
)

// signer is the key of the bundles in these tests.
var signer = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))

// signed is a release as a bundle's file.
func signed(t testing.TB, r *release, key ed25519.PrivateKey) []byte {
	t.Helper()
	files := bundle.Files{UKI: r.uki, Root: bytes.NewReader(r.root)}
	if r.manifest.Models != nil {
		files.Models = bytes.NewReader(r.models)
	}
	m := bundle.Manifest{
		Product: Product, Name: r.manifest.Name, Created: 1_700_000_000, Arch: "amd64",
		Vault: bundle.Vault{Writes: 4, ReadsFrom: 3},
	}
	var b bytes.Buffer
	if _, err := bundle.Write(t.Context(), &b, m, key, files, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fileDevice is a device whose partitions are files.
type fileDevice struct {
	*device
	o Options
}

func newFileDevice(t testing.TB, r *release) *fileDevice {
	t.Helper()
	root := t.TempDir()
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	m := Machine{
		ESP: at("efi"), Slots: map[string]string{}, Root: "root-a", Runs: r.starts(t), State: at("state"), Drop: at("drop"), Arch: "amd64", Disk: RealDisk{},
	}
	if r.models != nil {
		m.Models = "models-a"
	}
	for _, dir := range []string{m.folder(), m.State, filepath.Join(m.Drop, dropIn)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"root-a", "root-b", "models-a", "models-b"} {
		b := make([]byte, slotSize)
		if name == "root-a" {
			copy(b, r.root)
		}
		if name == "models-a" {
			copy(b, r.models)
		}
		m.Slots[name] = at(name)
		if err := os.WriteFile(at(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(m.folder(), keptName(r.manifest.Version)), r.uki, 0o600); err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Now() }
	d := &fileDevice{o: Options{Machine: m, Now: now, Open: Bundles(signer.Public().(ed25519.PublicKey), "shop-1", now)}}
	return d
}

func (d *fileDevice) drop(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(d.o.Machine.Drop, dropIn, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (d *fileDevice) result(t testing.TB) Result {
	t.Helper()
	r, err := ReadResult(filepath.Join(d.o.Machine.Drop, ResultFile))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (d *fileDevice) names(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(d.o.Machine.Drop, dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func (d *fileDevice) offered(t testing.TB) (versions []int64) {
	t.Helper()
	entries, err := d.o.Machine.Entries()
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		versions = append(versions, e.Version)
	}
	return versions
}

func TestTheNewestBundleOfTheDropFolderIsTaken(t *testing.T) {
	d := newFileDevice(t, build(1, 1, 9, true))
	two, three := build(2, 2, 9, false), build(3, 3, 8, true)
	d.drop(t, "tenin_2.bundle", signed(t, two, signer))
	d.drop(t, "tenin_3.bundle", signed(t, three, signer))
	r, err := Drop(t.Context(), d.o)
	if err != nil || !r.Restart || len(r.Outcomes) != 2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := d.offered(t); !slices.Equal(got, []int64{3, 1}) {
		t.Errorf("offered %v", got)
	}
	for slot, want := range map[string][]byte{"root-b": three.root, "models-b": three.models} {
		b, err := os.ReadFile(d.o.Machine.Slots[slot])
		if err != nil || !bytes.Equal(b[:len(want)], want) {
			t.Errorf("%s does not hold it: %v", slot, err)
		}
	}
	res := d.result(t)
	if res.Last == nil || res.Last.Version != 3 || res.Last.Outcome != Installed || res.Running.Version != 1 || res.Running.State != StateBlessed {
		t.Errorf("%+v", res)
	}
	if info, err := os.Stat(filepath.Join(d.o.Machine.Drop, ResultFile)); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info, err)
	}
	if w := d.names(t, dropWork); len(w) != 0 {
		t.Errorf("left behind: %v", w)
	}
}

func TestWhatIsNoBundleIsMovedAsideWithALine(t *testing.T) {
	d := newFileDevice(t, build(1, 1, 0, false))
	good := signed(t, build(2, 2, 0, false), signer)
	stranger := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{4}, ed25519.SeedSize))
	flipped := slices.Clone(good)
	flipped[len(flipped)-3*block] ^= 1
	in := filepath.Join(d.o.Machine.Drop, dropIn)
	for name, test := range map[string]struct {
		make func(path string) error
		want Reason
	}{
		"another's signature": {func(p string) error { return os.WriteFile(p, signed(t, build(2, 2, 0, false), stranger), 0o600) }, ReasonSignature},
		"a flipped byte":      {func(p string) error { return os.WriteFile(p, flipped, 0o600) }, ReasonDamaged},
		"a cut":               {func(p string) error { return os.WriteFile(p, good[:len(good)/2], 0o600) }, ReasonDamaged},
		"nothing":             {func(p string) error { return os.WriteFile(p, nil, 0o600) }, ReasonDamaged},
		"a link":              {func(p string) error { return os.Symlink("/etc/hostname", p) }, ReasonKind},
		"a pipe":              {func(p string) error { return unix.Mkfifo(p, 0o600) }, ReasonKind},
		"a folder":            {func(p string) error { return os.MkdirAll(filepath.Join(p, "x", "y"), 0o700) }, ReasonKind},
		"a socket":            {func(p string) error { return unix.Mknod(p, unix.S_IFSOCK|0o600, 0) }, ReasonKind},
		"too large": {func(p string) error {
			if err := os.WriteFile(p, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(p, MaxBundle+1)
		}, ReasonSize},
	} {
		t.Run(name, func(t *testing.T) {
			if err := test.make(filepath.Join(in, "x.bundle")); err != nil {
				t.Skipf("cannot be made here: %v", err)
			}
			r, err := Drop(t.Context(), d.o)
			if err != nil || len(r.Outcomes) != 1 || r.Outcomes[0].Reason != test.want || r.Restart {
				t.Fatalf("%+v, %v", r, err)
			}
			if got := d.offered(t); !slices.Equal(got, []int64{1}) {
				t.Errorf("offered %v", got)
			}
			if left := slices.Concat(d.names(t, dropIn), d.names(t, dropWork)); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
			line, err := os.ReadFile(filepath.Join(d.o.Machine.Drop, dropRefused, ReasonFile))
			if err != nil || strings.Count(string(line), "\n") != 1 || !strings.HasPrefix(string(line), "x.bundle: "+string(test.want)+": ") {
				t.Errorf("%q, %v", line, err)
			}
			if n := d.names(t, dropRefused); len(n) > 2 {
				t.Errorf("refused ones pile up: %v", n)
			}
			if res := d.result(t); len(res.History) > 2 || res.Last.Reason != test.want || res.Last.Outcome != Refused {
				t.Errorf("%+v", res)
			}
		})
	}
}

// changing is a bundle whose writer changes the file after its signature was verified.
type changing struct {
	Contents
	path   string
	before map[string]bool
}

func (c changing) Copy(name string, w io.Writer) error {
	if c.before[name] {
		b, err := os.ReadFile(c.path)
		if err != nil {
			return err
		}
		// In the middle of the root's image.
		b[len(b)/2] ^= 0x20
		f, err := os.OpenFile(c.path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		if _, err := f.WriteAt(b, 0); err != nil {
			return err
		}
		f.Close()
	}
	return c.Contents.Copy(name, w)
}

func TestABundleThatIsChangedAfterItWasVerifiedIsNeverOffered(t *testing.T) {
	two := build(2, 2, 0, false)
	for _, when := range []string{"tenin.efi", "root.img"} {
		d := newFileDevice(t, build(1, 1, 0, false))
		open := d.o.Open
		d.o.Open = func(f *os.File, size int64) (Contents, error) {
			c, err := open(f, size)
			return changing{c, filepath.Join(d.o.Machine.Drop, dropWork, "x.bundle"), map[string]bool{when: true}}, err
		}
		d.drop(t, "x.bundle", signed(t, two, signer))
		r, err := Drop(t.Context(), d.o)
		if err != nil || len(r.Outcomes) != 1 || r.Outcomes[0].Reason != ReasonDamaged {
			t.Fatalf("%s: %+v, %v", when, r, err)
		}
		if got := d.offered(t); !slices.Equal(got, []int64{1}) {
			t.Errorf("%s: offered %v", when, got)
		}
	}
}

func TestABundleWaitsForTheEndOfATrialAndForAnInterruptedService(t *testing.T) {
	one, two, three := build(1, 1, 0, false), build(2, 2, 0, false), build(3, 3, 0, false)
	d := newFileDevice(t, two)
	m := d.o.Machine
	trial := filepath.Join(m.folder(), "tenin_2+2-1.efi")
	if err := os.Rename(filepath.Join(m.folder(), keptName(2)), trial); err != nil {
		t.Fatal(err)
	}
	_ = one
	d.drop(t, "tenin_3.bundle", signed(t, three, signer))
	r, err := Drop(t.Context(), d.o)
	if err != nil || r.Restart || len(r.Outcomes) != 1 || r.Outcomes[0].Outcome != Waiting {
		t.Fatalf("%+v, %v", r, err)
	}
	if res := d.result(t); res.Last.Outcome != Waiting || res.Running.State != StateTrial || res.Running.TriesLeft != 2 {
		t.Errorf("%+v", res)
	}
	if err := os.Rename(trial, filepath.Join(m.folder(), keptName(2))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	called := d.o
	called.Progress = func(string, int64, int64) { cancel() }
	if _, err := Drop(ctx, called); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if w := d.names(t, dropWork); !slices.Equal(w, []string{"tenin_3.bundle"}) {
		t.Fatalf("the bundle is gone: %v", w)
	}
	if r, err := Drop(t.Context(), d.o); err != nil || !r.Restart || r.Outcomes[0].Outcome != Installed {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestABundleThatWasTakenBackIsTriedAgainOnlyWhereItsNameSaysSo(t *testing.T) {
	d := newFileDevice(t, build(1, 1, 0, false))
	m := d.o.Machine
	two := signed(t, build(2, 2, 0, false), signer)
	d.drop(t, "tenin_2.bundle", two)
	if r, err := Drop(t.Context(), d.o); err != nil || !r.Restart {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := os.Rename(filepath.Join(m.folder(), trialName(2)), filepath.Join(m.folder(), "tenin_2+0-3.efi")); err != nil {
		t.Fatal(err)
	}
	if news, err := Settle(d.o); err != nil || len(news) != 1 || news[0].Outcome != TakenBack {
		t.Fatalf("%+v, %v", news, err)
	}
	d.drop(t, "tenin_2.bundle", two)
	if r, err := Drop(t.Context(), d.o); err != nil || r.Restart || r.Outcomes[0].Reason != ReasonAgain {
		t.Fatalf("%+v, %v", r, err)
	}
	if res := d.result(t); res.Last.Outcome != TakenBack {
		t.Errorf("why it was taken back is forgotten: %+v", res.Last)
	}
	d.drop(t, "tenin_2.again.bundle", two)
	if r, err := Drop(t.Context(), d.o); err != nil || !r.Restart {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := d.offered(t); !slices.Equal(got, []int64{2, 1}) {
		t.Errorf("offered %v", got)
	}
}

func TestHalfBundlesAreLeftToTheirWriterAndOldOrManyGo(t *testing.T) {
	d := newFileDevice(t, build(1, 1, 0, false))
	in := filepath.Join(d.o.Machine.Drop, dropIn)
	for name, age := range map[string]time.Duration{".new.part": 0, ".old.part": 8 * 24 * time.Hour, "junk": 0, ".x": 0} {
		d.drop(t, name, []byte("x"))
		at := time.Now().Add(-age)
		if err := os.Chtimes(filepath.Join(in, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{".big-1.part", ".big-2.part"} {
		d.drop(t, name, nil)
		if err := os.Truncate(filepath.Join(in, name), partsMost/2+1); err != nil {
			t.Fatal(err)
		}
		at := time.Now().Add(-time.Duration(i+1) * time.Hour)
		if err := os.Chtimes(filepath.Join(in, name), at, at); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Drop(t.Context(), d.o); err != nil {
		t.Fatal(err)
	}
	if left := d.names(t, dropIn); !slices.Equal(left, []string{".big-1.part", ".new.part"}) {
		t.Errorf("left: %v", left)
	}
}

func TestTheNewestBundleOfAStickIsFetchedOnce(t *testing.T) {
	d := newFileDevice(t, build(1, 1, 0, false))
	stick := t.TempDir()
	for name, b := range map[string][]byte{
		"tenin_2.bundle": signed(t, build(2, 2, 0, false), signer), "tenin_3.bundle": signed(t, build(3, 3, 0, false), signer),
		"holiday.jpg": []byte("x"), "bad.bundle": []byte("x"), "tenin_1.bundle": signed(t, build(1, 1, 0, false), signer),
	} {
		if err := os.WriteFile(filepath.Join(stick, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name, err := FetchFromStick(t.Context(), stick, d.o)
	if err != nil || name != "tenin_3.bundle" {
		t.Fatalf("%q, %v", name, err)
	}
	if !d.o.Machine.Pending() {
		t.Error("nothing lies in the drop folder")
	}
	r, err := Drop(t.Context(), d.o)
	if err != nil || len(r.Outcomes) != 1 || r.Outcomes[0].Outcome != Installed || os.Geteuid() == 0 && r.Outcomes[0].Source != FromStick {
		t.Fatalf("%+v, %v", r, err)
	}
	// The older one is left on the stick, and does not take the newer one's place.
	for _, want := range []string{"tenin_2.bundle", ""} {
		if name, err := FetchFromStick(t.Context(), stick, d.o); err != nil || name != want {
			t.Errorf("%q, %v", name, err)
		}
		r, err := Drop(t.Context(), d.o)
		if err != nil || want != "" && (len(r.Outcomes) != 1 || r.Outcomes[0].Reason != ReasonSuperseded) {
			t.Errorf("%+v, %v", r, err)
		}
	}
	if got := d.offered(t); !slices.Equal(got, []int64{3, 1}) {
		t.Errorf("offered %v", got)
	}
}

func TestOnlySticksAreMounted(t *testing.T) {
	m := Machine{Slots: map[string]string{"root-a": "/dev/sda2"}}
	for _, device := range []string{"/dev/sda1", "/dev/sda", "/dev/vda1", "/dev/../etc", "sdb1", "/dev/sdb1/x", ""} {
		if _, err := m.MountStick(device, t.TempDir()); err == nil {
			t.Errorf("%q was mounted", device)
		}
	}
}
