package vm

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
)

// Options describe a device.
type Options struct {
	// Dir keeps what the device keeps besides its disks: UEFI variables (uefi.fd), the TPM's state (tpm/), and the log of its
	// serial line (serial.log, appended to by each boot). Made when missing; a new one is a device from the factory, whose
	// firmware is in setup mode and whose TPM was never used.
	Dir string
	// Disks in the order in which the firmware tries them.
	Disks []Disk
	// NoTPM leaves the TPM out.
	NoTPM bool
	// NoScreen leaves the graphics card out.
	NoScreen bool
	// Network adds a network card whose only peer is QEMU: it gives an address by DHCP and passes nothing on.
	Network bool
	// Reach is the address of a service at this machine's loopback, as in "127.0.0.1:4222". On its network the machine reaches it
	// at [Peer] and the same port, and still nothing else. Needs socat.
	Reach string
	// Sound adds a sound card. What is played goes to this WAV file; "none" throws it away. Nothing is heard.
	Sound string
	// StopAtReset ends QEMU where the machine would start anew, so that a boot that fails is seen to fail.
	StopAtReset bool
	// Memory in MiB; 0 is 2048.
	Memory int
	// Processors; 0 is 2.
	Processors int
	// Accelerator is "kvm" or "tcg". Empty is KVM where it runs the firmware, else TCG.
	Accelerator string
	// Firmware is a folder with OVMF_CODE_4M.fd and OVMF_VARS_4M.fd. Empty is the distribution's.
	Firmware string
	// Extra are further arguments for QEMU, last.
	Extra []string
}

// Disk is a file that the machine sees as a disk.
type Disk struct {
	// Path of the raw image.
	Path string
	// ReadOnly keeps the machine from writing.
	ReadOnly bool
	// USB makes it a stick instead of a built-in disk.
	USB bool
	// Later keeps a stick out until [VM.Plug].
	Later bool
	// Serial is the disk's serial number, at most 20 characters. Empty gives none.
	Serial string
	// Writes, when not empty, is a file that records each write and flush in their order, in the format of the kernel's
	// dm-log-writes (Documentation/admin-guide/device-mapper/log-writes.rst), with sectors of 512 bytes.
	Writes string
}

// Peer is where a machine reaches what [Options.Reach] names: an address in QEMU's own network.
const Peer = "10.0.2.100"

// distribution is where Debian's package ovmf puts the firmware.
const distribution = "/usr/share/OVMF"

func (o Options) firmware() string {
	if o.Firmware != "" {
		return o.Firmware
	}
	return distribution
}

func (o Options) check() error {
	if o.Dir == "" {
		return errors.New("virtual machine: no folder named for its state: set Options.Dir")
	}
	if o.Reach != "" {
		host, _, err := net.SplitHostPort(o.Reach)
		if ip := net.ParseIP(host); err != nil || !ip.IsLoopback() || !o.Network {
			return fmt.Errorf("virtual machine: it cannot reach %q: name an address and a port of the loopback, and set Options.Network", o.Reach)
		}
	}
	for _, path := range append([]string{o.Dir, o.Sound, o.firmware()}, o.diskPaths()...) {
		// QEMU doubles a comma in its own syntax; a path without one is simpler.
		if strings.Contains(path, ",") {
			return fmt.Errorf("virtual machine: %s has a comma, which QEMU's options cannot hold: rename it", path)
		}
	}
	return nil
}

func (o Options) diskPaths() []string {
	var paths []string
	for _, d := range o.Disks {
		paths = append(paths, d.Path, d.Writes, d.Serial)
	}
	return paths
}

func (o Options) variables() string { return filepath.Join(o.Dir, "uefi.fd") }
func (o Options) tpm() string       { return filepath.Join(o.Dir, "tpm") }

// machineUUID is what the firmware says the machine is: each real one has such a number, and systemd takes its own from it.
const machineUUID = "5b0f3f0e-8a51-4d0c-9a3b-1f6f5f0f7e11"

// Descriptors that QEMU inherits. The first three are the standard ones.
const (
	fdMonitor = 3 + iota
	fdSerial
	fdConsole
	fdTPM
)

