package enrol

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tenin/storage/seal"
)

// service is a Server on a device of files, and a Client of it.
func service(t *testing.T, d *device) (*Server, *Client) {
	t.Helper()
	s := &Server{Data: d.data()}
	l, err := Listen(d.place, os.Getgid())
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, NewClient(d.place)
}

const someCode = "7K3QD-4MZ8R-T2VXN-0HJ6C-9WBFE-5PYSA-1GKQD"

// hub plays the program that joins a hub, and writes the home's credentials as it does.
func (d *device) hub(calls *[][]string) func([]string, string) ([]byte, error) {
	return func(args []string, input string) ([]byte, error) {
		*calls = append(*calls, append(args, "< "+input))
		if args[0] == "hub" {
			d.file(credentials, "{}")
			return []byte(`{"name":"shop-1","hub":"hub.example.jp:4222","key":"UX","binding":"TPM bound (first use)"}` + "\n"), nil
		}
		return nil, nil
	}
}

func TestADeviceIsEnrolledStepByStep(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	var calls [][]string
	d.child = d.hub(&calls)
	_, c := service(t, d)

	status, err := c.Status(ctx)
	must(t, err)
	if status.Failed != "" || status.Enrolled || status.Recovery || status.Hub || status.Keyless || len(status.Missing()) != 3 {
		t.Fatalf("%+v: %q", status, status.Missing())
	}
	if err := c.Finish(ctx, true); err == nil {
		t.Error("finished without a recovery key")
	}
	must(t, c.Set(ctx, Settings{Rotation: 90, WiFi: WiFi{SSID: "shop", Passphrase: SecretText{seal.NewSecret([]byte("correct horse"))}}}))
	if !d.place.Has(wifiFile) || !d.ranWith("systemctl restart systemd-networkd.service") {
		t.Error("the settings are not kept and applied")
	}
	joined, err := c.Join(ctx, "hub.example.jp", seal.NewSecret([]byte(someCode)))
	must(t, err)
	if joined.Name != "shop-1" {
		t.Errorf("%+v", joined)
	}
	if got := strings.Join(calls[0], " "); got != "hub join --quiet --json --replace --tpm yes --hub hub.example.jp - < "+someCode {
		t.Errorf("joined with %q", got)
	}
	must(t, c.Keep(ctx, recoveryText(t)))
	must(t, c.Finish(ctx, false))
	status, err = c.Status(ctx)
	must(t, err)
	if !status.Enrolled || !status.Recovery || !status.Hub || len(status.Missing()) != 0 || status.Settings.Rotation != 90 {
		t.Errorf("%+v", status)
	}
	if !d.ranWith("systemctl --no-block start tenin.service") {
		t.Error("no kiosk was started")
	}

	// In service nobody who took the kiosk over leads it anywhere.
	_, err = c.Join(ctx, "evil.example", seal.NewSecret([]byte(someCode)))
	for _, err := range []error{err, c.Set(ctx, Settings{}), c.Keep(ctx, recoveryText(t)), c.Finish(ctx, true)} {
		if !errors.Is(err, ErrEnrolled) {
			t.Errorf("an enrolled device answers %v", err)
		}
	}
	if len(calls) != 1 {
		t.Errorf("%d programs were run", len(calls))
	}
	must(t, c.Reopen(ctx))
	d.restart()
	opened(t, d)
	must(t, c.Keep(ctx, recoveryText(t)))
}

func TestOnlyTheJoinHasTheNetwork(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	var calls [][]string
	d.child = d.hub(&calls)
	_, c := service(t, d)
	if _, err := c.File(ctx, strings.NewReader("shop = \"-x\"\nhub = \"h\"\ncode = \""+someCode+"\"")); err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, ran := range d.ran {
		if unit, ok := strings.CutPrefix(ran, "systemctl start tenin-enrol-"); ok {
			units = append(units, unit)
		}
		if strings.Contains(ran, "7K3QD") {
			t.Error("the code is in the arguments")
		}
	}
	if strings.Join(units, " ") != "step.service join.service" {
		t.Errorf("%v", units)
	}
	if len(calls) != 2 || strings.Join(calls[0], " ") != "setup shop --quiet --name=-x < " {
		t.Errorf("%q", calls)
	}
	for _, name := range []string{stepFile, outFile, errFile} {
		if d.place.Has(name) {
			t.Errorf("%s is still there", name)
		}
	}
}

