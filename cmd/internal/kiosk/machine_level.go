package kiosk

import (
	"context"
	"math"
	"time"

	"tenin/asr"
	"tenin/audio"
)

// Loudness is how loud the microphone of a turn is: a number, and no sound.
type Loudness struct {
	Turn uint64
	// RMS of LoudnessEvery, 0 to 1 of full scale; exactly 0 where every sample is, which no open microphone gives.
	RMS float32
}

// LoudnessEvery is how much sound a Loudness sums up: eight a second, each of which may be a picture to draw.
const LoudnessEvery = levelFrames * audio.FrameDuration

const levelFrames = 4

// meter measures what a shopper's microphone gives on its way to the listener. It holds a sum of squares and no sample, and
// not even that once the microphone is closed.
type meter struct {
	asr.Frames
	turn   uint64
	tell   func(Loudness)
	sum    float64
	frames int
}

func (m *meter) Read(ctx context.Context) ([]float32, error) {
	frame, err := m.Frames.Read(ctx)
	if err != nil {
		m.sum, m.frames = 0, 0
		return frame, err
	}
	for _, s := range frame {
		m.sum += float64(s) * float64(s)
	}
	if m.frames++; m.frames == levelFrames {
		m.tell(Loudness{m.turn, float32(math.Sqrt(m.sum / (levelFrames * audio.FrameSamples)))})
		m.sum, m.frames = 0, 0
	}
	return frame, nil
}

// metered is an ear whose loudness the counter is told, if it is the counter's and somebody wants to know.
func (t *liveTurn) metered(ear Ear) asr.Frames {
	if t.runner.options.Level == nil || t.visit.manner.device != nil {
		return ear
	}
	return &meter{Frames: ear, turn: t.number, tell: t.runner.options.Level}
}

// Sound is how much of what a turn says is made.
type Sound struct {
	Turn uint64
	// Begun is when its first piece was handed to the loudspeaker, which plays on from there.
	Begun time.Time
	// Made is how long the pieces sound together; All says that there will be no more.
	Made time.Duration
	All  bool
}

// sounding returns what tells the counter of each piece of sound.
func (t *liveTurn) sounding() func(piece time.Duration, all bool) {
	tell := t.runner.options.Sounding
	if tell == nil || t.visit.manner.device != nil {
		return func(time.Duration, bool) {}
	}
	s := Sound{Turn: t.number}
	return func(piece time.Duration, all bool) {
		if piece == 0 && s.Begun.IsZero() {
			return // there is no sound
		}
		if s.Begun.IsZero() {
			s.Begun = time.Now()
		}
		s.Made += piece
		s.All = all
		tell(s)
	}
}
