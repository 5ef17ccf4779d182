package worker

import (
	"math"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"tenin/audio"
	"tenin/cmd/internal/worker/pb"
)

// Whatever bytes a worker sends, the kiosk refuses them or gets values within their bounds.

func FuzzATranscriptIsSaneOrRefused(f *testing.F) {
	seed, _ := proto.Marshal(&pb.TranscribeReply{Text: "営業時間", Language: "ja", Confidence: 0.9, Segments: []*pb.Segment{{Text: "営業時間", EndNs: 1e9}}})
	f.Add(seed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &pb.TranscribeReply{}
		if proto.Unmarshal(b, m) != nil {
			return
		}
		const length = 5 * time.Second
		got, err := unpackTranscript(m, length)
		if err != nil {
			return
		}
		if got.Language != "ja" && got.Language != "en" || !(got.Confidence >= 0 && got.Confidence <= 1) || !(got.NoSpeech >= 0 && got.NoSpeech <= 1) {
			t.Errorf("%+v", got)
		}
		sane(t, got.Text)
		for _, s := range got.Segments {
			sane(t, s.Text)
			if s.Start < 0 || s.End < s.Start || s.End > length+time.Second {
				t.Errorf("a segment from %v to %v", s.Start, s.End)
			}
		}
	})
}

func sane(t *testing.T, text string) {
	t.Helper()
	if !utf8.ValidString(text) || len(text) > longestText {
		t.Errorf("%d bytes of text", len(text))
	}
	for _, r := range text {
		if unicode.IsControl(r) {
			t.Errorf("control character %U", r)
		}
	}
}

func FuzzSamplesAreSoundOrRefused(f *testing.F) {
	f.Add(audio.PackSamples([]float32{0, 1, -1}), 3)
	f.Fuzz(func(t *testing.T, b []byte, most int) {
		most = most & 0xffff
		samples, err := unpackSound(b, most)
		if err != nil {
			return
		}
		if len(samples) > most {
			t.Errorf("%d samples", len(samples))
		}
		for _, s := range samples {
			if math.IsNaN(float64(s)) || math.Abs(float64(s)) > loudest {
				t.Errorf("sample %v", s)
			}
		}
	})
}

func FuzzAVectorHasLengthOneOrIsRefused(f *testing.F) {
	f.Add(audio.PackSamples([]float32{0.6, 0.8}), uint16(2))
	f.Fuzz(func(t *testing.T, b []byte, dim uint16) {
		v, err := unpackVector(b, int(dim))
		if err == nil && len(v) != int(dim) {
			t.Errorf("%d values for %d", len(v), dim)
		}
	})
}

func FuzzADeviceIsSaneOrRefused(f *testing.F) {
	seed, _ := proto.Marshal(&pb.Device{Name: "pulse", Inputs: 32, Rate: 48000})
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		m := &pb.Device{}
		if proto.Unmarshal(b, m) != nil {
			return
		}
		d, err := unpackDevice(m)
		if err == nil && (d.Inputs < 0 || d.Outputs < 0 || d.Rate < 0 || len(d.Name) > longestName) {
			t.Errorf("%+v", d)
		}
	})
}

func FuzzSmapsRollup(f *testing.F) {
	f.Add([]byte("55d0-7ffe ---p 00000000 00:00 0 [rollup]\nRss:  884 kB\nPss:  385 kB\nPss_Dirty: 68 kB\n"))
	f.Fuzz(func(t *testing.T, b []byte) { _, _ = parsePSS(b) })
}
