package setup

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"tenin/audio"
)

// What a good room has. Levels are dB below full scale.
const (
	// quietFor and speakFor are how long a microphone's test listens.
	quietFor = 2 * time.Second
	speakFor = 8 * time.Second
	// enoughSpeech ends the second phase: a short sentence.
	enoughSpeech = 1500 * time.Millisecond
	// leastSpeech is what counts as a sentence.
	leastSpeech = 500 * time.Millisecond
	// silence is where digital silence is put: below the noise of every converter of 16 bits (-98 dB).
	silence = -100.0
	// softSpeech: a voice below it is lost in the recogniser's own rounding.
	softSpeech = -50.0
	// leastAbove is how far a voice has to stand above the room.
	leastAbove = 12.0
	// clipAt is a sample that was cut off, mostClipped the share of the voice that may be.
	clipAt      = 0.985
	mostClipped = 0.001
)

// CheckMicrophone listens to the room, in which nobody should speak, and then to a sentence. tell, which may be nil, is
// told what is heard, about 30 times a second, from the calling goroutine. It ends early when somebody has spoken.
func (s *Setup) CheckMicrophone(ctx context.Context, tell func(Level)) Hearing {
	h := Hearing{Floor: silence}
	ear, err := s.openEar(ctx)
	if err != nil {
		h.Finding = earFinding(err)
		return h
	}
	defer ear.Close()
	h.Device = nameOf(ear)
	vad, err := s.openVAD()
	if err != nil {
		h.Finding = failedTest(Microphone, err, "look at `tenin doctor models`")
		return h
	}
	defer vad.Close()
	m := &meter{ear: ear, vad: vad, tell: tell}
	room, err := m.listen(ctx, Quiet, quietFor, nil)
	if err == nil {
		h.Floor = room.floor()
		var voice stretch
		voice, err = m.listen(ctx, Speak, speakFor, func(v *stretch) bool { return v.spoken() >= enoughSpeech })
		h.Spoken = voice.spoken()
		if h.Spoken > 0 {
			h.Speech, h.Clipped = voice.speech()
			h.Above = h.Speech - h.Floor
		}
		room.live = room.live || voice.live
	}
	if err != nil {
		h.Finding = earFinding(err)
		return h
	}
	h.Finding = judgeHearing(h, room.live)
	return h
}

func judgeHearing(h Hearing, live bool) Finding {
	text := fmt.Sprintf("%s: the room at %.0f dB, the voice at %.0f dB, %.0f dB above it", h.Device, h.Floor, h.Speech, h.Above)
	switch {
	case !live:
		return found(Microphone, Bad, MicrophoneDead, h.Device+" gives digital silence, not even noise", "look at its switch and its cable, and whether it is muted (alsamixer, pavucontrol)")
	case h.Spoken < leastSpeech:
		return found(Microphone, Bad, SpeechUnheard, fmt.Sprintf("%s: nobody was heard to speak; the room is at %.0f dB", h.Device, h.Floor), "speak as a shopper would, from where a shopper stands; turn the microphone up")
	case h.Clipped > mostClipped:
		return found(Microphone, Bad, MicrophoneClips, fmt.Sprintf("%s: %.1f %% of the voice is cut off at the top", h.Device, 100*h.Clipped), "turn the microphone down")
	case h.Above < leastAbove:
		return found(Microphone, Bad, MicrophoneNoisy, text, "bring the microphone nearer to the shopper, or away from what is loud")
	case h.Speech < softSpeech:
		return found(Microphone, Bad, MicrophoneQuiet, text, "turn the microphone up")
	}
	return found(Microphone, Good, Fine, text, "")
}

func earFinding(err error) Finding {
	switch {
	case errors.Is(err, audio.ErrNoMicrophone):
		return found(Microphone, Bad, MicrophoneNone, err.Error(), "plug one in")
	case errors.Is(err, audio.ErrDeviceLost):
		return found(Microphone, Bad, DeviceLost, err.Error(), "plug it in again, or look whether the sound server runs")
	}
	return failedTest(Microphone, err, "look at `tenin doctor audio`")
}

