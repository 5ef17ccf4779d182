// Package vm runs the device image in QEMU: the way a device starts, with UEFI variables that last, a TPM, a watchdog and a
// screen, and the ways in which it ends, a pulled plug among them.
//
// [Start] gives a running machine. Nothing of it outlives the context that it was started with, nor this program: QEMU and
// swtpm end with whoever started them. What a device keeps (disks, UEFI variables, TPM) is in files that the caller names, so
// that a second Start is a second boot of the same device.
//
// A machine is watched by its serial log ([VM.Serial]), its screen ([VM.Screenshot]) and QEMU's events ([VM.Monitor]); it is
// touched by [VM.Touch] and [VM.Keys]. A test image has a root console besides, [VM.Console], which no other image has.
//
// No way leads out of a machine: it has no network card unless it is asked for, and then one whose only peer is QEMU.
package vm
