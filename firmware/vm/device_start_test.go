package vm

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// variable is a script that prints the first byte of a variable of the firmware.
func variable(name string) string {
	return `od -An -tu1 -j4 -N1 /sys/firmware/efi/efivars/` + name + `-8be4df61-93ca-11d2-aa0d-00e098032b8c | tr -d ' '`
}

// The question that the shop of the trial has an approved answer to, and a part of it.
const (
	question = "営業時間は何時ですか"
	answered = "午前10時から午後8時まで"
)

// firstStart is a machine from the factory that becomes a shop's kiosk.
func (x *trial) firstStart(b built) {
	m := x.fromFactory("device", b, nil)
	recovery := x.enrol(m, "")
	m.serves()
	m.off()
	// A later step that is run alone needs it too.
	x.must(os.WriteFile(x.path("device", "recovery"), []byte(recovery), 0o600))
	// Where the trial of power cuts begins.
	x.copyDevice("device", "enrolled")
}

// fromFactory is the first start of a machine whose firmware is in setup mode, whose TPM is unused and whose disk was just
// flashed, until the technician is waited for.
func (x *trial) fromFactory(name string, b built, change func(*Options)) *machine {
	x.Helper()
	d := x.flashed(name, b)
	seed := x.shop()
	m := d.on(func(o *Options) {
		if seed.Path != "" {
			o.Disks = append(o.Disks, seed)
		}
		if change != nil {
			change(o)
		}
	})
	m.up()
	if got := m.run(variable("SecureBoot") + ";" + variable("SetupMode")); got != "1\n0" {
		x.Errorf("SecureBoot and SetupMode are %q", got)
	}
	m.until(startTime, "the data partition is made", "test -e /run/tenin/data || { cat /run/tenin/data-failed; false; }")
	if got := m.run("cat /run/tenin/data"); got != "made" {
		x.Errorf("the data partition is there by %q", got)
	}
	if seed.Path != "" {
		m.run("tar -x -C /var/lib/tenin -f /dev/disk/by-id/virtio-" + seed.Serial + " && chown -R tenin:tenin /var/lib/tenin")
	}
	m.until(startTime, "the display is up", "systemctl is-active --quiet tenin-display.service")
	m.until(startTime, "the enrolment's screen is up", "systemctl is-active --quiet tenin-enrol-screen.service")
	m.drawn("enrolment")
	return m
}

// shop is a disk with a small shop whose answers were rendered here: a machine without KVM needs minutes for each, and speaks
// the whole shop in a long trial only.
func (x *trial) shop() Disk {
	if x.long {
		return Disk{}
	}
	x.Log("the shop is small and its answers were rendered outside the machine; the weights are the default ones")
	dir := x.path("shop")
	if _, err := os.Stat(x.path("shop.tar")); err != nil {
		x.must(os.RemoveAll(dir))
		x.must(os.MkdirAll(dir, 0o755))
		x.must(os.WriteFile(x.path("shop.jsonl"), []byte(`{"id":"hours","question":"営業時間は何時ですか","answer":"営業時間は、毎日午前10時から午後8時までです。","topic":"営業"}
{"id":"toilet","question":"お手洗いはどこですか","answer":"お手洗いは2階にあります。","topic":"館内"}
`), 0o644))
		x.tenin("knowledge", "import", x.path("shop.jsonl"), "--home", dir)
		if out, err := exec.CommandContext(x.ctx, "tar", "-c", "-C", dir, "-f", x.path("shop.tar"), ".").CombinedOutput(); err != nil {
			x.Fatalf("tar: %v: %s", err, out)
		}
	}
	return Disk{Path: x.path("shop.tar"), ReadOnly: true, Serial: "SHOP"}
}

// serves waits until the kiosk is up, asks it, and keeps its picture.
func (m *machine) serves() {
	m.x.Helper()
	m.until(startTime, "the kiosk is up", "systemctl is-active --quiet tenin.service || { systemctl status --no-pager tenin.service; false; }")
	m.answers()
	m.drawn("attract")
}

