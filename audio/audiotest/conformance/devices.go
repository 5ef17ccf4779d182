package conformance

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"tenin/audio"
)

// Microphone is an audio.Source that counts what it dropped.
type Microphone interface {
	audio.Source
	Overrun() time.Duration
}

// Devices are devices whose microphone hears what their speaker plays. Kill makes them fall silent for good, as when the
// sound server dies.
type Devices struct {
	Microphone func(context.Context, audio.DeviceOptions) (Microphone, error)
	Speaker    func(context.Context, audio.DeviceOptions) (audio.Player, error)
	Kill       func()
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

// TestDevices is the contract of every kind of devices.
func TestDevices(t *testing.T, setUp func(*testing.T) Devices) {
	open := func(t *testing.T, o audio.DeviceOptions) (Devices, Microphone, audio.Player) {
		d := setUp(t)
		speaker, err := d.Speaker(t.Context(), audio.DeviceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { within(t, "closing the speaker", func() { speaker.Close() }) })
		microphone, err := d.Microphone(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { within(t, "closing the microphone", func() { microphone.Close() }) })
		return d, microphone, speaker
	}

	t.Run("what is played is heard, whole and unchanged", func(t *testing.T) {
		_, microphone, speaker := open(t, audio.DeviceOptions{})
		sound := Chirp(24000, 24000*3/4)
		stop, heard := Record(t, microphone)
		time.Sleep(100 * time.Millisecond)
		played, err := speaker.Play(t.Context(), sound)
		if err != nil || played != sound.Duration() {
			t.Errorf("played %v of %v: %v", played, sound.Duration(), err)
		}
		time.Sleep(400 * time.Millisecond)
		close(stop)
		if c := Correlation(<-heard, audio.Resample(sound, audio.SampleRate).Samples); c < 0.9 {
			t.Errorf("correlation %.4f", c)
		} else {
			t.Logf("correlation %.4f, overrun %v", c, microphone.Overrun())
		}
	})

	t.Run("a cancelled clip stops and tells how much was played", func(t *testing.T) {
		_, microphone, speaker := open(t, audio.DeviceOptions{})
		sound := Tone(440, 24000, 24000*4, 0.5)
		stop, heard := Record(t, microphone)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		played, err := speaker.Play(ctx, sound)
		if !errors.Is(err, context.DeadlineExceeded) || played <= 0 || played >= sound.Duration() {
			t.Errorf("played %v of %v: %v", played, sound.Duration(), err)
		}
		time.Sleep(500 * time.Millisecond)
		close(stop)
		samples := <-heard
		if level := rms(samples[len(samples)-audio.SampleRate/10:]); level > 1e-3 {
			t.Errorf("half a second later it still sounds: %v", level)
		}
		loud := 0
		for _, s := range samples {
			if math.Abs(float64(s)) > 0.01 {
				loud++
			}
		}
		if got := time.Duration(loud) * time.Second / audio.SampleRate; got > played+100*time.Millisecond || got < played-150*time.Millisecond {
			t.Errorf("%v were heard, Play says %v", got, played)
		}
		if again, err := speaker.Play(t.Context(), Tone(440, 16000, 1600, 0.5)); err != nil || again != 100*time.Millisecond {
			t.Errorf("the next clip: %v %v", again, err)
		}
	})

	t.Run("reading ends with its context and with Close, playing too", func(t *testing.T) {
		_, microphone, speaker := open(t, audio.DeviceOptions{})
		frame, err := microphone.Read(t.Context())
		if err != nil || len(frame) != audio.FrameSamples {
			t.Errorf("%d samples: %v", len(frame), err)
		}
		over, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := microphone.Read(over); !errors.Is(err, context.Canceled) {
			t.Errorf("read: %v", err)
		}
		if played, err := speaker.Play(over, Tone(440, 16000, 1600, 0.5)); !errors.Is(err, context.Canceled) || played != 0 {
			t.Errorf("play: %v %v", played, err)
		}
		if played, err := speaker.Play(t.Context(), audio.Clip{}); err != nil || played != 0 {
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
			_, err := speaker.Play(t.Context(), Tone(440, 16000, 16000*60, 0.5))
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
				if err := <-results; !errors.Is(err, audio.ErrClosed) {
					t.Errorf("ended by %v", err)
				}
			}
		})
	})

	t.Run("sound that nobody reads is dropped and counted", func(t *testing.T) {
		_, microphone, _ := open(t, audio.DeviceOptions{Buffer: 100 * time.Millisecond})
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
		d, microphone, speaker := open(t, audio.DeviceOptions{})
		if _, err := microphone.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		played := make(chan error, 1)
		go func() {
			_, err := speaker.Play(t.Context(), Tone(440, 16000, 16000*60, 0.5))
			played <- err
		}()
		time.Sleep(100 * time.Millisecond)
		d.Kill()
		within(t, "a lost device", func() {
			var err error
			for err == nil {
				_, err = microphone.Read(t.Context())
			}
			if !errors.Is(err, audio.ErrDeviceLost) {
				t.Errorf("read: %v", err)
			}
			if err := <-played; !errors.Is(err, audio.ErrDeviceLost) {
				t.Errorf("play: %v", err)
			}
			if _, err := speaker.Play(t.Context(), Tone(440, 16000, 1600, 0.5)); !errors.Is(err, audio.ErrDeviceLost) {
				t.Errorf("play again: %v", err)
			}
		})
	})
}

// Record reads until stop is closed.
func Record(t *testing.T, m Microphone) (stop chan struct{}, heard chan []float32) {
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

// Chirp sweeps from 200 Hz to 4 kHz, which has one place of best correlation.
func Chirp(rate, samples int) audio.Clip {
	c := audio.Clip{Rate: rate, Samples: make([]float32, samples)}
	length := float64(samples) / float64(rate)
	for i := range c.Samples {
		x := float64(i) / float64(rate)
		c.Samples[i] = float32(0.5 * math.Sin(2*math.Pi*(200*x+(4000-200)*x*x/2/length)))
	}
	return c
}

// Correlation at the best shift, normalised to [-1, 1].
func Correlation(in, pattern []float32) float64 {
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

// Tone is a sine wave.
func Tone(hz float64, rate, samples int, amplitude float64) audio.Clip {
	c := audio.Clip{Rate: rate, Samples: make([]float32, samples)}
	for i := range c.Samples {
		c.Samples[i] = float32(amplitude * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return c
}

func rms(samples []float32) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(max(len(samples), 1)))
}
