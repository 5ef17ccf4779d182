package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
	"tenin/llm/models"
)

// TurnOptions say how a turn is measured.
type TurnOptions struct {
	// Home and Config are the kiosk's.
	Home   string
	Config config.Config
	// Peers is how many of the questions the peers answer as well: 0 for all, negative for none.
	Peers int
	// Program is this program's own file, which the chain from files starts for each of its stages.
	Program string
	// Flags are the global flags that Program needs to find the same home and settings.
	Flags []string
	// Progress is told about long work; it may be nil.
	Progress func(what string, done, total int)
}

// Stages of one answer, each from where the one before it ended.
type Stages struct {
	// Endpoint is the wait until the speech was taken to be over. The peers are told where it ends, and wait for nothing.
	Endpoint time.Duration
	// ASR is what recognition took after that, Retrieve the search, Generate a language model.
	ASR, Retrieve, Generate time.Duration
	// Speak is the time to the first sound of the answer.
	Speak time.Duration
}

// FirstAudio is the time from the last sample of speech to the first sound of the answer.
func (s Stages) FirstAudio() time.Duration {
	return s.Endpoint + s.ASR + s.Retrieve + s.Generate + s.Speak
}

// An outcome is what one chain made of one question.
type outcome struct {
	Stages
	transcript, answer string
	sources            []string
	kind               dialogue.Kind
	// spoke is false when no answer was spoken; the stages are then not counted.
	spoke bool
	// cut is set when the answer began before the question was over; its stages are not counted either.
	cut bool
	// cached is set when the answer was spoken at an earlier time.
	cached bool
	// whole is when all of the answer was there as sound, and streamed when its first chunk was.
	whole, streamed time.Duration
}

// turn is one question with all its outcomes; a peer that was not asked is nil.
type turn struct {
	recorded
	ours        outcome
	warm, naive *outcome
}

// Turn speaks every question of the benchmark, plays the recordings in real time, and times each answer from the last
// sample of speech, as the label in the recording has it, to the first sound that a player is given. In the same run and
// on the same recordings it times two peers, question by question:
//
//   - the chain from files: whisper-cli with its defaults, then a process that loads the language model and writes an
//     answer of at most 64 tokens from the passages found, then a process that loads the voice and speaks it whole;
//   - the same engines kept warm, called one after the other at the end of the file: recognition with our own settings,
//     the search, the whole approved answer spoken without a cache.
//
// Both are given the end of speech for nothing, and a recording that stops there.
func Turn(ctx context.Context, o TurnOptions) (TurnReport, error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	questions, err := TurnQuestions()
	if err != nil {
		return TurnReport{}, err
	}
	b := &turnBench{TurnOptions: o}
	if o.Peers >= 0 {
		if b.whisper.program, err = WhisperCLI(); err != nil {
			return TurnReport{}, err
		}
	}
	// Before this process is big itself, and in one that holds nothing else.
	memory, err := memoryOf(ctx, o.Program, o.Flags)
	if err != nil {
		return TurnReport{}, err
	}
	home, err := DemoHome(o.Home)
	if err != nil {
		return TurnReport{}, err
	}
	b.clerk, err = kiosk.Open(ctx, kiosk.Options{
		Home: home, Config: o.Config, Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking, Language: "ja", Progress: o.Progress,
	})
	if err != nil {
		return TurnReport{}, err
	}
	defer b.clerk.Close()
	if err := b.clerk.Render(ctx); err != nil {
		return TurnReport{}, err
	}
	if b.whisper.model, err = b.clerk.Weights().Path(models.Whisper); err != nil {
		return TurnReport{}, err
	}
	if b.folder, err = os.MkdirTemp("", "tenin-bench-"); err != nil {
		return TurnReport{}, err
	}
	defer os.RemoveAll(b.folder)

	turns, err := b.prepare(ctx, questions)
	if err != nil {
		return TurnReport{}, err
	}
	asked := peerIndices(len(turns), o.Peers)
	for i := range turns {
		o.Progress("asking", i, len(turns))
		if err := b.ask(ctx, &turns[i], slices.Contains(asked, i)); err != nil {
			return TurnReport{}, fmt.Errorf("question %s: %w", turns[i].ID, err)
		}
	}
	o.Progress("asking", len(turns), len(turns))
	report := newTurnReport(turns, b.clerk.Analyzer())
	report.CPUs, report.Threads = runtime.NumCPU(), b.clerk.Threads()
	report.setMemory(memory)
	return report, nil
}

