package vm

import (
	"testing"
)

func TestTheWholeDevice(t *testing.T) {
	x := newTrial(t)
	var first, second built
	// The path of a device's life first, then what may befall it.
	x.step("an image is built", true, func() { first = x.image(1) })
	x.step("a new device takes its shop's keys, encrypts its data and is enrolled", true, func() { x.firstStart(first) })
	x.step("it starts without anybody, unseals and answers", false, x.secondStart)
	x.step("the next version is built", true, func() { second = x.image(2) })
	x.step("an update from a stick is tried and kept", false, func() { x.goodUpdate(second) })
	x.step("a block of the system that was changed is refused", false, x.changedBlock)
	x.step("a command line that was changed does not open the data", false, x.changedCommandLine)
	x.step("a kernel image without a signature, or with a stranger's, is refused by the firmware", false, x.unsignedKernel)
	x.step("a version whose kiosk does not come up is taken back", false, func() { x.sickUpdate(first) })
	x.step("a version whose system is damaged is taken back", false, func() { x.damagedUpdate(first) })
	x.step("a cleared TPM is recovered from by the recovery key", false, x.clearedTPM)
	x.step("a machine that hangs is started again by its watchdog", false, x.hang)
	x.step("a power cut at any moment of an update leaves a device that starts", false, func() { x.powerCuts(second) })
	if x.long {
		x.step("the plug is pulled twenty times while an update is written", false, func() { x.realCuts(second) })
	}
}
