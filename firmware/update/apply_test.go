package update

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func applied(d *device, r *release) (Report, error) {
	return Apply(context.Background(), bundlePath(d.t), d.options(r))
}

func mustApply(d *device, r *release) Report {
	d.t.Helper()
	report, err := applied(d, r)
	if err != nil {
		d.t.Fatal(err)
	}
	d.checkAll("after an update")
	return report
}

func mustRefuse(t testing.TB, err error, want Reason) {
	t.Helper()
	if err == nil || ReasonOf(err) != want {
		t.Fatalf("refused for %q, want %q: %v", ReasonOf(err), want, err)
	}
}

func TestANewVersionGoesToTheOtherSlotAndIsTriedNext(t *testing.T) {
	one, two := build(1, 1, 9, true), build(2, 2, 9, false)
	d := newDevice(t, 1, one)
	r := mustApply(d, two)
	if r.Slot != "root-b" || r.Models != "models-a" || r.Outcome != Installed || !slices.Equal(r.Wrote, []string{"root-b"}) || !r.Restart {
		t.Errorf("%+v", r)
	}
	if v := d.boot(); v != 2 || d.Root != "root-b" {
		t.Errorf("version %d started from %s", v, d.Root)
	}
	d.bless()
	if news, err := Settle(d.options(two)); err != nil || len(news) != 1 || news[0].Outcome != Blessed {
		t.Errorf("%+v, %v", news, err)
	}
}

func TestTheSameUpdateTwiceChangesNothing(t *testing.T) {
	one, two := build(1, 1, 9, true), build(2, 2, 8, true)
	d := newDevice(t, 1, one)
	first := mustApply(d, two)
	if !slices.Equal(first.Wrote, []string{"root-b", "models-b"}) {
		t.Errorf("wrote %v", first.Wrote)
	}
	files := fmt.Sprint(len(d.files))
	again := mustApply(d, two)
	if len(again.Wrote) != 0 || again.Outcome != Installed || fmt.Sprint(len(d.files)) != files {
		t.Errorf("%+v", again)
	}
	d.boot()
	d.bless()
	if kept := mustApply(d, two); kept.Outcome != Blessed || kept.Restart {
		t.Errorf("what runs: %+v", kept)
	}
}

func TestAVersionThatNeverComesUpIsTakenBackAndSaidSo(t *testing.T) {
	one, two, three := build(1, 1, 0, false), build(2, 2, 0, false), build(3, 3, 0, false)
	d := newDevice(t, 1, one)
	mustApply(d, two)
	for try := range Tries {
		if v := d.boot(); v != 2 {
			t.Fatalf("try %d started version %d", try, v)
		}
	}
	if v := d.boot(); v != 1 || d.Root != "root-a" {
		t.Fatalf("version %d came back", v)
	}
	news, err := Settle(d.options(two))
	if err != nil || len(news) != 1 || news[0].Outcome != TakenBack || news[0].Reason != ReasonBoot {
		t.Fatalf("%+v, %v", news, err)
	}
	_, err = applied(d, two)
	mustRefuse(t, err, ReasonAgain)
	o := d.options(two)
	o.Again = true
	if _, err := Apply(context.Background(), bundlePath(t), o); err != nil {
		t.Fatal(err)
	}
	d.checkAll("tried again")
	if r := mustApply(d, three); r.Slot != "root-b" {
		t.Errorf("%+v", r)
	}
	if v := d.boot(); v != 3 {
		t.Errorf("version %d", v)
	}
}

func TestAFailedHealthCheckIsTheReason(t *testing.T) {
	one, two := build(1, 1, 0, false), build(2, 2, 0, false)
	d := newDevice(t, 1, one)
	mustApply(d, two)
	for range Tries {
		d.boot()
		if err := d.Fail(ReasonQuestion, "no answer\nat all", d.options(two).now()); err != nil {
			t.Fatal(err)
		}
	}
	d.boot()
	news, err := Settle(d.options(two))
	if err != nil || len(news) != 1 || news[0].Reason != ReasonQuestion || news[0].Text != "no answer at all" {
		t.Fatalf("%+v, %v", news, err)
	}
}

func TestNothingIsTakenWhileATrialRuns(t *testing.T) {
	one, two, three := build(1, 1, 0, false), build(2, 2, 0, false), build(3, 3, 0, false)
	d := newDevice(t, 1, one)
	mustApply(d, two)
	d.boot()
	_, err := applied(d, three)
	mustRefuse(t, err, ReasonTrial)
	_, err = applied(d, two)
	mustRefuse(t, err, ReasonTrial)
	d.checkAll("during a trial")
}