// answers asks the kiosk a question through its control socket.
func (m *machine) answers() {
	m.x.Helper()
	out := m.until(startTime, "the question is answered", "tenin ask --text "+question+" --json --home /var/lib/tenin")
	var a struct{ Kind, Answer string }
	if err := json.Unmarshal([]byte(out), &a); err != nil || a.Kind != "approved" || !strings.Contains(a.Answer, answered) {
		m.x.Errorf("the answer is not the approved one: %v: %s", err, out)
	}
}

// drawn waits until there is more on the screen than a console's text, and keeps the picture.
func (m *machine) drawn(name string) {
	m.x.Helper()
	path := filepath.Join(m.x.TempDir(), "look.png")
	deadline := time.Now().Add(startTime)
	for {
		m.x.must(m.Screenshot(m.x.ctx, path))
		if drawn(m.x, path) {
			break
		}
		if time.Now().After(deadline) || m.x.ctx.Err() != nil {
			m.picture("not-" + name)
			m.x.Fatalf("nothing is drawn: %s", m.run("systemctl --failed --no-legend; journalctl -b --no-pager -u tenin.service -u tenin-display.service | tail -30"))
		}
		pause(m.x.ctx, 5*time.Second)
	}
	// What comes in by degrees is there.
	pause(m.x.ctx, 5*time.Second)
	m.picture(name)
}

// drawn tells whether a tenth of a picture is lighter than black: text on a console is less.
func drawn(x *trial, path string) bool {
	b, err := os.ReadFile(path)
	x.must(err)
	picture, err := png.Decode(bytes.NewReader(b))
	x.must(err)
	lit, all := 0, 0
	eachPixel(picture, func(c color.Color) {
		all++
		if r, g, b, _ := c.RGBA(); r+g+b > 0x6000 {
			lit++
		}
	})
	return lit*10 > all
}

func eachPixel(picture image.Image, do func(color.Color)) {
	r := picture.Bounds()
	for y := r.Min.Y; y < r.Max.Y; y += 4 {
		for x := r.Min.X; x < r.Max.X; x += 4 {
			do(picture.At(x, y))
		}
	}
}

// secondStart looks at everything that a device in a shop must be.
func (x *trial) secondStart() {
	m := device{x, "device"}.on(func(o *Options) { o.Network = true })
	m.up()
	m.opened()
	m.serves()
	var keys struct {
		Kind string
		Open bool
	}
	out := m.run("tenin keys status --json --home /var/lib/tenin")
	if err := json.Unmarshal([]byte(out), &keys); err != nil || keys.Kind != "tpm" || !keys.Open {
		x.Errorf("the vault is not open by the TPM: %v: %s", err, out)
	}
	x.Logf("kernel and system: %s", m.run("systemd-analyze || true"))
	// Microseconds since the kernel began: the target that everything of multi-user.target waits for, and the kiosk's process,
	// which then loads its models.
	x.Logf("services start at, and the kiosk's process: %s", m.run("systemctl show -P ActiveEnterTimestampMonotonic basic.target; systemctl show -P InactiveExitTimestampMonotonic tenin.service"))
	x.Logf("failed units: %q", m.run("systemctl --failed --no-legend --plain"))
	x.closed(m)
	x.keyboard(m)
	x.stopped(m)
	m.off()
}

// opened waits until the TPM has opened the data.
func (m *machine) opened() {
	m.x.Helper()
	m.until(startTime, "the data partition is open", "test -e /run/tenin/data || { cat /run/tenin/data-failed; false; }")
	if got := m.run("cat /run/tenin/data"); got != "tpm" {
		m.x.Errorf("the data partition is open by %q", got)
	}
}

