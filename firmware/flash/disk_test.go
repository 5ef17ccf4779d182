package flash

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A tree is a machine's /sys, /proc and /dev as folders.
type tree struct {
	t *testing.T
	System
}

func newTree(t *testing.T) *tree {
	dir := t.TempDir()
	tr := &tree{t, System{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc"), Dev: filepath.Join(dir, "dev")}}
	tr.write(tr.proc("self", "mountinfo"), "")
	tr.write(tr.proc("swaps"), "Filename\t\t\t\tType\t\tSize\n")
	if err := os.MkdirAll(tr.sys("class", "block"), 0o755); err != nil {
		t.Fatal(err)
	}
	return tr
}

func (tr *tree) write(path, text string) {
	tr.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tr.t.Fatal(err)
	}
}

// device adds a block device: bus is its folder under /sys/devices, files are named from there.
func (tr *tree) device(bus, name string, files map[string]string) {
	tr.t.Helper()
	at := tr.sys("devices", bus, name)
	for file, text := range files {
		tr.write(filepath.Join(at, file), text)
	}
	if err := os.MkdirAll(filepath.Join(at, "holders"), 0o755); err != nil {
		tr.t.Fatal(err)
	}
	tr.write(tr.dev(strings.ReplaceAll(name, "!", "/")), "")
	if err := os.Symlink(at, tr.sys("class", "block", name)); err != nil {
		tr.t.Fatal(err)
	}
}

// machine has a system disk, a second disk with LVM on LUKS, a stick, an SD card reader and what is no disk.
func machine(t *testing.T) *tree {
	tr := newTree(t)
	nvme := "pci0000:00/0000:00:1d.0/nvme/nvme0"
	tr.device(nvme, "nvme0n1", map[string]string{"size": "500118192\n", "dev": "259:0\n", "removable": "0\n", "ro": "0\n", "device/model": "Samsung SSD 980               \n", "device/serial": "S64DNF0R123456     \n", "queue/logical_block_size": "512\n"})
	tr.device(nvme+"/nvme0n1", "nvme0n1p1", map[string]string{"partition": "1\n", "dev": "259:1\n", "size": "1048576\n"})
	tr.device(nvme+"/nvme0n1", "nvme0n1p2", map[string]string{"partition": "2\n", "dev": "259:2\n", "size": "400000000\n"})
	sata := "pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/block"
	tr.device(sata, "sda", map[string]string{"size": "1953525168\n", "dev": "8:0\n", "removable": "0\n", "ro": "0\n", "device/model": "WDC WD10EZEX-08W\n", "device/vendor": "ATA     \n", "device/vpd_pg80": "\x00\x80\x00\x14     WD-WCC6Y0ABCDEF", "queue/logical_block_size": "512\n"})
	tr.device(sata+"/sda", "sda1", map[string]string{"partition": "1\n", "dev": "8:1\n", "size": "1953523120\n", "holders/dm-0": ""})
	tr.device("virtual/block", "dm-0", map[string]string{"dev": "253:0\n", "dm/name": "luks-1234\n", "size": "1953523120\n", "holders/dm-1": ""})
	tr.device("virtual/block", "dm-1", map[string]string{"dev": "253:1\n", "dm/name": "vg-home\n", "size": "1953000000\n"})
	usb := "pci0000:00/0000:00:14.0/usb1/1-2"
	tr.write(tr.sys("devices", usb, "idVendor"), "0781\n")
	tr.write(tr.sys("devices", usb, "serial"), "4C530001230809107203\n")
	tr.device(usb+"/1-2:1.0/host4/target4:0:0/4:0:0:0/block", "sdb", map[string]string{"size": "60062500\n", "dev": "8:16\n", "removable": "1\n", "ro": "0\n", "device/model": "Ultra\x1b[31m Fit   \n", "device/vendor": "SanDisk \n", "device/vpd_pg80": "\x00\x80\x00\x040000", "queue/logical_block_size": "512\n"})
	tr.device(usb+"/1-2:1.0/host4/target4:0:0/4:0:0:0/block/sdb", "sdb1", map[string]string{"partition": "1\n", "dev": "8:17\n", "size": "60060452\n"})
	tr.device("platform/soc/mmc_host/mmc0/mmc0:0001", "mmcblk0", map[string]string{"size": "30535680\n", "dev": "179:0\n", "ro": "1\n", "removable": "0\n", "device/name": "DG4016\n", "device/serial": "0x1b2c3d4e\n"})
	tr.device("platform/soc/mmc_host/mmc0/mmc0:0001", "mmcblk0boot0", map[string]string{"size": "8192\n", "dev": "179:8\n", "device/name": "DG4016\n"})
	tr.device("pci0000:00/0000:00:02.0/virtio1", "vda", map[string]string{"size": "4194304\n", "dev": "254:0\n", "ro": "0\n", "serial": "kiosk-disk", "device/vendor": "0x1af4\n"})
	tr.device("virtual/block", "loop0", map[string]string{"size": "8192\n", "dev": "7:0\n"})
	tr.device("virtual/block", "zram0", map[string]string{"size": "8192\n", "dev": "251:0\n"})
	tr.device(sata, "sr0", map[string]string{"size": "2097151\n", "dev": "11:0\n", "device/model": "DVD-RW\n"})
	tr.device(sata, "sdc", map[string]string{"size": "0\n", "dev": "8:32\n", "device/model": "Card Reader\n"})
	tr.write(tr.proc("self", "mountinfo"), strings.ReplaceAll(`21 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
22 21 259:1 / /boot/efi rw shared:2 - vfat /dev/nvme0n1p1 rw
30 21 253:1 / /srv/data rw shared:3 - ext4 /dev/mapper/vg-home rw
31 21 0:22 / /proc rw shared:4 - proc proc rw
`, "/dev/", tr.dev()+"/"))
	return tr
}

func TestCandidatesAreDisksAndNothingElse(t *testing.T) {
	disks, err := machine(t).Candidates()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range disks {
		got = append(got, strings.Join([]string{d.Name, d.Model, d.Serial, d.Transport}, "|"))
	}
	want := []string{
		"mmcblk0|DG4016|0x1b2c3d4e|mmc",
		"nvme0n1|Samsung SSD 980|S64DNF0R123456|nvme",
		"sda|WDC WD10EZEX-08W|WD-WCC6Y0ABCDEF|sata",
		"sdb|SanDisk Ultra [31m Fit|4C530001230809107203|usb",
		"vda||kiosk-disk|virtio",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestADiskInUseIsRefusedWithTheReason(t *testing.T) {
	tr := machine(t)
	for name, want := range map[string][]string{
		"mmcblk0": {"is read-only: look for a switch on its side"},
		"nvme0n1": {"is the running system's disk", "nvme0n1p1 is mounted at /boot/efi", "nvme0n1p2 is mounted at /"},
		"sda":     {"sda1 is open as dm-0 (luks-1234)", "dm-0 is open as dm-1 (vg-home)", "dm-1 is mounted at /srv/data"},
		"sdb":     {},
		"vda":     {},
		"sdc":     {"has no medium in it"},
	} {
		d, err := tr.Find(tr.dev(name))
		if err != nil || !slices.Equal(d.Refused, want) {
			t.Errorf("%s: %v, %q, want %q", name, err, d.Refused, want)
		}
	}
}

func TestAMountedStickAndSwapAreRefused(t *testing.T) {
	tr := machine(t)
	mounts, err := os.ReadFile(tr.proc("self", "mountinfo"))
	if err != nil {
		t.Fatal(err)
	}
	tr.write(tr.proc("self", "mountinfo"), string(mounts)+"40 21 8:17 / /media/a\\040b rw - vfat "+tr.dev("sdb1")+" rw\n")
	// A file system with a number of its own tells its device only by the source.
	tr.write(tr.proc("swaps"), "Filename\nx\n"+tr.dev("vda")+" partition 100 0 -2\n")
	if d, err := tr.Find(tr.dev("sdb")); err != nil || !slices.Equal(d.Refused, []string{"sdb1 is mounted at /media/a b"}) {
		t.Errorf("%v %q", err, d.Refused)
	}
	if d, err := tr.Find(tr.dev("vda")); err != nil || !slices.Equal(d.Refused, []string{"vda is swapped to"}) {
		t.Errorf("%v %q", err, d.Refused)
	}
	tr.write(tr.proc("self", "mountinfo"), "40 21 0:55 /sub / rw - btrfs "+tr.dev("sdb1")+" rw\n")
	if d, err := tr.Find(tr.dev("sdb")); err != nil || !slices.Contains(d.Refused, "is the running system's disk") {
		t.Errorf("%v %q", err, d.Refused)
	}
}

func TestWhatIsNoWholeDiskIsRefused(t *testing.T) {
	tr := machine(t)
	tr.write(tr.dev("null"), "")
	tr.write(filepath.Join(tr.Dev, "..", "file"), "")
	for path, want := range map[string]string{
		tr.dev("sdb1"):                        "is a partition; an image takes a whole disk: name " + tr.dev("sdb"),
		tr.dev("loop0"):                       "is a loop device",
		tr.dev("dm-1"):                        "is a mapping of another device",
		tr.dev("sr0"):                         "is a disc drive",
		tr.dev("null"):                        "is no disk",
		filepath.Join(tr.Dev, "..", "file"):   "a file is written with --to-file",
		tr.dev("mmcblk0boot0"):                "is an area of a chip beside its disk",
		filepath.Join(tr.Dev, "not-there-99"): "no such file",
	} {
		_, err := tr.Find(path)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
		if refused := errors.Is(err, ErrRefused); refused == strings.Contains(path, "not-there") {
			t.Errorf("%s: refused is %v: %v", path, refused, err)
		}
	}
	link := tr.dev("disk", "by-id", "usb-SanDisk")
	if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../sdb", link); err != nil {
		t.Fatal(err)
	}
	if d, err := tr.Find(link); err != nil || d.Name != "sdb" || d.Path != tr.dev("sdb") {
		t.Errorf("a link: %v %+v", err, d)
	}
}

func TestADiskIsConfirmedByItsSerialOrItsName(t *testing.T) {
	if got := (Disk{Name: "sdb", Serial: "S1"}).Confirmation(); got != "S1" {
		t.Error(got)
	}
	if got := (Disk{Name: "sdb"}).Confirmation(); got != "sdb" {
		t.Error(got)
	}
}
