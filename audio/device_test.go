package audio

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// patience is no expectation: it only turns a hang into a failure.
const patience = 20 * time.Second

func within(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("%s hangs", what)
	}
}

// listDriver has devices to choose from and none to open.
type listDriver struct {
	driver
	list []Device
}

func (l listDriver) devices() ([]Device, error) { return l.list, nil }

func TestTheMicrophoneIsOneThatHearsTheRoom(t *testing.T) {
	mic, usb := Device{Name: "Built-in", Inputs: 2}, Device{Name: "USB Headset", Inputs: 1, Outputs: 2, DefaultInput: true}
	monitor, speaker := Device{Name: "pulse", Inputs: 32, Outputs: 32, Monitor: true, DefaultInput: true, DefaultOutput: true}, Device{Name: "HDMI", Outputs: 8}
	for name, c := range map[string]struct {
		list []Device
		ask  string
		want string
	}{
		"the default":                           {[]Device{mic, usb, speaker}, "", usb.Name},
		"not a monitor, though it is default":   {[]Device{monitor, speaker, mic}, "", mic.Name},
		"only a monitor":                        {[]Device{monitor, speaker}, "", ""},
		"only a speaker":                        {[]Device{speaker}, "", ""},
		"nothing":                               {nil, "", ""},
		"by a part of its name":                 {[]Device{mic, usb}, "headset", usb.Name},
		"by its whole name before a part of it": {[]Device{{Name: "pulse 2", Inputs: 1}, monitor}, "pulse", monitor.Name},
		"a monitor when it is named":            {[]Device{mic, monitor}, "pulse", monitor.Name},
		"a name without an input":               {[]Device{mic, speaker}, "HDMI", ""},
	} {
		got, err := chooseInput(listDriver{list: c.list}, c.ask)
		if got.Name != c.want || (c.want == "") != errors.Is(err, ErrNoMicrophone) {
			t.Errorf("%s: %q %v", name, got.Name, err)
		}
	}
	if d, err := chooseOutput(listDriver{list: []Device{mic, speaker, monitor}}, ""); err != nil || d.Name != monitor.Name {
		t.Errorf("output: %v %v", d, err)
	}
	if _, err := chooseOutput(listDriver{list: []Device{mic}}, ""); !errors.Is(err, ErrNoSpeaker) {
		t.Errorf("no output: %v", err)
	}
}

func TestMonitorsAreKnownByNameAndByWhatTheSoundServerFeeds(t *testing.T) {
	t.Setenv("PULSE_SOURCE", "null.monitor")
	list := []Device{{Name: "Monitor of HDMI", Inputs: 2}, {Name: "pulse", Inputs: 32}, {Name: "Built-in", Inputs: 2}, {Name: "pulse", Outputs: 2}}
	markMonitors(list)
	var got []bool
	for _, d := range list {
		got = append(got, d.Monitor)
	}
	if !slices.Equal(got, []bool{true, true, false, false}) || list[1].Feeds != "null.monitor" {
		t.Errorf("%v %+v", got, list[1])
	}
	t.Setenv("PULSE_SOURCE", "alsa_input.usb")
	markMonitors(list)
	if list[1].Monitor {
		t.Error("a real source is called a monitor")
	}
}

func TestAFakeMonitorIsNoMicrophone(t *testing.T) {
	f := &FakeDevices{OnlyMonitor: true}
	if _, err := f.DefaultMicrophone(); !errors.Is(err, ErrNoMicrophone) {
		t.Errorf("got %v", err)
	}
	if _, err := f.OpenMicrophone(t.Context(), DeviceOptions{}); !errors.Is(err, ErrNoMicrophone) {
		t.Errorf("got %v", err)
	}
}

func TestTheCallbacksDoNotAllocate(t *testing.T) {
	m := &Microphone{ring: newRing(4800), heard: make(chan struct{}, 1)}
	s := &Speaker{}
	m.watch.begin()
	s.watch.begin()
	block := make([]float32, 480)
	s.now.Store(&playback{samples: make([]float32, 480*50), ended: make(chan struct{}, 1)})
	if n := testing.AllocsPerRun(100, func() { m.callback(block); s.callback(block) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
