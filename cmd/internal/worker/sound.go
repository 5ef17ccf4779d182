package worker

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Sound is what the audio worker may reach: a sound server's socket, or the machine's own devices.
type Sound struct {
	// Sockets are path names of the sound server.
	Sockets []string
	// Devices are device files or folders of them.
	Devices []string
	// Files are read: the sound server's cookie.
	Files []string
	// Env tells the sound library where they are (PULSE_SERVER, PULSE_SOURCE, …).
	Env []string
}

// soundVariables are what ALSA's and PulseAudio's libraries read.
var soundVariables = []string{"PULSE_SERVER", "PULSE_SOURCE", "PULSE_SINK", "PULSE_RUNTIME_PATH", "PULSE_COOKIE", "XDG_RUNTIME_DIR", "PIPEWIRE_REMOTE", "ALSA_CONFIG_PATH"}

// askLimit for the question to the sound server.
const askLimit = 2 * time.Second

// FindSound looks for the sound server of the calling process and for sound devices. It executes pactl, where there is
// one, for the default source: a sandboxed worker cannot, and without it a monitor would pass for a microphone. So it is
// called by a process that may, before anything is sealed.
func FindSound(ctx context.Context) Sound {
	var s Sound
	env := map[string]string{}
	for _, name := range soundVariables {
		if value := os.Getenv(name); value != "" {
			env[name] = value
		}
	}
	for _, path := range serverSockets(env) {
		if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
			s.Sockets = append(s.Sockets, path)
		}
	}
	if cookie := env["PULSE_COOKIE"]; cookie != "" {
		s.Files = append(s.Files, cookie)
	}
	if info, err := os.Stat("/dev/snd"); err == nil && info.IsDir() {
		s.Devices = append(s.Devices, "/dev/snd")
	}
	if env["PULSE_SOURCE"] == "" && len(s.Sockets) > 0 {
		ctx, cancel := context.WithTimeout(ctx, askLimit)
		defer cancel()
		cmd := exec.CommandContext(ctx, "pactl", "get-default-source")
		cmd.WaitDelay = askLimit
		if out, err := cmd.Output(); err == nil {
			if source := strings.TrimSpace(string(out)); source != "" {
				env["PULSE_SOURCE"] = source
			}
		}
	}
	for name, value := range env {
		s.Env = append(s.Env, name+"="+value)
	}
	slices.Sort(s.Env)
	return s
}

// serverSockets are where PulseAudio, and PipeWire in its place, listen for clients with that environment.
func serverSockets(env map[string]string) []string {
	var paths []string
	if server := env["PULSE_SERVER"]; server != "" {
		for address := range strings.FieldsSeq(server) {
			if path, ok := strings.CutPrefix(address, "unix:"); ok {
				address = path
			}
			if filepath.IsAbs(address) {
				paths = append(paths, address)
			}
		}
		return paths
	}
	if dir := env["PULSE_RUNTIME_PATH"]; dir != "" {
		paths = append(paths, filepath.Join(dir, "native"))
	}
	if dir := env["XDG_RUNTIME_DIR"]; dir != "" {
		paths = append(paths, filepath.Join(dir, "pulse", "native"), filepath.Join(dir, "pipewire-0"))
	}
	return append(paths, "/run/pulse/native", "/var/run/pulse/native")
}
