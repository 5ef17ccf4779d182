package setup

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"tenin/cmd/internal/clock"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/storage/uplink"
	"tenin/storage/uplink/hub"
)

func open(t testing.TB, change func(*Options)) *Setup {
	t.Helper()
	o := Options{Home: filepath.Join(t.TempDir(), "home")}
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// expect fails unless a finding is complete and has this code.
func expect(t testing.TB, f Finding, want Code) {
	t.Helper()
	if f.Code != want || f.Text == "" || f.Part == "" || strings.Contains(f.Text+f.Do, "\n") || f.State == Bad && f.Do == "" || (f.State == Good) != (f.Code == Fine || f.Code == HalfDuplex) {
		t.Fatalf("%+v, want %s", f, want)
	}
}

func TestTheShopIsWrittenIntoTheSettingsAndTakenBack(t *testing.T) {
	s := open(t, nil)
	expect(t, s.CheckShop(), NameMissing)
	w := s.ShopSettings()
	w.Name, w.Brand, w.Language, w.Floor, w.Accent, w.HasAccent = "緑屋", "MIDORIYA", "ja", "1階", 0x165e83, true
	if err := s.SetShop(w); err != nil {
		t.Fatal(err)
	}
	expect(t, s.CheckShop(), Fine)
	if got := s.ShopSettings(); got != w {
		t.Errorf("%+v", got)
	}
	bad := w
	bad.Language = "fr"
	if err := s.SetShop(bad); err == nil || s.ShopSettings() != w {
		t.Errorf("%v, %+v", err, s.ShopSettings())
	}
	if err := s.UndoShop(); err != nil || s.ShopSettings().Name != "" {
		t.Errorf("%v, %+v", err, s.ShopSettings())
	}
	if err := os.WriteFile(config.FileOf("", s.options.Home), []byte("[shop\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, s.CheckShop(), SettingsBroken)
}

func TestAClockIsGreenOnlyForAReasonAndWhatSomebodyConfirmedIsRemembered(t *testing.T) {
	var bend func(*clock.Evidence)
	s := open(t, func(o *Options) {
		o.Evidence = func(e *clock.Evidence) {
			e.Synchronised, e.Hardware = false, clock.Hardware{}
			if bend != nil {
				bend(e)
			}
		}
	})
	if trust, f := s.CheckClock(); trust.Trusted || len(trust.Refused()) == 0 {
		t.Fatalf("%+v", trust)
	} else {
		expect(t, f, ClockUntrusted)
	}
	if _, f := s.ConfirmClock(); f.State != Fair {
		t.Fatalf("%+v", f)
	} else {
		expect(t, f, ClockByHand)
	}
	_, f := s.CheckClock()
	expect(t, f, ClockByHand)
	bend = func(e *clock.Evidence) { e.Now = e.Now.Add(time.Hour) }
	_, f = s.CheckClock()
	expect(t, f, ClockAway)
	bend = func(e *clock.Evidence) { e.Now, e.Boot = e.Now.Add(-time.Hour), [16]byte{7} }
	_, f = s.CheckClock()
	expect(t, f, ClockBehind)
	bend = func(e *clock.Evidence) { e.Synchronised = true }
	_, f = s.CheckClock()
	expect(t, f, Fine)
	bend = func(e *clock.Evidence) { e.Built = e.Now.Add(48 * time.Hour) }
	_, f = s.ConfirmClock()
	expect(t, f, ClockBehind)
	bend = func(e *clock.Evidence) { e.Built = e.Now.AddDate(-20, 0, 0) }
	_, f = s.CheckClock()
	expect(t, f, ClockAhead)
}

func TestAHubIsJoinedWithItsCodeAndOnlyWithATrustedClock(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h, err := hub.Open(ctx, hub.Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = h.Serve(ctx) }()
	defer func() {
		cancel()
		<-served
		_ = h.Close()
	}()
	trusted := false
	s := open(t, func(o *Options) {
		o.Evidence = func(e *clock.Evidence) { e.Synchronised, e.Hardware = trusted, clock.Hardware{} }
	})
	expect(t, s.CheckHub().Finding, HubNone)
	code, _, err := h.Enrol(ctx, hub.EnrolOptions{Name: "kiosk-3", Valid: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	address := h.Address().String()
	expect(t, s.Join(ctx, code.Text(), address, false).Finding, ClockUntrusted)
	trusted = true
	expect(t, s.Join(ctx, "no code", address, false).Finding, HubBadCode)
	expect(t, s.Join(ctx, uplink.NewCode(h.Fingerprint()).Text(), address, false).Finding, HubRefused)
	expect(t, s.Join(ctx, uplink.NewCode(uplink.Fingerprint{1}).Text(), address, false).Finding, HubOther)
	expect(t, s.Join(ctx, code.Text(), "127.0.0.1:1", false).Finding, HubUnreachable)
	j := s.Join(ctx, code.Text(), address, false)
	expect(t, j.Finding, Fine)
	if j.Name != "kiosk-3" || j.Address != address || j.Key == "" {
		t.Errorf("%+v", j)
	}
	if again := s.CheckHub(); again.Name != j.Name || again.Key != j.Key {
		t.Errorf("%+v", again)
	}
	expect(t, s.Join(ctx, code.Text(), address, false).Finding, HubJoined)
}

func TestTheVaultIsSealedAndOpensAsAStartWillOpenIt(t *testing.T) {
	s := open(t, nil)
	_, f := s.CheckSealing()
	expect(t, f, SealNone)
	state, f := s.Seal(seal.KindKeyFile, false, nil)
	expect(t, f, SealKeyFile)
	if !state.Open {
		t.Errorf("%+v", state)
	}
	// Once more changes nothing.
	_, f = s.Seal(seal.KindKeyFile, false, nil)
	expect(t, f, SealKeyFile)
	phrase := func(string) (seal.Secret, error) { return seal.NewSecret([]byte("correct horse battery")), nil }
	state, f = s.Seal(seal.KindPassphrase, false, phrase)
	expect(t, f, Fine)
	if state.Kind != seal.KindPassphrase || !state.Open {
		t.Errorf("%+v", state)
	}
	_, f = s.Seal(seal.KindTPM, false, nil)
	if f.Code != SealFailed && f.Code != TestFailed {
		// A machine with a TPM seals there.
		expect(t, f, SealUnbound)
	}
}

func TestARecoveryKeyIsMadeAndTypedBack(t *testing.T) {
	s := open(t, nil)
	expect(t, s.CheckRecovery(), RecoveryNone)
	expect(t, s.ConfirmRecovery("a", "b"), RecoveryNone)
	groups := s.MakeRecovery()
	first, second := s.AskedGroups()
	if first >= second || first < 1 || second > seal.RecoveryGroups || len(groups) != seal.RecoveryGroups {
		t.Fatalf("%d, %d of %d", first, second, len(groups))
	}
	expect(t, s.ConfirmRecovery(groups[first-1], "XXXX"), RecoveryWrong)
	expect(t, s.CheckRecovery(), RecoveryNone)
	first, second = s.AskedGroups()
	expect(t, s.ConfirmRecovery(strings.ToLower(groups[first-1]), " "+groups[second-1]), Fine)
	expect(t, s.CheckRecovery(), Fine)
	if a, b := s.AskedGroups(); a != 0 || b != 0 || s.recovery != nil {
		t.Error("the key is still there")
	}
	// One that nobody confirms replaces nothing.
	s.MakeRecovery()
	s.ForgetRecovery()
	key, err := seal.ParseRecoveryKey(strings.Join(groups, ""))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := s.ResetPIN(key, "sato", seal.NewSecret([]byte("835261"))); err != nil || m.Role != storage.RoleManager {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestEveryGroupOfTheKeyIsAskedForAtSomeTime(t *testing.T) {
	seen := map[int]bool{}
	for range 400 {
		g := twoGroups()
		if g[0] >= g[1] {
			t.Fatal(g)
		}
		seen[g[0]], seen[g[1]] = true, true
	}
	if len(seen) != seal.RecoveryGroups {
		t.Errorf("only %v", seen)
	}
}

func TestStaffAreManagerThenTechnician(t *testing.T) {
	s := open(t, nil)
	pin := seal.NewSecret([]byte("835261"))
	_, f := s.CheckStaff()
	expect(t, f, StaffNone)
	if f := s.AddStaff("ito", storage.RoleTechnician, pin); f.State != Bad {
		t.Errorf("the first is a technician: %+v", f)
	}
	expect(t, s.AddStaff("sato", storage.RoleManager, seal.NewSecret([]byte("111111"))), PINWeak)
	expect(t, s.AddStaff("sato", storage.RoleManager, pin), NoTechnician)
	expect(t, s.AddStaff("ito", storage.RoleTechnician, pin), Fine)
}

func TestTheStepsWorkOnAVaultThatIsOpen(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	vault, err := kiosk.OpenVault(home)
	if err != nil {
		t.Fatal(err)
	}
	defer vault.Close()
	s := open(t, func(o *Options) { o.Home, o.Vault = home, vault })
	groups := s.MakeRecovery()
	a, b := s.AskedGroups()
	expect(t, s.ConfirmRecovery(groups[a-1], groups[b-1]), Fine)
	expect(t, s.AddStaff("sato", storage.RoleManager, seal.NewSecret([]byte("835261"))), NoTechnician)
	if trust, _ := s.ConfirmClock(); !trust.Trusted {
		t.Errorf("%+v", trust)
	}
	if trust, _ := s.CheckClock(); !trust.Trusted || vault.Clock().Wall.IsZero() {
		t.Errorf("%+v", trust)
	}
	// Without it the vault is in use.
	if _, f := open(t, func(o *Options) { o.Home = home }).ConfirmClock(); f.Code != NotSaved {
		t.Errorf("%+v", f)
	}
}

func TestADisplayIsLookedAt(t *testing.T) {
	for want, screen := range map[Code]Screen{Fine: {Width: 1080, Height: 1920, Renderer: "llvmpipe"}, DisplaySmall: {Width: 800, Height: 480}} {
		s := open(t, func(o *Options) { o.Look = func(context.Context) (Screen, error) { return screen, nil } })
		_, f := s.CheckDisplay(t.Context())
		expect(t, f, want)
	}
	s := open(t, func(o *Options) {
		o.Look = func(context.Context) (Screen, error) { return Screen{}, errors.New("no display") }
	})
	_, f := s.CheckDisplay(t.Context())
	expect(t, f, DisplayNone)
	_, f = open(t, nil).CheckDisplay(t.Context())
	expect(t, f, DisplayNone)
}

func TestThePartsAreEachOnce(t *testing.T) {
	parts := Parts()
	slices.Sort(parts)
	if len(slices.Compact(parts)) != 10 {
		t.Error(parts)
	}
}

// TestAWipeTakesTheVaultsNumberOutOfTheTPM seals a vault in an emulated TPM, recovers it into another, and wipes it.
func TestAWipeTakesTheVaultsNumberOutOfTheTPM(t *testing.T) {
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Skip("swtpm is missing: install the package swtpm to test the TPM")
	}
	first, second := emulator(t), emulator(t)
	home := filepath.Join(t.TempDir(), "home")
	on := func(device string) *Setup {
		t.Helper()
		s, err := New(Options{Home: home, Unlock: kiosk.Unlock{Seal: config.Seal{Kind: "auto", Device: device}}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := on(first)
	if _, f := s.Seal(seal.KindTPM, false, nil); f.Code != SealUnbound {
		t.Fatalf("%+v", f)
	}
	groups := s.MakeRecovery()
	a, b := s.AskedGroups()
	expect(t, s.ConfirmRecovery(groups[a-1], groups[b-1]), Fine)
	key, err := seal.ParseRecoveryKey(strings.Join(groups, " "))
	if err != nil {
		t.Fatal(err)
	}
	// The machine is replaced.
	u := kiosk.Unlock{Seal: config.Seal{Kind: "auto", Device: second}}
	if _, err := kiosk.OpenVault(home, u); err == nil {
		t.Fatal("another TPM opens it")
	}
	if err := kiosk.Recover(home, u, key, seal.KindTPM, nil); !errors.Is(err, seal.ErrNoCounter) {
		t.Fatalf("the number that counted it is in the old TPM: %v", err)
	}
	u.AcceptOlder = true
	if err := kiosk.Recover(home, u, key, seal.KindTPM, nil); err != nil {
		t.Fatal(err)
	}
	u.AcceptOlder = false
	vault, err := kiosk.OpenVault(home, u)
	if err != nil {
		t.Fatal(err)
	}
	id := vault.CounterID()
	if err := vault.Close(); err != nil || len(id) == 0 {
		t.Fatalf("%d bytes, %v", len(id), err)
	}
	if !numbered(t, second, id) {
		t.Fatal("the number is not in the TPM")
	}
	w, err := Wipe(t.Context(), WipeOptions{Home: home, Settings: config.Default(), Unlock: u})
	if err != nil || len(w.Left) != 0 {
		t.Fatalf("%+v, %v", w, err)
	}
	if numbered(t, second, id) {
		t.Error("the number is still in the TPM")
	}
}

// numbered says whether the number with this id is in the TPM.
func numbered(t *testing.T, socket string, id []byte) bool {
	t.Helper()
	tpm, err := linuxudstpm.Open(socket)
	if err != nil {
		t.Fatal(err)
	}
	defer tpm.Close()
	_, err = tpm2.NVReadPublic{NVIndex: tpm2.TPMHandle(binary.BigEndian.Uint32(id))}.Execute(tpm)
	return err == nil
}

// emulator is a TPM of the test's own.
func emulator(t *testing.T) string {
	t.Helper()
	// The path of a socket has at most 107 bytes.
	dir, err := os.MkdirTemp("", "tpm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+dir, "--server", "type=unixio,path="+socket,
		"--ctrl", "type=unixio,path="+socket+"c", "--flags", "not-need-init,startup-clear")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for range 500 {
		if _, err := seal.ReadTPM(socket); err == nil {
			return socket
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("swtpm does not answer")
	return ""
}
