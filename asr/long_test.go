package asr

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/audio"
)

func TestPiecesOfAnyRecordingAreInOrderApartAndShortEnough(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p []float32
		for range rapid.IntRange(0, 8).Draw(t, "stretches") {
			v := rapid.Float32Range(0, 1).Draw(t, "probability")
			for range rapid.IntRange(1, 1500).Draw(t, "frames") {
				p = append(p, v)
			}
		}
		n := max(0, len(p)*audio.FrameSamples-rapid.IntRange(0, audio.FrameSamples-1).Draw(t, "missing"))
		at := 0
		for _, piece := range pieces(p, n) {
			if piece.Start < at || piece.End <= piece.Start || piece.End > n {
				t.Fatalf("piece %+v after %d of %d", piece, at, n)
			}
			if d := duration(piece.End - piece.Start); d > maxPiece {
				t.Fatalf("a piece of %v", d)
			}
			at = piece.End
		}
	})
}

// Talk without a pause that ends just after a cut: the rest is a piece too, and no piece is empty.
func TestAShortRestBehindACutIsAPieceOfItsOwn(t *testing.T) {
	limit := int((maxPiece - 2*piecePad) / audio.FrameDuration)
	p := make([]float32, limit+1)
	for i := range p {
		p[i] = 1
	}
	p[limit-1] = 0.5
	n := len(p) * audio.FrameSamples
	want := []Piece{{0, (limit - 1) * audio.FrameSamples}, {(limit - 1) * audio.FrameSamples, n}}
	if got := pieces(p, n); !slices.Equal(got, want) {
		t.Errorf("pieces %v, want %v", got, want)
	}
}

func TestALongRecordingBecomesSegmentsWithTheirTimes(t *testing.T) {
	samples := make([]float32, 60*SampleRate)
	loud := func(from, to int) {
		for i := from * SampleRate; i < to*SampleRate; i++ {
			samples[i] = 0.5
		}
	}
	loud(2, 5)
	loud(20, 24)
	r := &Scripted{Script: func(s []float32, _ Options) Transcript { return Transcript{Text: "はい", Confidence: 0.5} }}
	defer r.Close()
	var live int
	got, err := TranscribeLong(context.Background(), r, level{}, samples, Options{}, func(Segment) { live++ })
	if err != nil {
		t.Fatal(err)
	}
	if got.Text != "はいはい" || len(got.Segments) != 2 || live != 2 {
		t.Fatalf("%+v", got)
	}
	near := func(d time.Duration, s int) bool {
		return d > time.Duration(s)*time.Second-300*time.Millisecond && d < time.Duration(s)*time.Second+300*time.Millisecond
	}
	if s := got.Segments[1]; !near(s.Start, 20) || !near(s.End, 24) {
		t.Errorf("the second segment lies at %v to %v", s.Start, s.End)
	}
}

func TestALongRecordingStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r := &Scripted{Script: always("はい"), Latency: time.Millisecond}
	defer r.Close()
	samples := make([]float32, 40*SampleRate)
	for i := range samples {
		samples[i] = 0.5
	}
	_, err := TranscribeLong(ctx, r, level{}, samples, Options{}, func(Segment) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
