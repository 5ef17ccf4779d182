package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/kiosk"
)

// WriteRecordings writes the spoken questions, each by one of the voices, and a chime without words into folder, with a
// manifest.jsonl: what `bench asr --clips` reads, and what tests of the recogniser listen to.
func WriteRecordings(ctx context.Context, c *kiosk.Clerk, folder string) error {
	questions, err := TurnQuestions()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var lines []clipLine
	voices := speech.Voices()
	for i, q := range questions {
		recording, err := c.Record(ctx, q.Text, voices[i%len(voices)])
		if err != nil {
			return err
		}
		line := clipLine{q.ID + ".wav", "ja", q.Text}
		if err := recording.Write(filepath.Join(folder, line.File)); err != nil {
			return err
		}
		lines = append(lines, line)
	}
	if err := audio.WriteFile(filepath.Join(folder, "chime.wav"), chime()); err != nil {
		return err
	}
	lines = append(lines, clipLine{"chime.wav", "none", ""})

	manifest, err := os.Create(filepath.Join(folder, "manifest.jsonl"))
	if err != nil {
		return err
	}
	defer manifest.Close()
	encoder := json.NewEncoder(manifest)
	encoder.SetEscapeHTML(false)
	for _, line := range lines {
		if err := encoder.Encode(line); err != nil {
			return fmt.Errorf("manifest: %w", err)
		}
	}
	return manifest.Close()
}

// chime is the door chime of a shop: two tones that fade, a second apart.
func chime() audio.Clip {
	clip := audio.Clip{Samples: make([]float32, 4*audio.SampleRate), Rate: audio.SampleRate}
	for n, hertz := range []float64{784, 659} {
		start := audio.SampleRate/2 + n*audio.SampleRate
		for i := range clip.Samples[start:] {
			t := float64(i) / audio.SampleRate
			clip.Samples[start+i] += float32(0.3 * math.Exp(-3*t) * math.Sin(2*math.Pi*hertz*t))
		}
	}
	return clip
}