// peerIndices spreads n of total questions evenly; 0 means all, less none.
func peerIndices(total, n int) []int {
	if n == 0 || n > total {
		n = total
	}
	var out []int
	for i := range max(n, 0) {
		out = append(out, i*total/n)
	}
	return out
}

type turnBench struct {
	TurnOptions
	clerk   *kiosk.Clerk
	whisper whisperCLI
	folder  string
	// known holds the answers from the product list that were spoken before this run; approved answers all were.
	known map[string]bool
}

// prepare records the questions.
func (b *turnBench) prepare(ctx context.Context, questions []Question) ([]turn, error) {
	voices := speech.Voices()
	turns := make([]turn, len(questions))
	b.known = map[string]bool{}
	for i, q := range questions {
		b.Progress("recording the questions", i, len(questions))
		r, err := record(ctx, b.clerk, q, voices[i%len(voices)], b.folder)
		if err != nil {
			return nil, fmt.Errorf("question %s: %w", q.ID, err)
		}
		turns[i] = turn{recorded: r}
		reply, err := b.clerk.Reply(ctx, q.Text, "ja")
		if err != nil {
			return nil, err
		}
		b.known[reply.Text] = b.clerk.Rendered(speech.Approve(reply.Text))
	}
	b.Progress("recording the questions", len(questions), len(questions))
	return turns, nil
}

// ask gives one question to each chain, one after the other: whatever else the machine does then meets them alike.
func (b *turnBench) ask(ctx context.Context, t *turn, peers bool) (err error) {
	if t.ours, err = b.ours(ctx, t.recorded); err != nil || !peers {
		return err
	}
	warm, err := b.warm(ctx, t.recorded)
	if err != nil {
		return err
	}
	naive, err := b.naive(ctx, t.recorded)
	if err != nil {
		return err
	}
	t.warm, t.naive = &warm, &naive
	return nil
}

// ours is a kiosk's turn.
func (b *turnBench) ours(ctx context.Context, r recorded) (outcome, error) {
	source := &clockedSource{Source: audio.NewFileSource(r.clip, true)}
	defer source.Close()
	visit := b.clerk.BeginUnkept()
	defer visit.Close()
	var first time.Time
	turn, err := visit.Listen(ctx, source, nil, func(audio.Clip) error {
		if first.IsZero() {
			first = time.Now()
		}
		return nil
	})
	if err != nil {
		return outcome{}, err
	}
	out := outcome{
		transcript: turn.Transcript, answer: turn.Reply.Text, sources: turn.Reply.Sources, kind: turn.Reply.Kind,
		spoke: !first.IsZero(), cached: turn.Reply.Kind != dialogue.Product || b.known[turn.Reply.Text],
	}
	if !out.spoke {
		return out, nil
	}
	zero := source.played(r.end)
	t := turn.Timings
	out.Stages = Stages{Endpoint: t.Zero().Add(t.Endpoint).Sub(zero), ASR: t.AfterEndpoint, Retrieve: t.Retrieve}
	out.Speak = first.Sub(zero) - out.FirstAudio()
	out.cut = out.Endpoint < 0
	return out, nil
}

// clockedSource knows when each of its samples was due.
type clockedSource struct {
	audio.Source
	started time.Time
}

func (s *clockedSource) Read(ctx context.Context) ([]float32, error) {
	if s.started.IsZero() {
		s.started = time.Now()
	}
	return s.Source.Read(ctx)
}

// played is when a microphone had taken all samples before that one.
func (s *clockedSource) played(sample int) time.Time {
	return s.started.Add(time.Duration(sample) * time.Second / audio.SampleRate)
}
