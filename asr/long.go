package asr

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tenin/audio"
)

// Pieces of a long recording: never longer than what Whisper hears well at once, cut where somebody draws breath.
const (
	maxPiece   = 28 * time.Second
	speechFrom = 0.5  // a frame is speech from this probability on
	speechKeep = 0.35 // and stays speech down to this one (Silero's defaults)
	minSpeech  = 200 * time.Millisecond
	joinPause  = 600 * time.Millisecond // shorter pauses do not split
	piecePad   = 200 * time.Millisecond
)

// Piece is a stretch of speech in a recording, in samples.
type Piece struct{ Start, End int }

// Pieces finds the speech in samples (mono, 16 kHz): in order, apart, each within the recording and at most 28 s long.
// Longer speech is cut where the VAD is least sure of it.
func Pieces(samples []float32, vad VAD) ([]Piece, error) {
	vad.Reset()
	p := make([]float32, 0, len(samples)/audio.FrameSamples+1)
	for part := range slices.Chunk(samples, lookAhead*audio.FrameSamples) {
		if rest := len(part) % audio.FrameSamples; rest > 0 {
			part = append(slices.Clone(part), make([]float32, audio.FrameSamples-rest)...)
		}
		list, err := vad.Probabilities(part)
		if err != nil {
			return nil, fmt.Errorf("the voice detector failed: %w", err)
		}
		p = append(p, list...)
	}
	return pieces(p, len(samples)), nil
}

func pieces(p []float32, n int) []Piece {
	frames := func(d time.Duration) int { return int(d / audio.FrameDuration) }
	type span struct{ from, to int }
	var speech []span
	for i := 0; i < len(p); i++ {
		if p[i] < speechFrom {
			continue
		}
		s := span{i, i}
		for s.to < len(p) && p[s.to] >= speechKeep {
			s.to++
		}
		i = s.to
		if k := len(speech) - 1; k >= 0 && s.from-speech[k].to <= frames(joinPause) {
			speech[k].to = s.to
			continue
		}
		speech = append(speech, s)
	}
	var out []Piece
	// A cut through speech is where it is quietest: padding would move it, and could swallow a short rest.
	add := func(s span, padEnd int) {
		start, end := s.from*audio.FrameSamples-samplesIn(piecePad), s.to*audio.FrameSamples+padEnd
		if k := len(out); k > 0 {
			start = max(start, out[k-1].End)
		}
		out = append(out, Piece{max(start, 0), min(end, n)})
	}
	limit := frames(maxPiece - 2*piecePad)
	for _, s := range speech {
		if s.to-s.from < frames(minSpeech) {
			continue
		}
		for s.to-s.from > limit {
			// The quietest frame of the last third, so that pieces stay long.
			cut := s.from + limit*2/3
			for i := cut; i < s.from+limit; i++ {
				if p[i] < p[cut] {
					cut = i
				}
			}
			add(span{s.from, cut}, 0)
			s.from = cut
		}
		add(s, samplesIn(piecePad))
	}
	return out
}

// TranscribeLong transcribes a recording of any length, piece by piece. Each piece with words becomes a segment with its
// place in the recording, and is passed to each (which may be nil) as soon as it is known. A recording without speech
// gives an empty transcript. It returns ctx.Err() when ctx is done.
func TranscribeLong(ctx context.Context, r Recognizer, vad VAD, samples []float32, o Options, each func(Segment)) (Transcript, error) {
	begin := time.Now()
	list, err := Pieces(samples, vad)
	if err != nil {
		return Transcript{}, err
	}
	all := Transcript{Language: o.Language, NoSpeech: 1}
	if o.Language == "" || o.Language == "auto" {
		all.Language = Languages[0]
	}
	var texts []string
	weight := 0
	for _, piece := range list {
		t, err := r.Transcribe(ctx, samples[piece.Start:piece.End], o)
		if err != nil {
			return Transcript{}, err
		}
		all.Timings.Encode += t.Timings.Encode
		all.Timings.Decode += t.Timings.Decode
		all.Timings.Tries += t.Timings.Tries
		all.Timings.Tokens += t.Timings.Tokens
		all.Timings.AudioContext = t.Timings.AudioContext
		all.Timings.PromptTokens = t.Timings.PromptTokens
		if t.Text == "" {
			continue
		}
		if len(texts) == 0 {
			all.Language = t.Language
		}
		if rank(t.Suspect) > rank(all.Suspect) {
			all.Suspect = t.Suspect
		}
		all.NoSpeech = min(all.NoSpeech, t.NoSpeech)
		n := len(t.Text)
		all.Confidence = (all.Confidence*float64(weight) + t.Confidence*float64(n)) / float64(weight+n)
		weight += n
		s := Segment{t.Text, duration(piece.Start), duration(piece.End)}
		all.Segments = append(all.Segments, s)
		texts = append(texts, t.Text)
		if each != nil {
			each(s)
		}
	}
	separator := ""
	if all.Language == "en" {
		separator = " "
	}
	all.Text = strings.Join(texts, separator)
	all.Timings.Total = time.Since(begin)
	return all, nil
}