func TestADeviceWhoseOnlyVersionWasNeverHealthyTakesAnUpdate(t *testing.T) {
	one, two := build(1, 1, 0, false), build(2, 2, 0, false)
	d := newDevice(t, 1, one)
	path := filepath.Join(d.folder(), keptName(1))
	d.files[filepath.Join(d.folder(), "tenin_1+0-3.efi")] = d.files[path]
	delete(d.files, path)
	mustApply(d, two)
	if v := d.boot(); v != 2 {
		t.Errorf("version %d", v)
	}
}

func TestWhatDoesNotFitIsRefusedWithItsReason(t *testing.T) {
	one := build(2, 1, 9, true)
	for name, test := range map[string]struct {
		change func(*release, *device, *Options)
		want   Reason
	}{
		"another product":         {func(r *release, _ *device, _ *Options) { r.manifest.Product = "other" }, ReasonProduct},
		"another processor":       {func(r *release, _ *device, _ *Options) { r.manifest.Arch = "arm64" }, ReasonArch},
		"a test's bundle":         {func(r *release, _ *device, _ *Options) { r.manifest.Test = true }, ReasonTest},
		"an older version":        {func(r *release, _ *device, _ *Options) { *r = *build(1, 7, 9, false) }, ReasonVersion},
		"other contents":          {func(r *release, _ *device, _ *Options) { *r = *build(2, 7, 9, false) }, ReasonVersion},
		"below the floor":         {func(_ *release, _ *device, o *Options) { o.Floor = &fakeFloor{value: 4} }, ReasonFloor},
		"no floor to be read":     {func(_ *release, _ *device, o *Options) { o.Floor = &fakeFloor{err: errDisk} }, ReasonFloor},
		"weights that are absent": {func(r *release, _ *device, _ *Options) { *r = *build(3, 2, 8, false) }, ReasonModels},
		"too large a root": {func(r *release, d *device, _ *Options) {
			d.slots["/dev/root-b"].stored = make([]byte, chunk/2)
		}, ReasonSpace},
		"a full ESP": {func(_ *release, d *device, _ *Options) { d.free = 1 << 20 }, ReasonSpace},
		"no slot for weights": {func(r *release, d *device, o *Options) {
			*r = *build(3, 2, 8, true)
			delete(o.Machine.Slots, "models-b")
		}, ReasonSpace},
		"a vault that is too old": {func(r *release, _ *device, o *Options) {
			o.Vault = func() (Vault, error) { return Vault{4, 1, 2, 2}, nil }
		}, ReasonVault},
		"a vault that is too new": {func(r *release, _ *device, o *Options) {
			o.Vault = func() (Vault, error) { return Vault{6, 4, 6, 5}, nil }
		}, ReasonVault},
		"no way back for the vault": {func(r *release, _ *device, o *Options) {
			r.manifest.VaultWrites = 6
			o.Vault = func() (Vault, error) { return Vault{4, 1, 4, 4}, nil }
		}, ReasonVault},
		"a kernel image of another": {func(r *release, _ *device, _ *Options) {
			x := build(3, 5, 9, false)
			r.files["tenin.efi"], r.manifest.UKI = x.uki, x.manifest.UKI
		}, ReasonDamaged},
		"a kernel image that is none": {func(r *release, _ *device, _ *Options) { r.files["tenin.efi"] = []byte("no") }, ReasonDamaged},
		"a root that is cut":          {func(r *release, _ *device, _ *Options) { r.files["root.img"] = r.root[:chunk/2] }, ReasonDamaged},
		"a root that is longer":       {func(r *release, _ *device, _ *Options) { r.files["root.img"] = append(slices.Clone(r.root), 1) }, ReasonDamaged},
		"a root that is another":      {func(r *release, _ *device, _ *Options) { r.files["root.img"] = build(3, 6, 9, false).root }, ReasonDisk},
		"a disk that forgets":         {func(_ *release, d *device, _ *Options) { d.spoil = true }, ReasonDisk},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t, 1, one)
			r := build(3, 2, 9, false)
			o := d.options(r)
			test.change(r, d, &o)
			d.learn(r)
			_, err := Apply(context.Background(), bundlePath(t), o)
			mustRefuse(t, err, test.want)
			d.checkAll(name)
			if v := d.boot(); v != 2 {
				t.Errorf("version %d starts", v)
			}
			s, err := d.remember()
			if err != nil || len(s.History) == 0 || s.History[0].Outcome != Refused || s.History[0].Reason != test.want {
				t.Errorf("%+v, %v", s.History, err)
			}
		})
	}
}

type fakeFloor struct {
	value int64
	err   error
}

func (f *fakeFloor) Value() (int64, error) { return f.value, f.err }
func (f *fakeFloor) Set(v int64) error     { f.value = v; return f.err }

