package workshop

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/setup"
	"tenin/ui/technician"
)

// here is a Bench on an empty home whose vault a key file guards.
func here(t *testing.T) (Bench, *Machine) {
	t.Helper()
	m := &Machine{Setup: setup.Options{Home: filepath.Join(t.TempDir(), "home"), Unlock: kiosk.Unlock{Seal: config.Seal{Kind: "keyfile"}}}}
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	return FromSetup(*m), m
}

func TestWhatIsTypedForTheShopStandsInItsSettings(t *testing.T) {
	b, m := here(t)
	ctx := context.Background()
	if err := os.MkdirAll(m.Setup.Home, 0o700); err != nil {
		t.Fatal(err)
	}
	s := b.Shop(ctx, technician.Shop{Name: "てんいん百貨店", Floor: "6階", Speaks: technician.SpeaksJapanese})
	if s.Result.Mark != technician.Good || s.Name != "てんいん百貨店" || s.Speaks != technician.SpeaksJapanese {
		t.Fatalf("%+v", s)
	}
	br := b.Brand(ctx, technician.Brand{Name: "てんいん", Accent: 0x8c1f33})
	if br.Result.Mark != technician.Good || br.Accent != 0x8c1f33 {
		t.Fatalf("%+v", br)
	}
	if again := b.Peek(ctx, technician.StepShop).(technician.Shop); again.Name != s.Name || again.Floor != "6階" {
		t.Fatalf("%+v", again)
	}
	if r := b.Brand(ctx, technician.Brand{Accent: 0xffee00}).Result; r.Mark != technician.Bad {
		t.Fatalf("a pale accent was taken: %+v", r)
	}
}

func TestANewKioskIsOpenUntilSomebodyHasAPINAndThenItIsNot(t *testing.T) {
	b, _ := here(t)
	ctx := context.Background()
	if b.Lock(ctx).Guarded {
		t.Fatal("nobody has a PIN, and it is guarded")
	}
	if e := b.CheckPIN(ctx, "314159"); e.Refusal == technician.PINFine {
		t.Fatal("a PIN is right where nobody has one")
	}
	if e := b.SetPIN(ctx, technician.Manager, "111111"); e.Refusal != technician.PINEasy {
		t.Fatalf("an easy PIN: %+v", e)
	}
	for who, pin := range map[technician.Who]string{technician.Manager: "271829"} {
		if e := b.SetPIN(ctx, who, pin); e != (Entry{}) {
			t.Fatalf("%+v", e)
		}
	}
	if a := b.Access(ctx); a.Managers != 1 || a.Result.Problem != technician.TechnicianNone {
		t.Fatalf("%+v", a)
	}
	if l := b.Lock(ctx); !l.Guarded || l.Shut {
		t.Fatal("a manager's PIN does not guard")
	}
	if e := b.SetPIN(ctx, technician.Technician, "314159"); e != (Entry{}) {
		t.Fatalf("%+v", e)
	}
	if e := b.CheckPIN(ctx, "271829"); e.Refusal != technician.PINWrong {
		t.Fatalf("the manager's PIN opens the technician's screens: %+v", e)
	}
	if e := b.CheckPIN(ctx, "314159"); e != (Entry{}) {
		t.Fatalf("%+v", e)
	}
	if e := b.SetPIN(ctx, technician.Technician, "161803"); e != (Entry{}) {
		t.Fatalf("a new PIN: %+v", e)
	}
	if e := b.CheckPIN(ctx, "161803"); e != (Entry{}) {
		t.Fatalf("the new PIN does not open: %+v", e)
	}
	if a := b.Access(ctx); a.Result.Mark != technician.Good || a.Technicians != 1 {
		t.Fatalf("%+v", a)
	}
}

func TestAfterTooManyWrongPINsItSaysHowLongToWait(t *testing.T) {
	b, _ := here(t)
	ctx := context.Background()
	b.SetPIN(ctx, technician.Manager, "271829")
	var e Entry
	for range 7 {
		e = b.CheckPIN(ctx, "999998")
	}
	if e.Refusal != technician.PINWait || e.Wait < 10 || e.Wait > 60 {
		t.Fatalf("%+v", e)
	}
}

