//go:build engines

package audio

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tenin/audio/audiotest"
)

// StartSoundServer is startSoundServer for tests from outside.
var StartSoundServer = startSoundServer

// startSoundServer runs a sound server of the test's own, and points this process at it. The microphone is the monitor of
// the speaker. kill ends the server at once.
func startSoundServer(t *testing.T) (kill func()) {
	t.Helper()
	server := audiotest.Start(t, "speaker")
	for _, variable := range server.Env("speaker", "speaker.monitor") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	return server.Kill
}

func TestTheMonitorOfANullSinkIsNotTakenForAMicrophone(t *testing.T) {
	startSoundServer(t)
	for _, source := range []string{"speaker.monitor", ""} { // the second time pactl has to tell
		os.Setenv("PULSE_SOURCE", source)
		all, err := Devices()
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, d := range all {
			if d.Name == "pulse" {
				found = true
				if !d.Monitor || d.Feeds != "speaker.monitor" || d.Inputs == 0 || d.Outputs == 0 {
					t.Errorf("%+v", d)
				}
			}
		}
		if !found {
			t.Fatal("no device pulse: apt install libasound2-plugins")
		}
		if d, err := DefaultMicrophone(); err == nil && throughSoundServer(d.Name) {
			t.Errorf("the default microphone is %+v", d)
		}
	}
}

func TestDevicesOpenAgainWhenTheSoundServerIsBack(t *testing.T) {
	kill := startSoundServer(t)
	m, err := OpenMicrophone(t.Context(), DeviceOptions{Name: "pulse"})
	if err != nil {
		t.Fatal(err)
	}
	kill()
	for err == nil {
		_, err = m.Read(t.Context())
	}
	if !errors.Is(err, ErrDeviceLost) {
		t.Fatal(err)
	}
	within(t, "Close", func() { m.Close() })
	if _, err := OpenMicrophone(t.Context(), DeviceOptions{Name: "pulse"}); !errors.Is(err, ErrNoMicrophone) {
		t.Errorf("without a server: %v", err)
	}
	startSoundServer(t)
	if m, err = OpenMicrophone(t.Context(), DeviceOptions{Name: "pulse"}); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Read(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestListingDevicesPrintsNothing(t *testing.T) {
	if os.Getenv("TENIN_AUDIO_TEST_CHILD") != "" {
		_, err := Devices()
		fmt.Println("devices:", err)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestListingDevicesPrintsNothing$")
	cmd.Env = append(os.Environ(), "TENIN_AUDIO_TEST_CHILD=1", "PULSE_SERVER=unix:/nonexistent")
	var noise strings.Builder
	cmd.Stderr = &noise
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "devices: <nil>") {
		t.Errorf("%v %s", err, out)
	}
	if noise.String() != "" {
		t.Errorf("standard error: %.300s", noise.String())
	}
}

func TestACallOfTheLibraryThatHangsIsGivenUp(t *testing.T) {
	p := &portAudio{}
	release := make(chan struct{})
	within(t, "a hanging call", func() {
		if err := p.call("hang", func() error { <-release; return nil }); !errors.Is(err, ErrDeviceLost) {
			t.Errorf("got %v", err)
		}
		if err := p.call("next", func() error { return nil }); !errors.Is(err, ErrDeviceLost) {
			t.Errorf("while it hangs: %v", err)
		}
		close(release)
		for p.hung.Load() {
			time.Sleep(time.Millisecond)
		}
		if err := p.call("next", func() error { return nil }); err != nil {
			t.Errorf("after it came back: %v", err)
		}
	})
}
