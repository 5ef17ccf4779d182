package audio

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"time"
)

// soundServerLimit for the question to the sound server.
const soundServerLimit = 2 * time.Second

// markMonitors finds the inputs that hear what the machine plays. A device of a sound server is called the same whatever
// it feeds, so the server is asked, where pactl is installed.
func markMonitors(list []Device) {
	source, asked := "", false
	for i := range list {
		d := &list[i]
		if d.Inputs == 0 {
			continue
		}
		if throughSoundServer(d.Name) {
			if !asked {
				source, asked = defaultSource(), true
			}
			d.Feeds = source
		}
		d.Monitor = isMonitor(d.Name) || isMonitor(d.Feeds)
	}
}

func isMonitor(name string) bool { return strings.Contains(strings.ToLower(name), "monitor") }

// throughSoundServer knows the names that ALSA's plugins give to the devices of PulseAudio and PipeWire.
func throughSoundServer(name string) bool {
	return name == "pulse" || name == "default" || name == "pipewire"
}

// defaultSource is empty when nobody can tell.
func defaultSource() string {
	if s := os.Getenv("PULSE_SOURCE"); s != "" {
		return s
	}
	ctx, cancel := context.WithTimeout(context.Background(), soundServerLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "pactl", "get-default-source")
	cmd.WaitDelay = soundServerLimit
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