// arguments are QEMU's. The descriptors above have to be open in it.
func (o Options) arguments(accelerator string) []string {
	memory, processors := o.Memory, o.Processors
	if memory == 0 {
		memory = 2048
	}
	if processors == 0 {
		processors = 2
	}
	a := []string{
		"-nodefaults", "-no-user-config", "-display", "none",
		// The firmware's variables are guarded by SMM on real machines. KVM does not offer it everywhere, and what the firmware
		// starts or refuses to start is the same without.
		"-machine", "q35,smm=off",
		"-accel", accelerator, "-cpu", model(accelerator),
		"-m", fmt.Sprint(memory), "-smp", fmt.Sprint(processors), "-uuid", machineUUID,
		"-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + filepath.Join(o.firmware(), "OVMF_CODE_4M.fd"),
		"-drive", "if=pflash,unit=1,format=raw,file=" + o.variables(),

		"-chardev", fmt.Sprintf("socket,id=monitor,fd=%d", fdMonitor), "-mon", "chardev=monitor,mode=control",
		"-chardev", fmt.Sprintf("socket,id=serial,fd=%d", fdSerial), "-serial", "chardev:serial",

		"-device", "virtio-serial-pci", "-chardev", fmt.Sprintf("socket,id=console,fd=%d", fdConsole),
		"-device", "virtserialport,chardev=console,name=" + ConsolePort,

		"-device", "i6300esb", "-action", "watchdog=reset",
		"-device", "virtio-rng-pci",
		"-device", "qemu-xhci,id=usb", "-device", "usb-kbd,bus=usb.0", "-device", "usb-tablet,bus=usb.0",
	}
	if o.StopAtReset {
		a = append(a, "-action", "reboot=shutdown")
	}
	if !o.NoTPM {
		a = append(a, "-chardev", fmt.Sprintf("socket,id=tpm,fd=%d", fdTPM), "-tpmdev", "emulator,id=tpm0,chardev=tpm",
			"-device", "tpm-crb,tpmdev=tpm0")
	}
	if !o.NoScreen {
		// A kiosk's screen stands upright.
		a = append(a, "-device", "virtio-vga,xres=1080,yres=1920")
	}
	if o.Network {
		card := "user,id=net,restrict=on"
		if _, port, err := net.SplitHostPort(o.Reach); err == nil {
			card += fmt.Sprintf(",guestfwd=tcp:%s:%s-cmd:socat - TCP4:%s", Peer, port, o.Reach)
		}
		a = append(a, "-netdev", card, "-device", "virtio-net-pci,netdev=net")
	}
	switch o.Sound {
	case "":
	case "none":
		a = append(a, "-audiodev", "none,id=sound")
	default:
		a = append(a, "-audiodev", "wav,id=sound,path="+o.Sound)
	}
	if o.Sound != "" {
		a = append(a, "-device", "intel-hda", "-device", "hda-duplex,audiodev=sound")
	}
	for i, d := range o.Disks {
		a = append(a, d.arguments(i)...)
	}
	return append(a, o.Extra...)
}

func (d Disk) arguments(i int) []string {
	file := fmt.Sprintf("file%d", i)
	disk := fmt.Sprintf("disk%d", i)
	readOnly := "off"
	if d.ReadOnly {
		readOnly = "on"
	}
	a := []string{"-blockdev", fmt.Sprintf("driver=file,node-name=%s,filename=%s,read-only=%s", file, d.Path, readOnly)}
	if d.Writes != "" {
		a = append(a,
			"-blockdev", fmt.Sprintf("driver=file,node-name=%s-writes,filename=%s", file, d.Writes),
			"-blockdev", fmt.Sprintf("driver=raw,node-name=%s-raw,file=%s", file, file),
			"-blockdev", fmt.Sprintf("driver=blklogwrites,node-name=%s,file=%s-raw,log=%s-writes,log-sector-size=512", disk, file, file))
	} else {
		a = append(a, "-blockdev", fmt.Sprintf("driver=raw,node-name=%s,file=%s,read-only=%s", disk, file, readOnly))
	}
	if d.Later {
		return a
	}
	device := fmt.Sprintf("virtio-blk-pci,drive=%s,bootindex=%d", disk, i+1)
	if d.USB {
		device = fmt.Sprintf("usb-storage,bus=usb.0,removable=on,drive=%s,bootindex=%d", disk, i+1)
	}
	if d.Serial != "" {
		device += ",serial=" + d.Serial
	}
	return append(a, "-device", device)
}

// model is the processor that the machine sees: all that there is.
func model(accelerator string) string {
	if accelerator == "kvm" {
		return "host"
	}
	return "max"
}
