package vm

import (
	"slices"
	"strings"
	"testing"
)

// has tells whether args has option with a value that holds all of parts.
func has(args []string, option string, parts ...string) bool {
	for i := range len(args) - 1 {
		if args[i] == option && !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(args[i+1], p) }) {
			return true
		}
	}
	return false
}

func TestAMachineHasNoNetworkUnlessItIsAskedForAndThenOneWithoutAWayOut(t *testing.T) {
	if a := (Options{Dir: "d"}).arguments("tcg"); slices.Contains(a, "-netdev") || slices.Contains(a, "-nic") || !slices.Contains(a, "-nodefaults") {
		t.Errorf("without: %q", a)
	}
	if a := (Options{Dir: "d", Network: true}).arguments("tcg"); !has(a, "-netdev", "user", "restrict=on") || has(a, "-netdev", "guestfwd") {
		t.Errorf("with: %q", a)
	}
	if a := (Options{Dir: "d", Network: true, Reach: "127.0.0.1:4222"}).arguments("tcg"); !has(a, "-netdev", "restrict=on", "guestfwd=tcp:"+Peer+":4222-cmd:", "127.0.0.1:4222") {
		t.Errorf("with a service: %q", a)
	}
}

func TestDisksKeepTheirOrderAndTheirKind(t *testing.T) {
	a := Options{Dir: "d", Disks: []Disk{
		{Path: "kiosk.img", Writes: "kiosk.log", Serial: "K1"},
		{Path: "stick.img", USB: true, ReadOnly: true},
	}}.arguments("kvm")
	for _, want := range [][]string{
		{"-device", "virtio-blk-pci", "drive=disk0", "bootindex=1", "serial=K1"},
		{"-device", "usb-storage", "drive=disk1", "bootindex=2"},
		{"-blockdev", "driver=file", "filename=kiosk.img", "read-only=off"},
		{"-blockdev", "driver=blklogwrites", "node-name=disk0", "log-sector-size=512"},
		{"-blockdev", "driver=raw", "node-name=disk1", "read-only=on"},
		{"-cpu", "host"},
	} {
		if !has(a, want[0], want[1:]...) {
			t.Errorf("no %q in %q", want, a)
		}
	}
}

func TestAPathThatQEMUCannotHoldIsRefused(t *testing.T) {
	for _, o := range []Options{{}, {Dir: "a,b"}, {Dir: "d", Disks: []Disk{{Path: "k,i.img"}}}, {Dir: "d", Sound: "a,b.wav"},
		{Dir: "d", Reach: "127.0.0.1:1"}, {Dir: "d", Network: true, Reach: "192.0.2.1:1"}, {Dir: "d", Network: true, Reach: "localhost"}} {
		if err := o.check(); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