func TestAHubsRefusalIsToldFromAHubThatIsAway(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	_, c := service(t, d)
	d.child = func([]string, string) ([]byte, error) {
		return nil, &ExitError{joinUnit, 3, "tenin: hub h: refused by the hub: the code is wrong, used or expired"}
	}
	_, err := c.Join(ctx, "h", seal.NewSecret([]byte(someCode)))
	if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "used or expired") {
		t.Error(err)
	}
	d.child = func([]string, string) ([]byte, error) {
		return nil, &ExitError{joinUnit, 1, "tenin: hub h cannot be reached"}
	}
	if _, err = c.Join(ctx, "h", seal.NewSecret([]byte(someCode))); err == nil || errors.Is(err, ErrRefused) {
		t.Error(err)
	}
	if _, err = c.Join(ctx, "--evil", seal.NewSecret([]byte(someCode))); err == nil {
		t.Error("a flag was taken for an address")
	}
}

// renewed counts how often a floor was, and is negative once it was destroyed.
type renewed int

func (r *renewed) Renew() error   { *r++; return nil }
func (r *renewed) Destroy() error { *r = -1; return nil }

func TestTheRecoveryKeyBringsDiskVaultAndPINToAnotherMachine(t *testing.T) {
	ctx := context.Background()
	d := newDevice(t)
	opened(t, d)
	s, c := service(t, d)
	floor := new(renewed)
	s.Floor = floor
	var calls [][]string
	d.child = d.hub(&calls)
	paper := recoveryText(t)
	must(t, c.Keep(ctx, paper))
	must(t, c.Finish(ctx, true))
	if err := c.Recover(ctx, paper, seal.Secret{}); err == nil {
		t.Error("a disk that is open was recovered")
	}
	d.file("data/tenin/keyring", "x")
	d.restart()
	d.tpm = nil
	_, _ = d.data().OpenData(ctx)

	status, err := c.Status(ctx)
	must(t, err)
	if status.Failed == "" || len(status.Missing()) != 1 {
		t.Fatalf("%+v", status)
	}
	if _, err := c.Join(ctx, "h", seal.NewSecret([]byte(someCode))); err == nil {
		t.Error("a hub was joined without the disk")
	}
	if err := c.Recover(ctx, recoveryText(t), seal.Secret{}); !errors.Is(err, ErrLocked) {
		t.Errorf("another key: %v", err)
	}
	must(t, c.Recover(ctx, paper, seal.NewSecret([]byte("314159"))))
	phrase, err := recoveryPhrase(paper)
	must(t, err)
	want := []string{
		"keys recover --quiet --key --accept-older --to tpm --recovery-file - < " + string(phrase.Bytes()),
		"staff reset --quiet technician --recovery-file - --pin-file " + d.place.In(pinFile) + " < " + string(phrase.Bytes()),
	}
	for i, call := range calls {
		if i >= len(want) || strings.Join(call, " ") != want[i] {
			t.Errorf("call %d was %q", i, call)
		}
	}
	if *floor != 1 {
		t.Errorf("the lowest version that may run was given to the new TPM %d times", *floor)
	}
	if len(calls) != 2 || d.place.Has(pinFile) {
		t.Error("the vault was not recovered, or the PIN still lies there")
	}
	if status, err := c.Status(ctx); err != nil || status.Failed != "" || !status.Enrolled {
		t.Errorf("%+v, %v", status, err)
	}
	must(t, c.Erase(ctx))
	if *floor != -1 {
		t.Error("a device that was wiped leaves its number in the TPM")
	}
}

func TestAStrangersCallIsNotUnderstoodAndChangesNothing(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	_, c := service(t, d)
	before := len(d.ran)
	for _, text := range []string{"", "{}", "[]", `{"op":"erase","more":1}`, `{"op":"sell"}`, strings.Repeat("x", 2*maxCall), `{"op":"power","power":"halt"}`} {
		conn, err := net.Dial("unix", c.path)
		must(t, err)
		_, _ = conn.Write([]byte(text))
		_ = conn.(*net.UnixConn).CloseWrite()
		if a, err := readAnswer(conn); err == nil && a.Error == "" {
			t.Errorf("%.30q was done", text)
		}
		_ = conn.Close()
	}
	if len(d.ran) != before {
		t.Errorf("it ran %q", d.ran[before:])
	}
}

func TestAMachineThatWasNotFlashedSaysSo(t *testing.T) {
	c := NewClient(Place(t.TempDir()))
	if _, err := c.Status(context.Background()); !errors.Is(err, ErrNoDevice) || c.There() {
		t.Error(err)
	}
}

// stick plugs a medium with this file in.
func (d *device) stick(text string) string {
	d.t.Helper()
	d.lsblk = `{"blockdevices":[{"path":"/dev/sdb","type":"disk","fstype":null,"partlabel":null,"hotplug":true,"mountpoint":null,
		"children":[{"path":"/dev/sdb1","type":"part","fstype":"vfat","partlabel":null,"hotplug":true,"mountpoint":null}]}]}`
	d.file(stickPlace+"/"+RequestFile, text)
	return filepath.Join(d.place.In(stickPlace), RequestFile)
}

