package powercut

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/firmware/internal/sample"
	"tenin/firmware/powercut/powercuttest"
)

const diskSize = powercuttest.Size

// A kiosk is a disk that is changed step by step, each step recorded.
type kiosk struct {
	*powercuttest.Kiosk
	log recorder
}

func newKiosk(t testing.TB) *kiosk { return &kiosk{Kiosk: powercuttest.New(t, nil)} }

// A step is a part of an update.
type step func(k *kiosk, version uint64)

// sync ends an epoch.
func sync(k *kiosk, _ uint64) { k.log.Flush() }

// writeRoot writes the version's system to a slot.
func writeRoot(at int64) step {
	return func(k *kiosk, version uint64) {
		image, _ := powercuttest.Slot(version)
		for off := 0; off < len(image); off += 64 << 10 {
			part := image[off:min(off+64<<10, len(image))]
			k.log.Write(at+int64(off), part)
			copy(k.Disk[at+int64(off):], part)
		}
	}
}

// onESP has mtools change the ESP, and records which sectors that changed.
func onESP(do func(k *kiosk, version uint64)) step {
	return func(k *kiosk, version uint64) {
		before := k.ReadESP()
		do(k, version)
		after := k.ReadESP()
		for at := 0; at < len(after); {
			if bytes.Equal(before[at:at+sectorSize], after[at:at+sectorSize]) {
				at += sectorSize
				continue
			}
			end := at + sectorSize
			for end < len(after) && end-at < 64<<10 && !bytes.Equal(before[end:end+sectorSize], after[end:end+sectorSize]) {
				end += sectorSize
			}
			k.log.Write(powercuttest.ESP+int64(at), after[at:end])
			at = end
		}
	}
}

// writeKernel puts the version's kernel image under a name, in which %d is the version.
func writeKernel(name string) step {
	return onESP(func(k *kiosk, version uint64) {
		k.Tools(k.Kernel(version), "mcopy", "-", "::/EFI/Linux/"+fmt.Sprintf(name, version))
	})
}

func renameKernel(from, to string) step {
	return onESP(func(k *kiosk, version uint64) {
		k.Tools(nil, "mren", "::/EFI/Linux/"+fmt.Sprintf(from, version), fmt.Sprintf(to, version))
	})
}

// renameAsVFAT renames to the version's lasting name as Linux does when only the folder is synced: the name is stored with
// no content, and where its content lies only afterwards, without a flush.
func renameAsVFAT(from string) step {
	return func(k *kiosk, version uint64) {
		before := k.ReadESP()
		k.Tools(nil, "mren", "::/EFI/Linux/"+fmt.Sprintf(from, version), fmt.Sprintf(forGood, version))
		after := k.ReadESP()
		at := bytes.Index(after, []byte("TENIN_2 EFI"))
		if at < 0 {
			k.Fatal("the new name is not in the folder")
		}
		empty := bytes.Clone(after)
		clear(empty[at+26 : at+32])
		for off := 0; off < len(after); off += sectorSize {
			if !bytes.Equal(before[off:off+sectorSize], empty[off:off+sectorSize]) {
				k.log.Write(powercuttest.ESP+int64(off), empty[off:off+sectorSize])
			}
		}
		k.log.Flush()
		sector := at / sectorSize * sectorSize
		k.log.Write(powercuttest.ESP+int64(sector), after[sector:sector+sectorSize])
	}
}

func removeKernel(name string) step {
	return onESP(func(k *kiosk, version uint64) { k.Tools(nil, "mdel", "::/EFI/Linux/"+name) })
}

const (
	part    = "tenin_%d.part"
	trial   = "tenin_%d+3.efi"
	forGood = "tenin_%d.efi"
)

// right is how an update has to be done.
var right = []step{writeRoot(powercuttest.RootB), sync, writeKernel(part), sync, renameKernel(part, trial), sync}

func check(t testing.TB, o Options, steps ...step) (Report, *kiosk) {
	t.Helper()
	k := newKiosk(t)
	base := bytes.Clone(k.Disk)
	for _, s := range steps {
		s(k, 2)
	}
	report, err := Check(t.Context(), bytes.NewReader(base), diskSize, k.log.log(t), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Results) != report.Cases {
		t.Fatalf("%d of %d cases", len(report.Results), report.Cases)
	}
	return report, k
}