func TestTheFloorRisesOnceAVersionIsKept(t *testing.T) {
	one, two := build(1, 1, 0, false), build(2, 2, 0, false)
	d := newDevice(t, 1, one)
	floor := &fakeFloor{value: 1}
	o := d.options(two)
	o.Floor = floor
	if _, err := Apply(context.Background(), bundlePath(t), o); err != nil {
		t.Fatal(err)
	}
	d.boot()
	o.Machine = d.Machine
	if _, err := Settle(o); err != nil || floor.value != 1 {
		t.Fatalf("on trial the floor is %d, %v", floor.value, err)
	}
	d.bless()
	if _, err := Settle(o); err != nil || floor.value != 2 {
		t.Fatalf("the floor is %d, %v", floor.value, err)
	}
	if err := CheckFloor(d.Machine, floor); err != nil {
		t.Error(err)
	}
	floor.value = 3
	mustRefuse(t, CheckFloor(d.Machine, floor), ReasonFloor)
	floor.err = errDisk
	mustRefuse(t, CheckFloor(d.Machine, floor), ReasonFloor)
}

func TestASignedExceptionGoesDownAndLowersTheFloor(t *testing.T) {
	old, now := build(3, 3, 0, false), build(5, 5, 0, false)
	old.manifest.Down = func(floor int64) error {
		if floor > 5 {
			return errors.New("the floor is too high")
		}
		return nil
	}
	for _, healthy := range []bool{true, false} {
		d := newDevice(t, 1, now)
		floor := &fakeFloor{value: 5}
		o := d.options(old)
		o.Floor = floor
		if _, err := Apply(context.Background(), bundlePath(t), o); err != nil {
			t.Fatal(err)
		}
		d.checkAll("going down")
		if v := d.boot(); v != 3 || floor.value != 3 {
			t.Fatalf("version %d, floor %d", v, floor.value)
		}
		want := int64(3)
		if healthy {
			d.bless()
		} else {
			d.boot()
			d.boot()
			if v := d.boot(); v != 5 {
				t.Fatalf("version %d came back", v)
			}
			d.bless()
			want = 5
		}
		o.Machine = d.Machine
		if _, err := Settle(o); err != nil || floor.value != want {
			t.Fatalf("floor %d, %v", floor.value, err)
		}
		if v := d.boot(); v != want {
			t.Errorf("version %d starts", v)
		}
	}
}

func TestASignedExceptionHoldsOnlyWhereItSays(t *testing.T) {
	old, now := build(3, 3, 0, false), build(5, 5, 0, false)
	old.manifest.Down = func(floor int64) error { return fmt.Errorf("not from %d", floor) }
	d := newDevice(t, 1, now)
	_, err := applied(d, old)
	mustRefuse(t, err, ReasonFloor)
	if v := d.boot(); v != 5 {
		t.Errorf("version %d", v)
	}
}

func TestATrialIsUndoneByTheBootLoadersOwnCount(t *testing.T) {
	one, two := build(1, 1, 0, false), build(2, 2, 0, false)
	d := newDevice(t, 1, one)
	floor := &fakeFloor{value: 1}
	mustApply(d, two)
	d.boot()
	o := d.options(two)
	o.Floor = floor
	next, err := RollBack(o)
	if err != nil || next.Version != 1 {
		t.Fatalf("%+v, %v", next, err)
	}
	if v := d.boot(); v != 1 {
		t.Fatalf("version %d", v)
	}
	o.Machine = d.Machine
	news, err := Settle(o)
	if err != nil || len(news) != 1 || news[0].Outcome != TakenBack || news[0].Reason != ReasonByHand {
		t.Errorf("%+v, %v", news, err)
	}
	_, err = RollBack(o)
	mustRefuse(t, err, ReasonVersion)
}

func TestThereIsNoWayBackBelowTheFloorNorToASlotThatWasWrittenOver(t *testing.T) {
	one, two := build(1, 1, 0, false), build(2, 2, 0, false)
	d := newDevice(t, 1, one)
	mustApply(d, two)
	d.boot()
	d.bless()
	o := d.options(two)
	o.Floor = &fakeFloor{value: 2}
	_, err := RollBack(o)
	mustRefuse(t, err, ReasonFloor)
	o.Floor = nil
	d.slots["/dev/root-a"].stored[one.manifest.Root.DataSize] = 0
	_, err = RollBack(o)
	mustRefuse(t, err, ReasonDisk)
}

// chain are updates as they follow each other, in all their kinds.
func chain() []*release {
	return []*release{build(1, 1, 9, true), build(2, 2, 9, false), build(3, 3, 8, true), build(4, 3, 8, false), build(5, 5, 9, true)}
}

func TestWhenThePowerFailsAtAnyMomentWhatStartsIsWhole(t *testing.T) {
	releases := chain()
	for i := range releases[1:] {
		from, to := releases[i], releases[i+1]
		for cut := 0; ; cut++ {
			var ended bool
			for seed := range uint64(4) {
				ended = powerCut(t, from, to, cut, seed)
			}
			if ended {
				if cut < 6 {
					t.Errorf("version %d: only %d steps", to.manifest.Version, cut)
				}
				break
			}
		}
	}
}