func TestAStickIsReadOnceAndItsSecretsAreTakenAway(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	var calls [][]string
	d.child = d.hub(&calls)
	s := &Server{Data: d.data()}
	path := d.stick("shop = \"緑屋\"\nhub = \"h\"\ncode = \"" + someCode + "\"\n[wifi]\nssid = \"s\"\npsk = \"correct horse\"")
	ctx, stop := context.WithCancel(context.Background())
	ticks := make(chan time.Time, 3)
	ticks <- time.Time{}
	go func() { ticks <- time.Time{}; stop() }()
	s.WatchSticks(ctx, ticks)
	if len(calls) != 2 || !d.place.Has(wifiFile) {
		t.Errorf("it was done %q", calls)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Error("the file is still there")
	}
	if !strings.Contains(s.stick, "shop-1") || !strings.Contains(s.stick, "removed") {
		t.Errorf("it says %q", s.stick)
	}
	if !d.ranWith("mount -t vfat,exfat -o ro,nosuid,nodev,noexec /dev/sdb1") {
		t.Error("the stick was mounted otherwise")
	}
}

func TestAStickThatKeepsItsFileIsNotCarriedOutTwice(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	var calls [][]string
	d.child = d.hub(&calls)
	s := &Server{Data: d.data()}
	path := d.stick("keep = true\nshop = \"a\"")
	for range 3 {
		s.lookAtStick(context.Background())
	}
	if len(calls) != 1 {
		t.Errorf("%d times", len(calls))
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestAStickThatCannotBeWrittenIsNamed(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	var calls [][]string
	d.child = d.hub(&calls)
	s := &Server{Data: d.data()}
	d.stick("shop = \"a\"")
	d.fails["mount -t vfat,exfat -o rw"] = &ExitError{"mount", 32, "write-protected"}
	s.lookAtStick(context.Background())
	if !strings.Contains(s.stick, "still on /dev/sdb1") || !strings.Contains(s.stick, "by hand") {
		t.Errorf("it says %q", s.stick)
	}
}

func TestAMistakeOnAStickIsToldOnce(t *testing.T) {
	d := newDevice(t)
	opened(t, d)
	s := &Server{Data: d.data()}
	said := 0
	s.Say = func(string) { said++ }
	path := d.stick("[wifi]\nssdi = \"a\"")
	for range 3 {
		s.lookAtStick(context.Background())
	}
	if said != 1 || !strings.Contains(s.stick, "wifi.ssid") {
		t.Errorf("%d times: %q", said, s.stick)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error("a file that was not understood is gone")
	}
}

func TestSticksAreLookedForOnWhatWasPluggedInAndOnTheOwnESP(t *testing.T) {
	disks, err := parseBlocks([]byte(`{"blockdevices":[
		{"path":"/dev/sda","type":"disk","hotplug":false,"children":[{"path":"/dev/sda1","fstype":"vfat","partlabel":"esp"}]},
		{"path":"/dev/sdb","type":"disk","hotplug":true,"fstype":"vfat"},
		{"path":"/dev/sdc","type":"disk","hotplug":true,"children":[{"path":"/dev/sdc1","fstype":"ext4"},{"path":"/dev/sdc2","fstype":"exfat","hotplug":true},{"path":"/dev/sdc3","fstype":"vfat","mountpoint":"/media/x"}]},
		{"path":"/dev/vda","type":"disk","hotplug":true,"children":[{"path":"/dev/vda1","fstype":"vfat","partlabel":"esp","mountpoint":"/efi"},{"path":"/dev/vda6","fstype":"vfat","partlabel":"data"}]},
		{"path":"/dev/-o evil","type":"disk","hotplug":true,"fstype":"vfat"}]}`))
	must(t, err)
	if got := strings.Join(choose(disks, "vda"), " "); got != "/dev/vda1 /dev/sdb /dev/sdc2" {
		t.Errorf("%s", got)
	}
}

func FuzzReadCall(f *testing.F) {
	f.Add(`{"op":"join","address":"h","secrets":{"code":"QUJD"}}`)
	f.Add(`{"op":"settings","settings":{"rotation":90}}`)
	f.Add(`{"op":"turn","settings":{"rotation":270}}`)
	f.Add(`{"op":"links"}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := readCall(strings.NewReader(text))
		if err == nil {
			c.destroy()
		}
	})
}

func FuzzReadAnswer(f *testing.F) {
	f.Add(`{"status":{"enrolled":true,"settings":{"rotation":90,"wifi":{"ssid":"s"}}}}`)
	f.Add(`{"links":[{"name":"eth0","carrier":true,"addresses":["192.0.2.10/24"]},{"name":"wlan0","radio":true}]}`)
	f.Add(`{"error":"refused","kind":"refused"}`)
	f.Fuzz(func(t *testing.T, text string) {
		a, err := readAnswer(strings.NewReader(text))
		if err == nil && a.err() != nil && a.err().Error() != a.Error {
			t.Errorf("%q became %q", a.Error, a.err())
		}
	})
}
