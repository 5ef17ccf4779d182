package config

import (
	"fmt"
	"slices"
)

// Sandbox says what happens where the kernel cannot wall a process in, and how much each worker may take.
type Sandbox struct {
	// Mode is SandboxAuto, SandboxRefuse, SandboxWarn or SandboxOff.
	Mode string `toml:"mode"`
	// ASR recognises speech, LLM compares meanings, Voice speaks, Audio reaches the sound devices, Uplink the hub.
	ASR    Worker `toml:"asr"`
	LLM    Worker `toml:"llm"`
	Voice  Worker `toml:"voice"`
	Audio  Worker `toml:"audio"`
	Uplink Worker `toml:"uplink"`
}

// Worker bounds one worker process.
type Worker struct {
	// MemoryMB is the proportional set size, in 2^20 bytes, at which the worker is replaced.
	MemoryMB int `toml:"memory_mb"`
}

// The values of Sandbox.Mode.
const (
	// SandboxAuto is refuse on a device and for an installed service, and warn elsewhere.
	SandboxAuto = "auto"
	// SandboxRefuse does not start where a wall is missing.
	SandboxRefuse = "refuse"
	// SandboxWarn starts, and says which wall is missing.
	SandboxWarn = "warn"
	// SandboxOff raises no walls: for the debugger only.
	SandboxOff = "off"
)

// Resolve returns SandboxRefuse, SandboxWarn or SandboxOff: Mode itself, or what SandboxAuto means here. installed says
// that this is a device, or the service that was installed from the units.
func (s Sandbox) Resolve(installed bool) string {
	switch {
	case s.Mode != SandboxAuto:
		return s.Mode
	case installed:
		return SandboxRefuse
	default:
		return SandboxWarn
	}
}

// defaultSandbox has about twice what each worker was measured to take (2^20 bytes, resident, one process for each part
// with its Japanese dictionary: recognition 412, voice 421, meaning 336).
func defaultSandbox() Sandbox {
	return Sandbox{
		Mode: SandboxAuto,
		ASR:  Worker{MemoryMB: 900}, LLM: Worker{MemoryMB: 700}, Voice: Worker{MemoryMB: 900},
		Audio: Worker{MemoryMB: 200}, Uplink: Worker{MemoryMB: 200},
	}
}

func (s Sandbox) check() error {
	if !slices.Contains([]string{SandboxAuto, SandboxRefuse, SandboxWarn, SandboxOff}, s.Mode) {
		return fmt.Errorf("sandbox.mode is %q: use \"auto\", \"refuse\", \"warn\" or \"off\"", s.Mode)
	}
	for _, w := range []struct {
		name string
		Worker
	}{{"asr", s.ASR}, {"llm", s.LLM}, {"voice", s.Voice}, {"audio", s.Audio}, {"uplink", s.Uplink}} {
		if w.MemoryMB < 64 || w.MemoryMB > 65536 {
			return fmt.Errorf("sandbox.%s.memory_mb is %d: use 64 to 65536", w.name, w.MemoryMB)
		}
	}
	return nil
}