// powerCut updates from one version to the next and lets the power fail at a step. It reports whether the update was done
// before.
func powerCut(t testing.TB, from, to *release, cut int, seed uint64) (ended bool) {
	d := newDevice(t, seed*1000+uint64(cut), from)
	// The other slot holds what ran before, and its kernel image is still there.
	older := build(max(from.manifest.Version-1, 1), 77, 78, true)
	if older.manifest.Version != from.manifest.Version {
		copy(d.slots["/dev/root-b"].stored, older.root)
		copy(d.slots["/dev/models-b"].stored, older.models)
		d.files[filepath.Join(d.folder(), keptName(older.manifest.Version))] = older.uki
		d.learn(older)
	}
	d.left, d.cut = cut, true
	_, err := applied(d, to)
	if err == nil {
		ended = true
	} else if !d.dead {
		t.Fatalf("cut %d: %v", cut, err)
	}
	d.powerOn()
	when := fmt.Sprintf("version %d, cut %d, seed %d", to.manifest.Version, cut, seed)
	d.checkAll(when)
	v := d.boot()
	if v != from.manifest.Version && v != to.manifest.Version {
		t.Fatalf("%s: version %d started", when, v)
	}
	if v == to.manifest.Version {
		// It was whole: it is kept.
		d.bless()
	}
	if _, err := Settle(d.options(to)); err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	d.checkAll(when)
	if _, err := applied(d, to); err != nil {
		t.Fatalf("%s: once more: %v", when, err)
	}
	d.checkAll(when + ", once more")
	if v == from.manifest.Version {
		if v = d.boot(); v != to.manifest.Version {
			t.Fatalf("%s: version %d started after it was done once more", when, v)
		}
		d.bless()
	}
	if _, err := Settle(d.options(to)); err != nil {
		t.Fatal(err)
	}
	s, err := d.remember()
	if err != nil || len(s.History) != 1 || s.History[0].Outcome != Blessed {
		t.Fatalf("%s: %+v, %v", when, s.History, err)
	}
	return ended
}

func TestADiskThatFailsAtAnyStepLeavesWhatStartsWhole(t *testing.T) {
	releases := chain()
	from, to := releases[1], releases[2]
	for step := 0; ; step++ {
		d := newDevice(t, uint64(step), from)
		d.left = step
		_, err := applied(d, to)
		d.left = -1
		d.checkAll(fmt.Sprintf("step %d", step))
		if err == nil {
			break
		}
		mustRefuse(t, err, ReasonDisk)
		if _, err := applied(d, to); err != nil {
			t.Fatalf("step %d: once more: %v", step, err)
		}
	}
}

func TestManyUpdatesWithManyPowerCutsAlwaysStart(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		d := newDevice(t, rapid.Uint64().Draw(rt, "seed"), build(1, 1, 9, true))
		version := int64(1)
		for range rapid.IntRange(1, 6).Draw(rt, "rounds") {
			version++
			r := build(version, rapid.Uint64Range(1, 3).Draw(rt, "root"), rapid.Uint64Range(7, 9).Draw(rt, "weights"), rapid.Bool().Draw(rt, "bring"))
			d.left, d.cut = rapid.IntRange(-1, 14).Draw(rt, "cut"), true
			_, err := applied(d, r)
			if err != nil && !d.dead && ReasonOf(err) != ReasonModels {
				rt.Fatal(err)
			}
			d.powerOn()
			d.checkAll("between")
			for range rapid.IntRange(1, 4).Draw(rt, "starts") {
				d.boot()
			}
			if rapid.Bool().Draw(rt, "healthy") {
				d.bless()
			}
			for entries, _ := d.Entries(); ; entries, _ = d.Entries() {
				// What is not kept is tried until it is taken back.
				if e, err := d.running(entries); err != nil {
					rt.Fatal(err)
				} else if e.Blessed() {
					break
				}
				d.boot()
			}
			if _, err := Settle(d.options(r)); err != nil {
				rt.Fatal(err)
			}
			d.checkAll("settled")
		}
	})
}

func TestAnUpdateThatIsCalledOffSaysSoAndCanBeDoneAnew(t *testing.T) {
	one, two := build(1, 1, 0, false), build(2, 2, 0, false)
	d := newDevice(t, 1, one)
	ctx, cancel := context.WithCancel(context.Background())
	o := d.options(two)
	o.Progress = func(step string, done, total int64) {
		if step == "writing root-b" {
			cancel()
		}
	}
	if _, err := Apply(ctx, bundlePath(t), o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	d.checkAll("called off")
	mustApply(d, two)
}