// closed looks for ways in and out.
func (x *trial) closed(m *machine) {
	// State 0A is LISTEN (include/net/tcp_states.h). One port is open where there is a lease: networkd's 68 (0x44), at which the
	// DHCP server renews it; a device with a fixed address has not even that.
	if listening := m.run(`awk 'FNR > 1 && $4 == "0A" { print FILENAME, $2 }' /proc/net/tcp /proc/net/tcp6; awk 'FNR > 1 && $3 ~ /:0000$/ && $2 !~ /:0044$/ { print FILENAME, $2 }' /proc/net/udp /proc/net/udp6`); listening != "" {
		x.Errorf("somebody listens: %s", listening)
	}
	if shells := m.run(`for p in /proc/[0-9]*; do case $(cat $p/comm 2>/dev/null) in agetty|getty|login|sshd|sulogin|systemd-logind|dbus-daemon) cat $p/comm;; esac; done`); shells != "" {
		x.Errorf("somebody waits for a user: %s", shells)
	}
	if units := m.run(`systemctl list-units --no-legend --plain --state=active '*getty*' 'ssh*' 'debug-shell*' | grep -v slice || true`); units != "" {
		x.Errorf("consoles: %s", units)
	}
	if sysrq := m.run("cat /proc/sys/kernel/sysrq"); sysrq != "0" {
		x.Errorf("SysRq is %s", sysrq)
	}
	if swap := m.run("tail -n +2 /proc/swaps"); swap != "" {
		x.Errorf("there is swap: %s", swap)
	}
	if out, err := m.try("! touch /usr/x 2>&1 && ! touch /etc/x 2>&1"); err != nil {
		x.Errorf("the system can be written: %v %s", err, out)
	}
	x.Logf("who can do what to whom:\n%s", m.run("systemd-analyze security --no-pager 2>&1 | grep '^tenin' | grep -v tenin-test || true"))
	x.egress(m)
}

// egress has the kiosk's processes examined. What the whole machine refuses, such as io_uring, is "not proven" of a process.
func (x *trial) egress(m *machine) {
	r, err := m.Console.Run(x.ctx, "tenin doctor egress --json --home /var/lib/tenin 2>/dev/null")
	x.must(err)
	var report struct {
		Processes []struct{ Role string }
		Rows      []struct{ Role, What, Verdict string }
		Problems  []string
	}
	if err := json.Unmarshal([]byte(r.Output), &report); err != nil {
		x.Fatalf("doctor egress: exit code %d, %v: %.300s", r.Code, err, r.Output)
	}
	verdicts := map[string]int{}
	for _, row := range report.Rows {
		verdicts[row.Verdict]++
		if row.Verdict == "open" {
			x.Errorf("%s can %s", row.Role, row.What)
		}
	}
	if len(report.Processes) < 6 || len(report.Problems) > 0 || verdicts["closed"] < 500 {
		x.Errorf("doctor egress: %d processes, %v, problems: %q", len(report.Processes), verdicts, report.Problems)
	}
	x.Logf("egress: %d processes, %v", len(report.Processes), verdicts)
}

// keyboard presses what would lead out of other machines.
func (x *trial) keyboard(m *machine) {
	state := `cat /proc/sys/kernel/random/boot_id /sys/class/tty/tty0/active; systemctl show -p MainPID -p NRestarts tenin.service tenin-display.service`
	before := m.run(state)
	chords := [][]string{
		{"ctrl", "alt", "f1"}, {"ctrl", "alt", "f2"}, {"ctrl", "alt", "f3"}, {"alt", "f2"}, {"ctrl", "alt", "backspace"},
		{"alt", "sysrq", "r"}, {"alt", "sysrq", "k"}, {"alt", "sysrq", "b"}, {"alt", "sysrq", "o"},
		{"alt", "f4"}, {"ctrl", "q"}, {"ctrl", "w"}, {"ctrl", "c"}, {"ctrl", "z"}, {"alt", "tab"}, {"meta_l"}, {"esc"}, {"f11"}, {"alt", "spc"},
	}
	for range 8 {
		chords = append(chords, []string{"ctrl", "alt", "delete"})
	}
	for _, chord := range chords {
		x.must(m.Keys(x.ctx, chord...))
	}
	pause(x.ctx, 5*time.Second)
	if after := m.run(state); after != before {
		x.Errorf("a keyboard leads out: before %q, after %q", before, after)
	}
	m.picture("after-the-keyboard")
	m.answers()
}

// stopped has the kiosk hang: systemd's watchdog starts another.
func (x *trial) stopped(m *machine) {
	pid := m.run("systemctl show -P MainPID tenin.service")
	m.run(fmt.Sprintf("kill -s STOP $(cat /sys/fs/cgroup/system.slice/tenin.service/cgroup.procs) %s", pid))
	m.until(startTime, "a kiosk that hangs is replaced", fmt.Sprintf("test $(systemctl show -P MainPID tenin.service) != %s && systemctl is-active --quiet tenin.service", pid))
	m.answers()
}