func TestAnUpdateInTheRightOrderOutlivesEveryPowerCut(t *testing.T) {
	report, _ := check(t, Options{Seed: 1}, right...)
	for _, r := range slices.Concat(report.Bad(), report.Early(), report.Crossed()) {
		t.Errorf("%s: %+v", r.Case, r.Verdict)
	}
	if report.Started["tenin_1.efi from root-a"] == 0 || report.Started["tenin_2+3.efi from root-b"] == 0 || report.Outcomes[Starts] != 200 {
		t.Errorf("%v %v", report.Outcomes, report.Started)
	}
	kinds := map[Kind]int{}
	for _, r := range report.Results {
		kinds[r.Case.Kind]++
	}
	if kinds[Prefix] == 0 || kinds[Subset] == 0 || kinds[Torn] == 0 {
		t.Errorf("not every kind of power cut was tried: %v", kinds)
	}
}

func TestARightOrderIsRightWithEverySeed(t *testing.T) {
	k := newKiosk(t)
	base := bytes.Clone(k.Disk)
	for _, s := range right {
		s(k, 2)
	}
	log := k.log.log(t)
	rapid.Check(t, func(r *rapid.T) {
		report, err := Check(t.Context(), bytes.NewReader(base), diskSize, log, Options{Seed: rapid.Uint64().Draw(r, "seed"), Cases: 40})
		if err != nil {
			r.Fatal(err)
		}
		if n := report.Outcomes[Starts]; n != 40 {
			r.Fatalf("%d of 40 start what is chosen first: %+v %+v", n, report.Bad(), report.Early())
		}
	})
}

// TestAnUpdaterThatDoesThingsInTheWrongOrderIsFound has for each mistake what the checker must say of it.
func TestAnUpdaterThatDoesThingsInTheWrongOrderIsFound(t *testing.T) {
	for _, c := range []struct {
		mistake string
		steps   []step
		found   Outcome
		why     string
	}{
		{"the kernel image is there before the system that it starts, counted", []step{writeKernel(part), sync, renameKernel(part, trial), sync, writeRoot(powercuttest.RootB), sync}, FallsBack, "root-b"},
		{"the same, for good", []step{writeKernel(part), sync, renameKernel(part, forGood), sync, writeRoot(powercuttest.RootB), sync}, Dead, "root-b"},
		{"the system is not flushed before its kernel image is there", []step{writeRoot(powercuttest.RootB), writeKernel(part), renameKernel(part, trial), sync}, FallsBack, ""},
		{"the kernel image is written under its own name", []step{writeRoot(powercuttest.RootB), sync, writeKernel(trial), sync}, Stuck, "not a whole program"},
		{"the running system is written over", []step{writeRoot(powercuttest.RootA), sync, writeKernel(part), sync, renameKernel(part, trial), sync}, Dead, "root-a"},
		{"the old version is removed before the new one is there", []step{removeKernel("tenin_1.efi"), sync, writeRoot(powercuttest.RootB), sync, writeKernel(part), sync, renameKernel(part, trial), sync}, Dead, "nothing that the loader would offer"},
		{"the old version is removed while the new one's name has no content yet", []step{writeRoot(powercuttest.RootB), sync, writeKernel(part), sync, renameAsVFAT(part), removeKernel("tenin_1.efi"), sync}, Dead, "nothing that the loader would offer"},
		{"the loader is replaced in its place", append(slices.Clone(right), onESP(func(k *kiosk, _ uint64) {
			k.Tools(append(sample.Stub("258.1"), powercuttest.Noise(8, 50_000)...), "mcopy", "-o", "-", "::/EFI/BOOT/BOOTX64.EFI")
		}), sync), Dead, "loader"},
	} {
		report, _ := check(t, Options{Seed: 1}, c.steps...)
		var whys []string
		for _, r := range report.with(c.found) {
			whys = append(whys, r.Verdict.Why)
		}
		if len(whys) == 0 || !strings.Contains(strings.Join(whys, "\n"), c.why) {
			t.Errorf("%s: %v, %q", c.mistake, report.Outcomes, slices.Compact(whys))
		}
	}
}

