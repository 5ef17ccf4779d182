package setup

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"tenin/audio"
)

// inRoom is a Setup with devices that do not exist: what is played is heard, and so is what the room says.
func inRoom(t testing.TB, devices *audio.FakeDevices) *Setup {
	t.Helper()
	s, err := New(Options{Home: t.TempDir(), Sound: Sound{
		Microphone: func(ctx context.Context, o audio.DeviceOptions) (Ear, error) { return devices.OpenMicrophone(ctx, o) },
		Speaker: func(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) {
			return devices.OpenSpeaker(ctx, o)
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// noise lasts d at a level in dB below full scale.
func noise(d time.Duration, level float64) audio.Clip {
	random := rand.New(rand.NewPCG(1, 2))
	c := audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, int(d.Seconds()*audio.SampleRate))}
	for i := range c.Samples {
		c.Samples[i] = float32(math.Pow(10, level/20) * random.NormFloat64())
	}
	return c
}

func join(clips ...audio.Clip) audio.Clip {
	out := audio.Clip{Rate: audio.SampleRate}
	for _, c := range clips {
		out.Samples = append(out.Samples, c.Samples...)
	}
	return out
}

func TestAMicrophonesTestSaysWhatIsWrongWithIt(t *testing.T) {
	square := noise(2*time.Second, -3)
	for i, v := range square.Samples {
		square.Samples[i] = float32(math.Copysign(1, float64(v)))
	}
	for name, tc := range map[string]struct {
		room audio.Clip
		want Code
	}{
		"fine":       {join(noise(3*time.Second, -60), noise(3*time.Second, -25), noise(8*time.Second, -60)), Fine},
		"nobody":     {noise(12*time.Second, -60), SpeechUnheard},
		"muted":      {audio.Clip{Rate: audio.SampleRate}, MicrophoneDead},
		"soft":       {join(noise(3*time.Second, -78), noise(3*time.Second, -52), noise(8*time.Second, -78)), MicrophoneQuiet},
		"cut off":    {join(noise(3*time.Second, -60), square, noise(8*time.Second, -60)), MicrophoneClips},
		"loud place": {join(noise(3*time.Second, -24), noise(3*time.Second, -10), noise(8*time.Second, -24)), MicrophoneNoisy},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				devices := &audio.FakeDevices{}
				s := inRoom(t, devices)
				devices.Say(tc.room)
				levels, phases := 0, map[Phase]bool{}
				h := s.CheckMicrophone(t.Context(), func(l Level) {
					levels++
					phases[l.Phase] = true
					if l.RMS > l.Peak+0.01 || l.RMS < silence || l.Peak > 0 {
						t.Errorf("%+v", l)
					}
				})
				if h.Code != tc.want || (h.State == Good) != (tc.want == Fine) || h.Part != Microphone || h.Text == "" {
					t.Fatalf("%+v, want %s", h, tc.want)
				}
				if levels < 60 || len(phases) != 2 {
					t.Errorf("%d levels in %v", levels, phases)
				}
				if tc.want == Fine && (math.Abs(h.Floor+60) > 1 || math.Abs(h.Speech+25) > 1.5 || h.Spoken < leastSpeech) {
					t.Errorf("%+v", h)
				}
			})
		})
	}
}

func TestALostMicrophoneEndsEachTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		devices := &audio.FakeDevices{}
		s := inRoom(t, devices)
		time.AfterFunc(700*time.Millisecond, devices.Unplug)
		if h := s.CheckMicrophone(t.Context(), nil); h.Code != DeviceLost || h.State != Bad {
			t.Errorf("%+v", h)
		}
		time.AfterFunc(700*time.Millisecond, devices.Unplug)
		if e := s.MeasureEcho(t.Context()); e.Code != DeviceLost || e.Part != Echo {
			t.Errorf("%+v", e)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if e := s.CheckLoudspeaker(ctx); e.State != Bad || e.Part != Loudspeaker {
			t.Errorf("%+v", e)
		}
	})
}

func TestATonePlayedIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		devices := &audio.FakeDevices{}
		s := inRoom(t, devices)
		devices.Say(noise(10*time.Second, -40))
		tone := s.CheckLoudspeaker(t.Context())
		if tone.State != Good || math.Abs(tone.Level-20*math.Log10(toneLevel/math.Sqrt2)) > 1 || tone.Before > -45 {
			t.Fatalf("%+v", tone)
		}
	})
}

func TestALoudspeakerThatNobodyHearsIsFoundOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		loud, room := &audio.FakeDevices{}, &audio.FakeDevices{}
		s := inRoom(t, room)
		s.options.Sound.Speaker = func(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) {
			return loud.OpenSpeaker(ctx, o)
		}
		room.Say(noise(20*time.Second, -30))
		if tone := s.CheckLoudspeaker(t.Context()); tone.Code != ToneUnheard {
			t.Errorf("%+v", tone)
		}
		if e := s.MeasureEcho(t.Context()); e.Code != EchoUnheard || e.Heard || !e.HalfDuplex {
			t.Errorf("%+v", e)
		}
	})
}

func TestAnEchoIsMeasuredThroughDevices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		devices := &audio.FakeDevices{}
		s := inRoom(t, devices)
		devices.Say(noise(20*time.Second, -45))
		e := s.MeasureEcho(t.Context())
		if e.State != Good || !e.HalfDuplex || e.Code != HalfDuplex || math.Abs(e.Attenuation) > 0.5 || e.Likeness < 0.9 || e.Delay > 100*time.Millisecond {
			t.Fatalf("%+v", e)
		}
	})
}

func TestDelayAndAttenuationAreThoseOfTheRoom(t *testing.T) {
	played := sweep().Samples
	random := rand.New(rand.NewPCG(3, 4))
	for range 12 {
		delay := random.IntN(int(longestDelay.Seconds() * audio.SampleRate))
		loss, above, sign := float64(random.IntN(37)-6), float64(random.IntN(40)), float32(1-2*random.IntN(2))
		const began = 8000
		heard := noise(3*time.Second, stretchLevel(played)-loss-above).Samples
		gain := float32(math.Pow(10, -loss/20)) * sign
		for i, v := range played {
			heard[began+delay+i] += gain * v
		}
		e := correlate(played, heard, began)
		if !e.Heard || (e.Delay-samplesTime(delay)).Abs() > time.Millisecond || math.Abs(e.Attenuation-loss) > 1 {
			t.Errorf("%+v, want %v and %v dB, %v dB above the noise", e, samplesTime(delay), loss, above)
		}
	}
}

func TestNoiseAloneIsNoEcho(t *testing.T) {
	played := sweep().Samples
	for _, level := range []float64{-60, -20, -6} {
		if e := correlate(played, noise(3*time.Second, level).Samples, 8000); e.Heard || e.Likeness > leastLikeness/1.5 {
			t.Errorf("at %v dB: %+v", level, e)
		}
	}
	for _, heard := range [][]float32{nil, make([]float32, 100), make([]float32, 48000)} {
		if e := correlate(played, heard, 0); e.Heard {
			t.Errorf("%d samples: %+v", len(heard), e)
		}
	}
}

func TestAWeakEchoNeedsNoTurns(t *testing.T) {
	for _, tc := range []struct {
		loss, room float64
		delay      time.Duration
		code       Code
		half       bool
	}{
		{5, -60, 50 * time.Millisecond, HalfDuplex, true},
		{45, -60, 50 * time.Millisecond, Fine, false},
		{20, -35, 50 * time.Millisecond, Fine, false},
		{-10, -60, 50 * time.Millisecond, EchoLoud, true},
		{5, -60, 500 * time.Millisecond, EchoLate, true},
	} {
		e := EchoResult{Heard: true, Attenuation: tc.loss, Delay: tc.delay, Likeness: 1}
		f := judgeEcho(&e, tc.room)
		if f.Code != tc.code || e.HalfDuplex != tc.half {
			t.Errorf("%+v: %+v", tc, f)
		}
	}
}
