package vm

import (
	"context"
	"os"
	"sync"
	"time"
)

var (
	probeOnce sync.Once
	probed    string
)

// accelerator is KVM where it runs the firmware. A device file alone proves nothing: a KVM inside another hypervisor may lack
// what the firmware's first instructions need.
func accelerator(ctx context.Context, firmware string) string {
	probeOnce.Do(func() {
		probed = "tcg"
		f, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0)
		if err != nil {
			return
		}
		_ = f.Close()
		if firmwareRuns(ctx, "kvm", firmware) {
			probed = "kvm"
		}
	})
	return probed
}

// probeTime is much longer than the firmware takes to its first line with KVM (a second).
const probeTime = 10 * time.Second

// firmwareRuns starts a machine without a disk and tells whether its firmware says anything.
func firmwareRuns(ctx context.Context, accelerator, firmware string) bool {
	dir, err := os.MkdirTemp("", "probe-")
	if err != nil {
		return false
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	v, err := Start(ctx, Options{Dir: dir, Firmware: firmware, Accelerator: accelerator, Memory: 256, Processors: 1, NoTPM: true, NoScreen: true})
	if err != nil {
		return false
	}
	defer v.PowerCut()
	go func() {
		// An instruction that KVM cannot run stops the machine.
		if _, _, err := v.Monitor.Wait(ctx, 0, "STOP"); err == nil {
			cancel()
		}
	}()
	_, _, err = v.Serial.WaitFor(ctx, 0, anything)
	return err == nil
}
