package bench

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/models"
)

// ASROptions say how recognition is measured.
type ASROptions struct {
	// Home and Config are the kiosk's.
	Home   string
	Config config.Config
	// Clips is a folder with a manifest.jsonl of real recordings; empty measures our own spoken questions.
	Clips string
	// Peers is how many recordings the peer transcribes as well: 0 for all, negative for none.
	Peers int
	// Progress is told about long work; it may be nil.
	Progress func(what string, done, total int)
}

// heard is what one recogniser made of one recording.
type heard struct {
	text string
	took time.Duration
}

// sample is one recording with what was heard in it; the peer is nil when it was not asked.
type sample struct {
	set, file, language, text string
	terms                     []string
	duration                  time.Duration
	// with and without are ours, with the shop's words expected and without.
	with, without heard
	peer          *heard
}

// Transcription measures recognition: the character error rate, the key terms kept, and the time, with the shop's words
// expected and without, and whisper-cli with its defaults on the same recordings in the same run. The recordings are our
// own questions in all five voices, or the folder of o.Clips.
func Transcription(ctx context.Context, o ASROptions) (ASRReport, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	b := &asrBench{ASROptions: o}
	var err error
	if o.Peers >= 0 {
		if b.whisper.program, err = WhisperCLI(); err != nil {
			return ASRReport{}, err
		}
	}
	var clips []clipLine
	parts := kiosk.Hearing
	if o.Clips != "" {
		if clips, err = readManifest(o.Clips); err != nil {
			return ASRReport{}, err
		}
	} else {
		parts |= kiosk.Speaking
	}
	home, err := DemoHome(o.Home)
	if err != nil {
		return ASRReport{}, err
	}
	b.clerk, err = kiosk.Open(ctx, kiosk.Options{Home: home, Config: o.Config, Parts: parts, Language: "ja", Progress: o.Progress})
	if err != nil {
		return ASRReport{}, err
	}
	defer b.clerk.Close()
	if err := b.clerk.ExpectShopWords(); err != nil {
		return ASRReport{}, err
	}
	if b.whisper.model, err = b.clerk.Weights().Path(models.Whisper); err != nil {
		return ASRReport{}, err
	}
	if b.folder, err = os.MkdirTemp("", "tenin-bench-"); err != nil {
		return ASRReport{}, err
	}
	defer os.RemoveAll(b.folder)

	var jobs []job
	if o.Clips != "" {
		jobs = clipJobs(o.Clips, clips)
	} else if jobs, err = b.questions(ctx); err != nil {
		return ASRReport{}, err
	}
	var samples []sample
	asked := map[int]bool{}
	for _, i := range b.peerJobs(jobs) {
		asked[i] = true
	}
	for i, j := range jobs {
		o.Progress("transcribing", i, len(jobs))
		s, err := b.transcribe(ctx, j, asked[i])
		if err != nil {
			return ASRReport{}, fmt.Errorf("%s: %w", j.file, err)
		}
		samples = append(samples, s)
	}
	o.Progress("transcribing", len(jobs), len(jobs))
	report := newASRReport(samples, b.clerk.Analyzer())
	report.CPUs, report.Threads = runtime.NumCPU(), b.clerk.Threads()
	return report, nil
}

type asrBench struct {
	ASROptions
	clerk   *kiosk.Clerk
	whisper whisperCLI
	folder  string
}

// job is a recording to transcribe.
type job struct {
	set, file, language, text string
	terms                     []string
	// clip is the recording when it is in memory; else file is read when its turn comes.
	clip audio.Clip
}

// The sets of our own questions: figures on the second may be tuned on.
const (
	setTest  = "test"
	setTune  = "tune"
	setClips = "clips"
)

// questions records every question in every voice. They come voice by voice within a question, so that a part of them
// taken evenly has all voices.
func (b *asrBench) questions(ctx context.Context) ([]job, error) {
	test, err := TurnQuestions()
	if err != nil {
		return nil, err
	}
	tune, err := TuneQuestions()
	if err != nil {
		return nil, err
	}
	voices := speech.Voices()
	total := (len(test) + len(tune)) * len(voices)
	var jobs []job
	for _, set := range []struct {
		name      string
		questions []Question
	}{{setTest, test}, {setTune, tune}} {
		for _, q := range set.questions {
			for _, voice := range voices {
				b.Progress("recording the questions", len(jobs), total)
				r, err := record(ctx, b.clerk, q, voice, b.folder)
				if err != nil {
					return nil, fmt.Errorf("question %s: %w", q.ID, err)
				}
				jobs = append(jobs, job{set: set.name, file: r.file, language: "ja", text: q.Text, terms: q.Terms, clip: r.clip})
			}
		}
	}
	b.Progress("recording the questions", total, total)
	return jobs, nil
}

// peerJobs chooses the recordings that the peer transcribes as well. Questions for tuning are not compared.
func (b *asrBench) peerJobs(jobs []job) []int {
	var open []int
	for i, j := range jobs {
		if j.set != setTune {
			open = append(open, i)
		}
	}
	var out []int
	for _, i := range peerIndices(len(open), b.Peers) {
		out = append(out, open[i])
	}
	return out
}

func (b *asrBench) transcribe(ctx context.Context, j job, peer bool) (sample, error) {
	clip := j.clip
	if clip.Samples == nil {
		var err error
		if clip, _, err = audio.ReadFile(j.file, audio.Limits{}); err != nil {
			return sample{}, err
		}
	}
	s := sample{set: j.set, file: filepath.Base(j.file), language: j.language, text: j.text, terms: j.terms, duration: clip.Duration()}
	language := j.language
	if language != "ja" && language != "en" {
		language = "ja" // what a kiosk takes unknown sound for
	}
	hear := func(expecting bool) (heard, error) {
		start := time.Now()
		t, err := b.clerk.TranscribeAs(ctx, clip, language, expecting)
		return heard{t.Text, time.Since(start)}, err
	}
	var err error
	if s.with, err = hear(true); err != nil {
		return s, err
	}
	if s.without, err = hear(false); err != nil {
		return s, err
	}
	if peer {
		text, took, err := b.whisper.transcribe(ctx, j.file, language)
		if err != nil {
			return s, err
		}
		s.peer = &heard{text, took}
	}
	return s, nil
}
