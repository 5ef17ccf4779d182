package vm

import (
	"bytes"
	"context"
	"encoding/binary"
	"os"
	"regexp"
	"strings"
	"time"
)

// flip changes one bit of a partition, at so many bytes from its beginning.
func (x *trial) flip(d device, partition string, at int64) {
	x.Helper()
	offset, _, err := Partition(d.disk(), partition)
	x.must(err)
	f, err := os.OpenFile(d.disk(), os.O_RDWR, 0)
	x.must(err)
	defer f.Close()
	var b [1]byte
	_, err = f.ReadAt(b[:], offset+at)
	x.must(err)
	b[0] ^= 1
	_, err = f.WriteAt(b[:], offset+at)
	x.must(err)
}

// superblock is a place in a squashfs's first block, which every mount reads.
const superblock = 10

// corrupted is what dm-verity says of a block that is not what was signed, on the way to a panic.
var corrupted = regexp.MustCompile(`(device-mapper: verity: .*corrupted|is not what was signed|Kernel panic - not syncing: dm-verity.*)`)

// changedBlock changes one bit of the system's slot, as somebody with the disk in his hands can.
func (x *trial) changedBlock() {
	d := x.copyDevice("enrolled", "changed")
	x.flip(d, "root-a", superblock)
	m := d.on(func(o *Options) { o.StopAtReset = true })
	m.neverUp(bootTime, corrupted)
	ctx, cancel := context.WithTimeout(x.ctx, bootTime)
	defer cancel()
	reason, err := m.Wait(ctx)
	if err != nil || (reason != "guest-reset" && reason != "guest-panic") {
		x.Errorf("the machine ends by %q, %v", reason, err)
	}
	d.remove()
}

// kernel returns the one kernel image on a device's ESP, and its path there.
func (d device) kernel() (ESP, string, []byte) {
	d.x.Helper()
	esp, err := OpenESP(d.disk())
	d.x.must(err)
	names, err := esp.List(d.x.ctx, "EFI/Linux")
	d.x.must(err)
	if len(names) != 1 {
		d.x.Fatalf("the ESP has the kernel images %q", names)
	}
	path := "EFI/Linux/" + names[0]
	content, err := esp.Read(d.x.ctx, path)
	d.x.must(err)
	return esp, path, content
}

// changedCommandLine has db's own key sign a kernel image with another command line: it starts, since the firmware knows no
// more, but PCR 11 differs, and nobody has signed that state.
func (x *trial) changedCommandLine() {
	d := x.copyDevice("enrolled", "changed")
	esp, path, kernel := d.kernel()
	changed := x.sign(x.patch(kernel, room, "systemd.unit=rescue.target"), x.secureBoot())
	x.must(esp.Write(x.ctx, path, changed))
	m := d.on(nil)
	m.up()
	if line := m.run("cat /proc/cmdline"); !strings.Contains(line, "systemd.unit=rescue.target") {
		x.Fatalf("the command line is not the changed one: %s", line)
	}
	x.Logf("refused: %s", m.until(startTime, "the data partition does not open", "cat /run/tenin/data-failed; test -s /run/tenin/data-failed -o -e /run/tenin/data"))
	if out, err := m.try("! test -e /run/tenin/data && ! mountpoint -q /data && ! test -e /dev/mapper/data"); err != nil {
		x.Errorf("the data opened under a command line that nobody signed: %v %s", err, out)
	}
	m.PowerCut()
	d.remove()
}

// unsigned takes the signatures off a program for UEFI (Microsoft's PE format: data directory 4 of the optional header).
func (x *trial) unsigned(program []byte) []byte {
	x.Helper()
	out := bytes.Clone(program)
	header := binary.LittleEndian.Uint32(out[0x3c:]) + 4 + 20
	directory := out[header+112+4*8:]
	at := binary.LittleEndian.Uint32(directory)
	if at == 0 || int(at) >= len(out) {
		x.Fatal("the kernel image has no signature")
	}
	clear(directory[:8])
	return out[:at]
}

// denied is what systemd-boot says when the firmware refuses to load what it was given.
var denied = regexp.MustCompile(`(?i)(access denied|security violation|error loading|failed to (load|execute))[^\n]*`)

func (x *trial) unsignedKernel() {
	d := x.copyDevice("enrolled", "changed")
	esp, path, kernel := d.kernel()
	for what, changed := range map[string][]byte{
		"no signature":           x.unsigned(kernel),
		"a stranger's signature": x.sign(kernel, x.stranger()),
	} {
		x.Log(what)
		x.must(esp.Write(x.ctx, path, changed))
		m := d.on(nil)
		m.neverUp(bootTime, denied)
		// Nothing else is tried in its place.
		ctx, cancel := context.WithTimeout(x.ctx, 30*time.Second)
		if _, err := m.Console.Ready(ctx, ""); err == nil {
			x.Errorf("%s: the system starts all the same", what)
		}
		cancel()
		m.picture("refused")
		m.PowerCut()
	}
	d.remove()
}

// hang has systemd crash, which starts the machine anew by itself, and then hold still, so that nobody resets the watchdog.
func (x *trial) hang() {
	d := x.copyDevice("enrolled", "changed")
	m := d.on(nil)
	m.up()
	m.opened()
	seen := len(m.Monitor.Events())
	m.run("kill -SEGV 1")
	ctx, cancel := context.WithTimeout(x.ctx, bootTime)
	defer cancel()
	_, at, err := m.Monitor.Wait(ctx, seen, "RESET")
	x.must(err)
	m.up()
	m.opened()
	m.run("echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze")
	_, at, err = m.Monitor.Wait(ctx, at+1, "WATCHDOG")
	x.must(err)
	_, _, err = m.Monitor.Wait(ctx, at+1, "RESET")
	x.must(err)
	m.up()
	m.opened()
	m.PowerCut()
	d.remove()
}

// clearedTPM is a mainboard that was replaced, or a TPM that somebody cleared.
func (x *trial) clearedTPM() {
	d := x.copyDevice("enrolled", "cleared")
	x.must(os.RemoveAll(x.path("cleared", "tpm")))
	m := d.on(nil)
	m.up()
	x.Logf("refused: %s", m.until(startTime, "the data partition does not open", "cat /run/tenin/data-failed; test -s /run/tenin/data-failed -o -e /run/tenin/data"))
	m.run("! test -e /run/tenin/data")
	m.until(startTime, "the screen for it is up", "systemctl is-active --quiet tenin-enrol-screen.service")
	m.drawn("recovery")
	if out, err := m.try("echo 0000-0000-0000-0000-0000-0000-0000-0000 >/run/k && tenin firmware enrol --recovery-file /run/k"); err == nil {
		x.Errorf("a wrong recovery key is taken: %s", out)
	}
	recovery, err := os.ReadFile(x.path("enrolled", "recovery"))
	x.must(err)
	m.run("printf %s '" + string(recovery) + "' >/run/k && tenin firmware enrol --recovery-file /run/k")
	_, _ = m.try("systemctl reboot")
	m.up()
	m.opened()
	m.serves()
	m.off()
	d.remove()
}
