package bench

import (
	"context"
	"fmt"
	"path/filepath"

	"tenin/audio"
	"tenin/cmd/internal/kiosk"
)

// recorded is a spoken question as it lies on disk: every chain is given the same files.
type recorded struct {
	Question
	voice string
	// file is the whole recording; the label in it says where the speech ends.
	file string
	clip audio.Clip
	end  int // first sample after the last one of speech, from the label
	// cut is the recording up to 0.2 s behind the speech, for those who begin at the end of a file.
	cut     string
	cutClip audio.Clip
}

// afterSpeech is what a chain from files hears behind the speech: as much as the kiosk's own last decode.
const afterSpeech = audio.SampleRate / 5

// record speaks a question, writes it into folder and reads it back.
func record(ctx context.Context, c *kiosk.Clerk, q Question, voice, folder string) (recorded, error) {
	r := recorded{Question: q, voice: voice}
	spoken, err := c.Record(ctx, q.Text, voice)
	if err != nil {
		return r, err
	}
	r.file = filepath.Join(folder, fmt.Sprintf("%s-%s.wav", q.ID, voice))
	if err := spoken.Write(r.file); err != nil {
		return r, err
	}
	clip, info, err := audio.ReadFile(r.file, audio.Limits{})
	if err != nil {
		return r, err
	}
	end, ok := info.Label(audio.EndOfSpeech)
	if !ok {
		return r, fmt.Errorf("%s: the label %q is missing", r.file, audio.EndOfSpeech)
	}
	r.clip, r.end = clip, end
	r.cutClip = audio.Clip{Samples: clip.Samples[:min(end+afterSpeech, len(clip.Samples))], Rate: clip.Rate}
	r.cut = filepath.Join(folder, fmt.Sprintf("%s-%s-cut.wav", q.ID, voice))
	return r, audio.WriteFile(r.cut, r.cutClip)
}
