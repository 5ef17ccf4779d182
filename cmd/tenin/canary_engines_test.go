//go:build engines

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"tenin/asr"
	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/models"
	"tenin/llm/redact/canary"
)

// canaryCount names how many shoppers come to the kiosk with real engines; without it there are as many as a test's
// patience allows.
const canaryCount = "TENIN_CANARY_SESSIONS"

// TestRealEnginesLeaveNothingOutsideTheVault is the test of the same day with real weights. Every second Japanese shopper is
// a voice of ours that speaks the invented sentence; what was heard of it, which is never quite what was said, is searched
// for as well.
func TestRealEnginesLeaveNothingOutsideTheVault(t *testing.T) {
	if testing.Short() {
		t.Skip("about two minutes")
	}
	count := 16
	if text := os.Getenv(canaryCount); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil || count < 4 || count > canarySessions {
			t.Fatalf("%s=%s: name a number from 4 to %d", canaryCount, text, canarySessions)
		}
	}
	weights, err := filepath.Abs(models.DefaultDir())
	if err != nil {
		t.Fatal(err)
	}
	g := newGround(t, t.TempDir(), weights)
	d := newCanaryDay(t, g)
	shoppers := canary.Sessions(canarySeed, canarySessions)
	voices := recordCanaries(t, weights, shoppers[:count])
	for i, clip := range voices {
		d.all.sounds.addSound(fmt.Sprint("shopper ", i), clip)
	}
	levels := []string{"debug", "info"}
	spoken := 0
	for run, level := range levels {
		d.open(level, level, []string{"text", "json"}[run], "")
		for i := run * count / 2; i < (run+1)*count/2; i++ {
			b := kiosk.Brief{Text: shoppers[i].Text}
			if clip, ok := voices[i]; ok {
				clip.Samples = append([]float32(nil), clip.Samples...)
				b = kiosk.Brief{Clip: &clip}
			}
			turn, err := d.ask(b, i%3 != 0)
			if err != nil {
				t.Fatalf("shopper %d: %v", i, err)
			}
			if b.Clip != nil {
				spoken++
				if len([]rune(turn.Transcript)) < len([]rune(shoppers[i].Text))/3 {
					t.Errorf("of %q the recogniser heard %q", shoppers[i].Text, turn.Transcript)
				}
				d.heard(turn.Transcript)
			}
		}
		if run == 0 {
			// The same voice is heard as before, so that its words are known when the engine dies of a bad address.
			clip := voices[0]
			clip.Samples = append([]float32(nil), clip.Samples...)
			d.stacks("asr", syscall.SIGSEGV, kiosk.Brief{Clip: &clip})
		} else {
			d.stacks("llm", syscall.SIGSEGV, kiosk.Brief{Text: shoppers[0].Text})
		}
	}
	d.reckon()
	t.Logf("%d of %d shoppers spoke", spoken, count)
}

// heard looks for what the recogniser made of a shopper's words, whole and in clauses; the question itself, with which each
// begins, is the shop's own text.
func (d *canaryDay) heard(transcript string) {
	d.all.words.Add(transcript)
	clauses := strings.FieldsFunc(transcript, func(r rune) bool { return strings.ContainsRune("、。,.?？！", r) })
	for _, clause := range clauses[min(1, len(clauses)):] {
		if len([]rune(clause)) >= 6 {
			d.all.words.Add(clause)
		}
	}
}

// recordCanaries has one of our voices speak for every second Japanese shopper. The voices speak no English. What was
// spoken once is kept in the folder of the recordings.
func recordCanaries(t *testing.T, weights string, shoppers []canary.Session) map[int]audio.Clip {
	t.Helper()
	folder := os.Getenv("TENIN_SPEECH")
	if folder == "" {
		folder = t.TempDir()
	}
	speaker := newGround(t, t.TempDir(), weights)
	clips := map[int]audio.Clip{}
	for i, s := range shoppers {
		if i%4 != 0 {
			continue
		}
		path := filepath.Join(folder, fmt.Sprintf("canary-%d-%d.wav", canarySeed, i))
		if _, err := os.Stat(path); err != nil {
			part := filepath.Join(t.TempDir(), "part.wav")
			speaker.run("", "speak", s.Text, "--output", part, "--quiet")
			if b, err := os.ReadFile(part); err != nil {
				t.Fatal(err)
			} else if err := os.WriteFile(path, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		clip, _, err := audio.ReadFile(path, audio.Limits{MaxDuration: 4 * asr.MaxUtterance})
		if err != nil {
			t.Fatal(err)
		}
		clips[i] = audio.Resample(clip, audio.SampleRate)
	}
	return clips
}