// meter listens in stretches.
type meter struct {
	ear  Ear
	vad  audio.VAD
	tell func(Level)
}

// stretch is what was heard in one.
type stretch struct {
	levels  []float64 // of each frame
	voiced  []bool
	clipped []int // samples of each frame
	live    bool  // something but zeros came
}

// listen hears for as long as d, or until enough says so.
func (m *meter) listen(ctx context.Context, phase Phase, d time.Duration, enough func(*stretch) bool) (s stretch, err error) {
	frames := int(d / audio.FrameDuration)
	for n := range frames {
		frame, err := m.ear.Read(ctx)
		if err != nil {
			return s, err
		}
		p, err := m.vad.Probabilities(frame)
		if err != nil {
			return s, err
		}
		power, peak, clipped := 0.0, 0.0, 0
		for _, v := range frame {
			a := math.Abs(float64(v))
			power += a * a
			peak = max(peak, a)
			if a >= clipAt {
				clipped++
			}
		}
		level := decibel(power / float64(max(len(frame), 1)))
		speech := p[0] >= 0.5
		s.live = s.live || peak > 0
		s.levels, s.voiced, s.clipped = append(s.levels, level), append(s.voiced, speech), append(s.clipped, clipped)
		if m.tell != nil {
			m.tell(Level{RMS: min(level, 0), Peak: min(decibel(peak*peak), 0), Clips: clipped > 0, Speech: speech, Phase: phase, Left: time.Duration(frames-n-1) * audio.FrameDuration})
		}
		if enough != nil && enough(&s) {
			break
		}
	}
	return s, nil
}

// floor is the level that half of the frames lie below: a cough or a door does not move it.
func (s *stretch) floor() float64 {
	if len(s.levels) == 0 {
		return silence
	}
	sorted := slices.Sorted(slices.Values(s.levels))
	return sorted[len(sorted)/2]
}

func (s *stretch) spoken() (d time.Duration) {
	for _, v := range s.voiced {
		if v {
			d += audio.FrameDuration
		}
	}
	return d
}

// speech is the mean power of the voiced frames, and the share of their samples that is cut off.
func (s *stretch) speech() (level, clipped float64) {
	power, n, cut := 0.0, 0, 0
	for i, v := range s.voiced {
		if v {
			power += math.Pow(10, s.levels[i]/10)
			cut += s.clipped[i]
			n++
		}
	}
	if n == 0 {
		return silence, 0
	}
	return decibel(power / float64(n)), float64(cut) / float64(n*audio.FrameSamples)
}

// decibel is a mean square as a level below full scale.
func decibel(power float64) float64 { return max(10*math.Log10(max(power, 1e-12)), silence) }

func nameOf(device any) string {
	if d, ok := device.(interface{ Device() audio.Device }); ok {
		return d.Device().Name
	}
	return "the microphone"
}

func (s *Setup) openEar(ctx context.Context) (Ear, error) {
	o := audio.DeviceOptions{Name: s.settings.Audio.Microphone}
	if s.options.Sound.Microphone != nil {
		return s.options.Sound.Microphone(ctx, o)
	}
	return audio.OpenMicrophone(ctx, o)
}

func (s *Setup) openSpeaker(ctx context.Context) (audio.Player, error) {
	o := audio.DeviceOptions{Name: s.settings.Audio.Loudspeaker}
	if s.options.Sound.Speaker != nil {
		return s.options.Sound.Speaker(ctx, o)
	}
	return audio.OpenSpeaker(ctx, o)
}

func (s *Setup) openVAD() (audio.VAD, error) {
	if s.options.Sound.VAD != nil {
		return s.options.Sound.VAD()
	}
	return &audio.EnergyVAD{}, nil
}