func TestTheRecoveryKeyGivesALostPINBack(t *testing.T) {
	b, _ := here(t)
	ctx := context.Background()
	b.SetPIN(ctx, technician.Manager, "271829")
	b.SetPIN(ctx, technician.Technician, "314159")
	_, _, _ = b.MakeRecovery(ctx)
	if r := b.ConfirmRecovery(ctx, "0000", "0000"); r.Problem != technician.RecoveryWrong {
		t.Fatalf("%+v", r)
	}
	groups, asked, _ := b.MakeRecovery(ctx)
	if r := b.ConfirmRecovery(ctx, strings.ToLower(groups[asked[0]-1]), groups[asked[1]-1]); r.Mark != technician.Good {
		t.Fatalf("%+v", r)
	}
	if e := b.ResetPIN(ctx, make([]string, len(groups)), "161803"); e.Problem != technician.RecoveryWrong {
		t.Fatalf("no key at all: %+v", e)
	}
	if e := b.ResetPIN(ctx, groups, "161803"); e != (Entry{}) {
		t.Fatalf("%+v", e)
	}
	if e := b.CheckPIN(ctx, "161803"); e != (Entry{}) {
		t.Fatalf("the new PIN does not open: %+v", e)
	}
}

func TestTheRecoveryKeyOpensAVaultWhoseSealIsLostAndGivesANewPIN(t *testing.T) {
	b, m := here(t)
	ctx := context.Background()
	b.SetPIN(ctx, technician.Manager, "271829")
	groups, asked, _ := b.MakeRecovery(ctx)
	if r := b.ConfirmRecovery(ctx, groups[asked[0]-1], groups[asked[1]-1]); r.Mark != technician.Good {
		t.Fatalf("%+v", r)
	}
	if err := os.Remove(kiosk.KeyFile(m.Setup.Home).Path()); err != nil {
		t.Fatal(err)
	}
	if l := b.Lock(ctx); !l.Guarded || !l.Shut {
		t.Fatal("a vault that does not open lets everybody in")
	}
	if e := b.CheckPIN(ctx, "271829"); e.Refusal != technician.PINShut {
		t.Fatalf("a vault whose key is gone: %+v", e)
	}
	if e := b.ResetPIN(ctx, groups, "161803"); e != (Entry{}) {
		t.Fatalf("%+v", e)
	}
	if e := b.CheckPIN(ctx, "161803"); e != (Entry{}) {
		t.Fatalf("the new PIN does not open: %+v", e)
	}
}

func TestAKeyFileIsAmberAndSaysWhatItDoesNotProtectAgainst(t *testing.T) {
	b, _ := here(t)
	s := b.Seal(context.Background(), true)
	if s.Result.Mark != technician.Fair || s.Result.Problem != technician.SealKeyFile || !s.Sealed || s.By != technician.SealFile || len(s.NotAgainst) == 0 {
		t.Fatalf("%+v", s)
	}
}

func TestWithoutEnginesAStepThatNeedsThemIsNotGreen(t *testing.T) {
	b, _ := here(t)
	if r := b.Sentence(context.Background()).Result; r.Mark != technician.Bad || r.Problem != technician.TestFailed {
		t.Fatalf("%+v", r)
	}
}

// voice is a microphone that hears a quiet room, and then somebody.
type voice struct{ frames int }

func (v *voice) Read(ctx context.Context) ([]float32, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	v.frames++
	frame := make([]float32, 512)
	for i := range frame {
		frame[i] = float32((i*7919+v.frames*104729)%1000-500) / 1e6
	}
	if spoken := v.frames % 40; v.frames > 80 && spoken > 5 {
		for i := range frame {
			frame[i] = float32((i*31+v.frames*17)%200-100) / 600
		}
	}
	return frame, nil
}

func (v *voice) Close() error { return nil }

