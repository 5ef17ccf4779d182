package vm

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"tenin/firmware/powercut"
	"tenin/firmware/uki"
)

// versions is what `tenin firmware update --status` says of a device.
type versions struct {
	Running struct {
		Version     int64
		State, Slot string
	}
	Floor   int64
	History []struct {
		Version               int64
		Outcome, Reason, Text string
	}
}

func (m *machine) versions() (v versions) {
	m.x.Helper()
	// The ESP is mounted late in a start.
	out := m.until(startTime, "the status is told", "tenin firmware update --status --json --home /var/lib/tenin")
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		m.x.Fatalf("the status is not understood: %v: %s", err, out)
	}
	return v
}

// kernels are the names of the kernel images on the ESP of a device that is off.
func (d device) kernels() []string {
	d.x.Helper()
	esp, err := OpenESP(d.disk())
	d.x.must(err)
	names, err := esp.List(d.x.ctx, "EFI/Linux")
	d.x.must(err)
	slices.Sort(names)
	return names
}

// running is a script that succeeds in a version that is in that state.
func running(version int, state string) string {
	return fmt.Sprintf(`tenin firmware update --status --json --home /var/lib/tenin | tr -d ' \n' | tee /run/status | grep -q '"running":{"version":%d,[^}]*"state":"%s"' || { cat /run/status; false; }`, version, state)
}

// before is a device that is on, before a stick is plugged in by [machine.plugged]; a file named for them records the writes of
// its own disk.
func (d device) before(stick Disk, writes string) *machine {
	d.x.Helper()
	stick.Later = true
	m := d.on(func(o *Options) {
		o.Disks[0].Writes = writes
		o.Disks = append(o.Disks, stick)
	})
	m.up()
	m.opened()
	return m
}

// byHand writes the bundle on a stick as a technician at a terminal would; no service does it besides.
func (m *machine) byHand(stick Disk) {
	m.x.Helper()
	m.plugged(stick)
	began := time.Now()
	m.x.Log(m.run(install + "; code=$?; umount /run/stick; sync; exit $code"))
	took := time.Since(began)
	m.x.updateTook.Store(int64(took))
	m.x.Logf("the update is written in %.1f s", took.Seconds())
}

// install is a script that writes the bundle on a stick that was plugged in.
const install = "tenin firmware update /run/stick/*.bundle --home /var/lib/tenin 2>&1"

// plugged keeps the services from a stick, plugs it in and mounts it. It has to be the second disk, for later.
func (m *machine) plugged(stick Disk) {
	m.x.Helper()
	// The whole stick: its first sector may look like a table with a partition.
	device := "/dev/disk/by-id/usb-QEMU_QEMU_HARDDISK_" + stick.Serial + "-0:0"
	m.run("systemctl mask --runtime --now tenin-update.path tenin-update.service tenin-update-stick@sda.service")
	m.x.must(m.Plug(m.x.ctx, 1, stick))
	m.until(startTime, "the stick is there", "test -e "+device)
	m.run("mkdir -p /run/stick && mount -o ro " + device + " /run/stick")
}

// goodUpdate goes the way of a technician: the stick is plugged into a device that runs.
func (x *trial) goodUpdate(b built) {
	x.Log("the health check of a test image does not wait for its own voice to be recognised, which takes minutes without the CPU's help")
	stick := x.stick(b.Bundle)
	d := device{x, "device"}
	m := d.on(func(o *Options) { o.Disks = append(o.Disks, stick) })
	m.up()
	m.opened()
	// udev's rule finds the stick. Who waits at the screen is not disturbed, and nobody waits: the machine starts anew.
	m.up()
	m.until(startTime, "the version is tried", running(2, "trial"))
	m.until(startTime, "the version is kept", running(2, "blessed"))
	m.serves()
	if v := m.versions(); v.Running.Slot != "root-b" || v.Floor != 2 || len(v.History) == 0 || v.History[0].Outcome != "blessed" {
		x.Errorf("status: %+v", v)
	}
	m.off()
	if names := d.kernels(); !slices.Equal(names, []string{"tenin_1.efi", "tenin_2.efi"}) {
		x.Errorf("the ESP has %q", names)
	}
}

// damagedUpdate brings a version whose slot is then damaged: it panics at each try.
func (x *trial) damagedUpdate(b built) {
	stick := x.stick(x.variant(b, 1, 3, "trial.damaged").Bundle)
	d := x.copyDevice("device", "sick")
	m := d.before(stick, "")
	m.byHand(stick)
	m.off()
	x.flip(d, "root-a", superblock)
	m = d.on(nil)
	m.up()
	m.opened()
	// The updater settles it once the kiosk was tried.
	m.until(startTime, "it is told that the version was taken back", "tenin firmware update --status --json --home /var/lib/tenin | grep taken-back")
	if v := m.versions(); v.Running.Version != 2 || v.Running.State != "blessed" || len(v.History) == 0 || v.History[0].Outcome != "taken-back" {
		x.Errorf("status: %+v", v)
	}
	if n := strings.Count(m.Serial.String(), "Kernel panic"); n != 3 {
		x.Errorf("%d panics before version 2 came back", n)
	}
	m.off()
	x.Logf("the ESP has %q", d.kernels())
	d.remove()
}

