package vm

import (
	"testing"
)

func TestTheWholeDevice(t *testing.T) {
	x := newTrial(t)
	var first, second built
	// The path of a device's life first, then what may befall it.
	x.needed(
		step{"an image is built", func(x *trial) { first = x.image(1) }},
		step{"a new device takes its shop's keys, encrypts its data and is enrolled", func(x *trial) { x.firstStart(first) }},
	)
	// Alone: it says how long a start takes.
	x.run(step{"it starts without anybody, unseals and answers", (*trial).secondStart})
	x.needed(step{"the next version is built", func(x *trial) {
		second = x.image(2)
		second.Bundle = x.bundle(second)
	}})
	after := []step{
		{"a block of the system that was changed is refused", (*trial).changedBlock},
		{"a command line that was changed does not open the data", (*trial).changedCommandLine},
		{"a kernel image without a signature, or with a stranger's, is refused by the firmware", (*trial).unsignedKernel},
		{"a cleared TPM is recovered from by the recovery key", (*trial).clearedTPM},
		{"a power cut at any moment of an update leaves a device that starts", func(x *trial) { x.powerCuts(second) }},
		{"a device joins a hub, and fetches from it the update that it keeps", func(x *trial) { x.throughTheHub(first, second) }},
	}
	if x.long {
		after = append(after, step{"the plug is pulled twenty times while an update is written", func(x *trial) { x.realCuts(second) }})
	}
	x.beside([]step{
		{"an update from a stick is tried and kept", func(x *trial) { x.goodUpdate(second) }},
		{"a version whose system is damaged is taken back", func(x *trial) { x.damagedUpdate(first) }},
		{"a version whose kiosk does not come up is taken back", func(x *trial) { x.sickUpdate(first) }},
		{"a machine that hangs is started again by its watchdog", (*trial).hang},
	}, after)
}