func TestTheMicrophonesTestShowsWhatWasRecognised(t *testing.T) {
	_, m := here(t)
	m.Setup.Sound.Microphone = func(context.Context, audio.DeviceOptions) (setup.Ear, error) { return &voice{}, nil }
	heard := 0
	m.Recognise = func(_ context.Context, c audio.Clip) (string, error) {
		heard = len(c.Samples)
		return "はい", nil
	}
	b := FromSetup(*m)
	phases := map[technician.MicrophonePhase]int{}
	r := b.Microphone(context.Background(), func(s technician.Microphone) { phases[s.Phase]++ })
	if !r.Result.Done() || r.Heard != "はい" || heard == 0 || r.NoiseDB >= r.SpeechDB {
		t.Fatalf("%+v of %d samples", r, heard)
	}
	if phases[technician.MicrophoneRoom] == 0 || phases[technician.MicrophoneSpeak] == 0 || phases[technician.MicrophoneThinks] != 1 {
		t.Fatalf("%v", phases)
	}
}

func TestABundleIsListedBeforeItIsWrittenAndStandsWhereItSays(t *testing.T) {
	b, m := here(t)
	ctx := context.Background()
	listed := b.Bundle(ctx)
	if listed.Result.Mark == technician.Bad || len(listed.Contents) < 4 || len(listed.Places) == 0 {
		t.Fatalf("%+v", listed)
	}
	place := technician.Place{Name: filepath.Join(m.Setup.Home, "support")}
	written := b.WriteBundle(ctx, place)
	if written.Result.Mark != technician.Good {
		t.Fatalf("%+v", written)
	}
	info, err := os.Stat(written.Path)
	if err != nil || info.Mode().Perm() != 0o600 || filepath.Dir(written.Path) != place.Name {
		t.Fatalf("%v, %v", info, err)
	}
	left, _ := filepath.Glob(filepath.Join(place.Name, "*.part"))
	if len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestOnlyMediaThatCanBeWrittenAreOffered(t *testing.T) {
	got := mounted(io.Reader(strings.NewReader(`/dev/sda2 / ext4 rw,relatime 0 0
/dev/sdb1 /media/USB\040STICK vfat rw,nosuid 0 0
/dev/sdc1 /media/cd iso9660 ro,nosuid 0 0
proc /proc proc rw 0 0
`)))
	if len(got) != 1 || got[0].Name != "/media/USB STICK" {
		t.Fatalf("%+v", got)
	}
}

func TestHealthHasALineForEachPart(t *testing.T) {
	b, _ := here(t)
	h := b.Health(context.Background())
	if len(h.Lines) != len(technician.Parts()) || h.At == "" {
		t.Fatalf("%+v", h)
	}
	if h.Lines[technician.PartProcesses].Mark != technician.Bad {
		t.Errorf("a program without engines is well: %+v", h.Lines[technician.PartProcesses])
	}
}

func TestTheHottestZoneCounts(t *testing.T) {
	dir := t.TempDir()
	for name, milli := range map[string]string{"thermal_zone0": "41000\n", "thermal_zone1": "78500\n", "thermal_zone2": "-274000\n", "thermal_zone3": "x"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name, "temp"), []byte(milli), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c, ok := hottest(dir); !ok || c != 78.5 {
		t.Errorf("%v %t", c, ok)
	}
	if _, ok := hottest(filepath.Join(dir, "nothing")); ok {
		t.Error("a machine without zones has a temperature")
	}
}

func TestAWipeLeavesAKioskThatNobodyHasSetUp(t *testing.T) {
	b, _ := here(t)
	ctx := context.Background()
	b.SetPIN(ctx, technician.Manager, "271829")
	if r := b.Wipe(ctx); r.Mark != technician.Good {
		t.Fatalf("%+v", r)
	}
	if b.Lock(ctx).Guarded {
		t.Error("somebody still has a PIN")
	}
}

func TestAChallengeIsFourDigits(t *testing.T) {
	b, _ := here(t)
	for range 50 {
		c := b.Challenge(context.Background())
		if len(c) != 4 || strings.Trim(c, "0123456789") != "" {
			t.Fatalf("%q", c)
		}
	}
}

func TestADateThatIsNoneIsRefused(t *testing.T) {
	b, _ := here(t)
	if c := b.SetClock(context.Background(), "202613451299"); c.Result.Problem != technician.ClockWrong {
		t.Fatalf("%+v", c.Result)
	}
}

func TestTheSetUpIsNotCompleteOnAnEmptyHome(t *testing.T) {
	b, m := here(t)
	m.Setup.Now = time.Now
	if r := b.Finish(context.Background(), nil); r.Mark == technician.Good {
		t.Fatal("it is")
	}
}