// sickUpdate brings a version that starts but whose kiosk finds no weights.
func (x *trial) sickUpdate(b built) {
	stick := x.stick(x.variant(b, 1, 4, "systemd.setenv=TENIN_MODELS=/nonexistent").Bundle)
	d := x.copyDevice("device", "sick")
	m := d.before(stick, "")
	m.byHand(stick)
	_, _ = m.try("systemctl reboot")
	m.up()
	for try := 1; ; try++ {
		v := m.versions()
		x.Logf("start %d: %+v", try, v.Running)
		if v.Running.Version == 2 {
			break
		}
		if try > 3 {
			x.Fatal("a sick version is started a fourth time")
		}
		m.up()
	}
	m.opened()
	m.serves()
	if v := m.versions(); len(v.History) == 0 || v.History[0].Outcome != "taken-back" || v.History[0].Reason != "kiosk" {
		x.Errorf("history: %+v", v.History)
	}
	m.off()
	d.remove()
}

// Cuts are examined offline, some of them started.
const (
	cuts       = 200
	startedCut = 5
)

// powerCuts records the writes of an update and pulls the plug in number.
func (x *trial) powerCuts(b built) {
	// The device as it was before its first update.
	d := x.copyDevice("enrolled", "cut")
	stick := x.stick(b.Bundle)
	m := d.before(stick, x.path("cut", "writes"))
	m.byHand(stick)
	m.PowerCut()

	base, err := os.Open(device{x, "enrolled"}.disk())
	x.must(err)
	defer base.Close()
	info, err := base.Stat()
	x.must(err)
	record, err := os.Open(x.path("cut", "writes"))
	x.must(err)
	defer record.Close()
	size, err := record.Stat()
	x.must(err)
	log, err := powercut.OpenLog(record, size.Size())
	x.must(err)
	o := powercut.Options{Seed: 1, Cases: cuts, Trusted: x.trusted()}
	began := time.Now()
	report, err := powercut.Check(x.ctx, base, info.Size(), log, o)
	x.must(err)
	x.Logf("%d writes and %d flushes, %.1f MB; %d power cuts: %v; started: %v; %.1f s", report.Entries, report.Flushes,
		float64(report.Bytes)/1e6, report.Cases, report.Outcomes, report.Started, time.Since(began).Seconds())
	for _, bad := range report.Bad() {
		x.Errorf("no start: %+v", bad)
	}
	if len(report.Started) < 2 {
		x.Errorf("the power cuts do not lie around the update: %v", report.Started)
	}
	for _, r := range report.Pick(startedCut) {
		x.startCut(base, log, o, r)
	}
	d.remove()
}

// trusted is the firmware of a device of this trial.
func (x *trial) trusted() func([]byte) error {
	x.Helper()
	db := x.secureBoot()
	return func(program []byte) error { return uki.VerifyPE(program, db.Certificate()) }
}

// startCut starts what a power cut has left.
func (x *trial) startCut(base *os.File, log *powercut.Log, o powercut.Options, r powercut.Result) {
	x.Helper()
	x.must(os.Remove(device{x, "cut"}.disk()))
	x.must(powercut.WriteDisk(base, log, o, r.Case.Number, device{x, "cut"}.disk()))
	m := device{x, "cut"}.on(nil)
	defer m.PowerCut()
	ctx, cancel := context.WithTimeout(x.ctx, bootTime)
	defer cancel()
	if _, err := m.Console.Ready(ctx, ""); err != nil {
		x.Errorf("%s: foreseen %+v: %v", r.Case, r.Verdict, err)
		return
	}
	m.opened()
	line := m.run("cat /proc/cmdline; cat /run/tenin/root-slot")
	x.Logf("%s: foreseen %s from %s, started %s", r.Case, r.Verdict.Started, r.Verdict.Root, strings.Join(strings.Fields(line)[2:3], " "))
	if !strings.Contains(line, r.Verdict.Root) {
		x.Errorf("%s: foreseen is a start from %s: %s", r.Case, r.Verdict.Root, line)
	}
}

// plugsPulled is how often a long trial pulls the plug of an update that runs.
const plugsPulled = 20

// realCuts pulls the plug at random moments of an update.
func (x *trial) realCuts(b built) {
	stick := x.stick(b.Bundle)
	if x.updateTook.Load() == 0 { // this step runs alone
		d := x.copyDevice("enrolled", "cut")
		m := d.before(stick, "")
		m.byHand(stick)
		m.PowerCut()
	}
	outcomes := map[string]int{}
	for n := range plugsPulled {
		d := x.copyDevice("enrolled", "cut")
		m := d.before(stick, "")
		m.plugged(stick)
		m.run("(" + install + ") >/run/update.log &")
		wait := time.Duration(rand.Int64N(x.updateTook.Load() * 11 / 10))
		pause(x.ctx, wait)
		m.PowerCut()

		m = d.on(nil)
		m.up()
		m.opened()
		version := m.run("grep -o 'tenin.version=[0-9]*' /proc/cmdline; cat /run/tenin/root-slot")
		version = strings.Join(strings.Fields(version), " from ")
		outcomes[version]++
		x.Logf("cut %d after %.1f s: %s", n+1, wait.Seconds(), version)
		m.PowerCut()
		d.remove()
	}
	x.Logf("%d power cuts: %v", plugsPulled, outcomes)
}
