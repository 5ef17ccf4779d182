package audio

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

// devicesUnderTest are devices whose microphone hears what their speaker plays. kill makes them fall silent for good, as
// when the sound server dies.
type devicesUnderTest struct {
	microphone func(context.Context, DeviceOptions) (*Microphone, error)
	speaker    func(context.Context, DeviceOptions) (*Speaker, error)
	kill       func()
}

func TestFakeDevicesConform(t *testing.T) {
	testDevices(t, func(t *testing.T) devicesUnderTest {
		f := &FakeDevices{}
		return devicesUnderTest{f.OpenMicrophone, f.OpenSpeaker, f.Unplug}
	})
}

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

// testDevices is the contract of every kind of devices.
func testDevices(t *testing.T, setUp func(*testing.T) devicesUnderTest) {
	open := func(t *testing.T, o DeviceOptions) (devicesUnderTest, *Microphone, *Speaker) {
		d := setUp(t)
		speaker, err := d.speaker(t.Context(), DeviceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { within(t, "closing the speaker", func() { speaker.Close() }) })
		microphone, err := d.microphone(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { within(t, "closing the microphone", func() { microphone.Close() }) })
		return d, microphone, speaker
	}

	t.Run("what is played is heard, whole and unchanged", func(t *testing.T) {
		_, microphone, speaker := open(t, DeviceOptions{})
		sound := chirp(24000, 24000*3/4)
		stop, heard := record(t, microphone)
		time.Sleep(100 * time.Millisecond)
		played, err := speaker.Play(t.Context(), sound)
		if err != nil || played != sound.Duration() {
			t.Errorf("played %v of %v: %v", played, sound.Duration(), err)
		}
		time.Sleep(400 * time.Millisecond)
		close(stop)
		if c := correlation(<-heard, Resample(sound, SampleRate).Samples); c < 0.9 {
			t.Errorf("correlation %.4f", c)
		} else {
			t.Logf("correlation %.4f, overrun %v", c, microphone.Overrun())
		}
	})

	t.Run("a cancelled clip stops and tells how much was played", func(t *testing.T) {
		_, microphone, speaker := open(t, DeviceOptions{})
		sound := tone(440, 24000, 24000*4, 0.5)
		stop, heard := record(t, microphone)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		played, err := speaker.Play(ctx, sound)
		if !errors.Is(err, context.DeadlineExceeded) || played <= 0 || played >= sound.Duration() {
			t.Errorf("played %v of %v: %v", played, sound.Duration(), err)
		}
		time.Sleep(500 * time.Millisecond)
		close(stop)
		samples := <-heard
		if level := rms(samples[len(samples)-SampleRate/10:]); level > 1e-3 {
			t.Errorf("half a second later it still sounds: %v", level)
		}
		loud := 0
		for _, s := range samples {
			if math.Abs(float64(s)) > 0.01 {
				loud++
			}
		}
		if got := samplesDuration(loud, SampleRate); got > played+100*time.Millisecond || got < played-150*time.Millisecond {
			t.Errorf("%v were heard, Play says %v", got, played)
		}
		if again, err := speaker.Play(t.Context(), tone(440, 16000, 1600, 0.5)); err != nil || again != 100*time.Millisecond {
			t.Errorf("the next clip: %v %v", again, err)
		}
	})

	t.Run("reading ends with its context and with Close, playing too", func(t *testing.T) {
		_, microphone, speaker := open(t, DeviceOptions{})
		frame, err := microphone.Read(t.Context())
		if err != nil || len(frame) != FrameSamples {
			t.Errorf("%d samples: %v", len(frame), err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := microphone.Read(over); !errors.Is(err, context.Canceled) {
			t.Errorf("read: %v", err)
		}
		if played, err := speaker.Play(over, tone(440, 16000, 1600, 0.5)); !errors.Is(err, context.Canceled) || played != 0 {
			t.Errorf("play: %v %v", played, err)
		}
		if played, err := speaker.Play(t.Context(), Clip{}); err != nil || played != 0 {
			t.Errorf("an empty clip: %v %v", played, err)
		}
		results := make(chan error, 2)
		go func() {
			for {
				if _, err := microphone.Read(t.Context()); err != nil {
					results <- err
					return
				}
			}
		}()
		go func() {
			_, err := speaker.Play(t.Context(), tone(440, 16000, 16000*60, 0.5))
			results <- err
		}()
		time.Sleep(100 * time.Millisecond)
		within(t, "Close", func() {
			for range 2 {
				if err := errors.Join(microphone.Close(), speaker.Close()); err != nil {
					t.Error(err)
				}
			}
			for range 2 {
				if err := <-results; !errors.Is(err, ErrClosed) {
					t.Errorf("ended by %v", err)
				}
			}
		})
	})

	t.Run("sound that nobody reads is dropped and counted", func(t *testing.T) {
		_, microphone, _ := open(t, DeviceOptions{Buffer: 100 * time.Millisecond})
		deadline := time.Now().Add(patience)
		for microphone.Overrun() == 0 && time.Now().Before(deadline) {
			time.Sleep(20 * time.Millisecond)
		}
		if microphone.Overrun() == 0 {
			t.Error("no overrun")
		}
		if _, err := microphone.Read(t.Context()); err != nil {
			t.Errorf("after an overrun: %v", err)
		}
	})

	t.Run("devices that die are lost, not waited for", func(t *testing.T) {
		d, microphone, speaker := open(t, DeviceOptions{})
		if _, err := microphone.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		played := make(chan error, 1)
		go func() {
			_, err := speaker.Play(t.Context(), tone(440, 16000, 16000*60, 0.5))
			played <- err
		}()
		time.Sleep(100 * time.Millisecond)
		d.kill()
		within(t, "a lost device", func() {
			var err error
			for err == nil {
				_, err = microphone.Read(t.Context())
			}
			if !errors.Is(err, ErrDeviceLost) {
				t.Errorf("read: %v", err)
			}
			if err := <-played; !errors.Is(err, ErrDeviceLost) {
				t.Errorf("play: %v", err)
			}
			if _, err := speaker.Play(t.Context(), tone(440, 16000, 1600, 0.5)); !errors.Is(err, ErrDeviceLost) {
				t.Errorf("play again: %v", err)
			}
		})
	})
}

// record reads until stop is closed.
func record(t *testing.T, m *Microphone) (stop chan struct{}, heard chan []float32) {
	stop, heard = make(chan struct{}), make(chan []float32, 1)
	go func() {
		var all []float32
		defer func() { heard <- all }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			frame, err := m.Read(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			all = append(all, frame...)
		}
	}()
	return stop, heard
}

// chirp sweeps from 200 Hz to 4 kHz, which has one place of best correlation.
func chirp(rate, samples int) Clip {
	c := Clip{Rate: rate, Samples: make([]float32, samples)}
	length := float64(samples) / float64(rate)
	for i := range c.Samples {
		x := float64(i) / float64(rate)
		c.Samples[i] = float32(0.5 * math.Sin(2*math.Pi*(200*x+(4000-200)*x*x/2/length)))
	}
	return c
}

// correlation at the best shift, normalised to [-1, 1].
func correlation(in, pattern []float32) float64 {
	best := -1.0
	energy := 0.0
	for _, s := range pattern {
		energy += float64(s) * float64(s)
	}
	for at := 0; at+len(pattern) <= len(in); at++ {
		var dot, window float32
		for i, s := range pattern {
			dot += s * in[at+i]
			window += in[at+i] * in[at+i]
		}
		if window > 0 {
			best = max(best, float64(dot)/math.Sqrt(energy*float64(window)))
		}
	}
	return best
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

func TestWhatIsSaidInTheFakeRoomIsHeard(t *testing.T) {
	f := &FakeDevices{}
	m, err := f.OpenMicrophone(t.Context(), DeviceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	sound := chirp(16000, 4800)
	f.Say(sound)
	stop, heard := record(t, m)
	time.Sleep(500 * time.Millisecond)
	close(stop)
	if c := correlation(<-heard, sound.Samples); c < 0.99 {
		t.Errorf("correlation %.4f", c)
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