func TestTheSameSeedGivesTheSameCases(t *testing.T) {
	a, _ := check(t, Options{Seed: 5, Cases: 50}, right...)
	b, _ := check(t, Options{Seed: 5, Cases: 50}, right...)
	c, _ := check(t, Options{Seed: 6, Cases: 50}, right...)
	say := func(r Report) string { return fmt.Sprint(r.Results) }
	if say(a) != say(b) || say(a) == say(c) {
		t.Error("the cases do not depend on the seed alone")
	}
}

func TestPickedCasesAreWrittenAsDisks(t *testing.T) {
	k := newKiosk(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "base")
	if err := os.WriteFile(path, k.Disk, 0o600); err != nil {
		t.Fatal(err)
	}
	base, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	for _, s := range right {
		s(k, 2)
	}
	log, o := k.log.log(t), Options{Seed: 3}
	report, err := Check(t.Context(), base, diskSize, log, o)
	if err != nil {
		t.Fatal(err)
	}
	trusted, err := known(base, diskSize, log)
	if err != nil {
		t.Fatal(err)
	}
	picked := report.Pick(5)
	kinds := map[Kind]bool{}
	for _, r := range picked {
		kinds[r.Case.Kind] = true
		out := filepath.Join(dir, fmt.Sprint(r.Case.Number))
		if err := WriteDisk(base, log, o, r.Case.Number, out); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(out)
		if err != nil || len(b) != diskSize {
			t.Fatalf("%d bytes: %v", len(b), err)
		}
		got, err := Judge(t.Context(), newView(bytes.NewReader(b), diskSize, &Log{}), trusted)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(r.Verdict) {
			t.Errorf("%s: the file is judged %+v, the case was %+v: %v", r.Case, got, r.Verdict, err)
		}
	}
	if len(picked) != 5 || len(kinds) != 3 {
		t.Errorf("%d cases of the kinds %v", len(picked), kinds)
	}
	if err := WriteDisk(base, log, o, 200, filepath.Join(dir, "x")); err == nil {
		t.Error("there is no case 200")
	}
}

// TestAFlushKeepsWhatWasBeforeIt says what a case may and may not lose.
func TestAFlushKeepsWhatWasBeforeIt(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		rec := &recorder{}
		n := rapid.IntRange(1, 30).Draw(r, "entries")
		for i := range n {
			switch rapid.IntRange(0, 5).Draw(r, "kind") {
			case 0:
				rec.Flush()
			case 1:
				rec.Add(int64(i)*4096, bytes.Repeat([]byte{byte(i + 1)}, 4096), flagFUA)
			case 2:
				rec.Add(int64(i)*4096, bytes.Repeat([]byte{byte(i + 1)}, 4096), flagFlush|flagFUA)
			default:
				rec.Write(int64(i)*4096, bytes.Repeat([]byte{byte(i + 1)}, 4096))
			}
		}
		l := rec.log(t)
		for _, c := range l.cases(rapid.Uint64().Draw(r, "seed"), 20, func(Entry) bool { return true }) {
			flushed := newView(bytes.NewReader(nil), 1<<20, l)
			for i := range c.Flushed {
				flushed.apply(i, nil)
			}
			v := c.view(flushed)
			b := make([]byte, 4096)
			for i, e := range l.Entries {
				if e.Size == 0 {
					continue
				}
				if _, err := v.ReadAt(b, e.Offset); err != nil {
					r.Fatal(err)
				}
				there, gone := bytes.Count(b, []byte{byte(i + 1)}) == 4096, bytes.Count(b, []byte{0}) == 4096
				switch {
				case i < c.Flushed && !there:
					r.Fatalf("%s: entry %d was flushed and is lost", c, i)
				case i < c.After && e.FUA && !there:
					r.Fatalf("%s: entry %d was marked FUA and is lost", c, i)
				case i > c.After && !gone:
					r.Fatalf("%s: entry %d was not written yet", c, i)
				case !there && !gone && i != c.Torn:
					r.Fatalf("%s: entry %d is torn", c, i)
				}
			}
		}
	})
}
