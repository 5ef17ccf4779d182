package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
)

// WorkersOptions say how the workers are measured.
type WorkersOptions struct {
	// Home and Config are the kiosk's, Weights the folder of the models.
	Home    string
	Config  config.Config
	Weights string
	// Mode is the sandbox's.
	Mode sandbox.Mode
	// Rounds is how often each question is asked, each time of engines that were loaded anew; 0 is 4.
	Rounds int
	// Restarts is how often each process is killed; 0 is 5.
	Restarts int
	// Progress is told about long work; it may be nil.
	Progress func(what string, done, total int)
}

// The targets of WorkersReport, in milliseconds.
const (
	handOverLimit = 10
	restartLimit  = 2000
)

// WorkersReport is what it costs to have each engine in a process of its own.
type WorkersReport struct {
	CPUs    int `json:"cpus"`
	Threads int `json:"threads"`
	// Turns is how many spoken questions were answered on either side, in pairs.
	Turns int `json:"turns"`
	// Turn is a whole question from its first frame to the first sound: the engines in this process (Here), in processes
	// of their own (Worker), and the p50 of the pairs' differences (More).
	Turn HandOver `json:"turn"`
	// Calls are the calls of a turn by themselves.
	Calls []HandOver `json:"calls"`
	// Limit is what More of a turn should stay under, in milliseconds.
	Limit float64 `json:"limit_ms"`
	// Restarts is the time from a SIGKILL to the next answer, by role, with the models in the page cache.
	Restarts []Restart `json:"restarts"`
	// RestartLimit is what their p50 should stay under, in milliseconds.
	RestartLimit float64 `json:"restart_limit_ms"`
}

// HandOver compares a call here with the same call of a worker, as p50 in milliseconds.
type HandOver struct {
	What   string  `json:"what"`
	Here   float64 `json:"here_ms"`
	Worker float64 `json:"worker_ms"`
	More   float64 `json:"more_ms"`
}

// Restart is how soon a role answers again.
type Restart struct {
	Role string `json:"role"`
	Spread
}

// Workers answers spoken questions of the demo shop alternately with engines in this process and in workers, and kills
// each worker a few times. No kiosk may run beside: it would share the cores.
func Workers(ctx context.Context, o WorkersOptions) (report WorkersReport, err error) {
	if o.Progress == nil {
		o.Progress = func(string, int, int) {}
	}
	if o.Rounds == 0 {
		o.Rounds = 4
	}
	if o.Restarts == 0 {
		o.Restarts = 5
	}
	if err := kiosk.AlreadyRuns(o.Home); err != nil {
		return report, fmt.Errorf("%w: stop it before measuring", err)
	}
	home, err := DemoHome(o.Home)
	if err != nil {
		return report, err
	}
	pool, err := worker.Start(ctx, worker.Options{Weights: o.Weights, Threads: o.Config.Engines.Threads, Mode: o.Mode}, worker.ASR, worker.LLM, worker.Voice)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	options := kiosk.Options{
		Home: home, Config: o.Config, Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking, Language: "ja", Progress: o.Progress,
	}
	b := &workersBench{WorkersOptions: o, pool: pool, inside: options}
	if b.here, err = kiosk.Open(ctx, options); err != nil {
		return report, err
	}
	defer func() { b.here.Close() }()
	options.Engines = kiosk.Engines{Recognizer: pool.Recognizer(), VAD: pool.VAD(), Voice: pool.Voice(), Embedder: pool.Embedder()}
	if b.there, err = kiosk.Open(ctx, options); err != nil {
		return report, err
	}
	defer b.there.Close()
	report = WorkersReport{CPUs: runtime.NumCPU(), Threads: b.here.Threads(), Limit: handOverLimit, RestartLimit: restartLimit}
	if report.Turn, report.Turns, err = b.turns(ctx); err != nil {
		return report, err
	}
	if report.Calls, err = b.calls(ctx); err != nil {
		return report, err
	}
	report.Restarts, err = b.restarts(ctx)
	return report, err
}

type workersBench struct {
	WorkersOptions
	pool        *worker.Pool
	inside      kiosk.Options // of here
	here, there *kiosk.Clerk
}

// anew loads the engines of both sides again. Where a process's weights and buffers happen to lie makes its decodes up to
// 15 ms faster or slower for all its life, more than what is measured: one process on each side gave from -10 to +16 ms.
func (b *workersBench) anew(ctx context.Context) error {
	if err := b.pool.Refresh(ctx); err != nil {
		return err
	}
	if err := b.here.Close(); err != nil {
		return err
	}
	here, err := kiosk.Open(ctx, b.inside)
	if err != nil {
		return err
	}
	b.here = here
	return nil
}

// turns asks each question on both sides, in turns: whatever else the machine does meets both alike.
func (b *workersBench) turns(ctx context.Context) (HandOver, int, error) {
	questions, err := TurnQuestions()
	if err != nil {
		return HandOver{}, 0, err
	}
	voices := speech.Voices()
	var p pairs
	for round := range b.Rounds {
		if round > 0 {
			if err := b.anew(ctx); err != nil {
				return HandOver{}, 0, err
			}
		}
		for i, q := range questions {
			b.Progress("asking", round*len(questions)+i, b.Rounds*len(questions))
			r, err := b.here.Record(ctx, q.Text, voices[i%len(voices)])
			if err != nil {
				return HandOver{}, 0, err
			}
			// The answer is spoken before, as at an import: the voice's own time varies by more than what is measured.
			if reply, err := b.here.Reply(ctx, q.Text, "ja"); err != nil {
				return HandOver{}, 0, err
			} else if _, err := b.here.SayApproved(ctx, speech.Approve(reply.Text), ""); err != nil {
				return HandOver{}, 0, err
			}
			err = p.add((round+i)%2 == 0, func() error { return answer(ctx, b.here, r.Clip) }, func() error { return answer(ctx, b.there, r.Clip) })
			if err != nil {
				return HandOver{}, 0, fmt.Errorf("question %s: %w", q.ID, err)
			}
		}
	}
	return p.handOver("a turn, from its first frame to its first sound"), len(p.here), nil
}

// errSpoken ends a turn when its first sound is there.
var errSpoken = errors.New("spoken")

// answer hears a recording as fast as it is read, and returns when the first sound of the answer is there.
func answer(ctx context.Context, c *kiosk.Clerk, clip audio.Clip) error {
	visit := c.BeginUnkept()
	defer visit.Close()
	_, err := visit.ListenRecording(ctx, clip, func(audio.Clip) error { return errSpoken })
	if errors.Is(err, errSpoken) {
		return nil
	}
	return err
}

// pairs are times of the same work on both sides.
type pairs struct{ here, there []time.Duration }

// add measures a pair, in either order.
func (p *pairs) add(hereFirst bool, here, there func() error) error {
	first, second, a, b := here, there, &p.here, &p.there
	if !hereFirst {
		first, second, a, b = there, here, &p.there, &p.here
	}
	for _, side := range []struct {
		work func() error
		into *[]time.Duration
	}{{first, a}, {second, b}} {
		begin := time.Now()
		if err := side.work(); err != nil {
			return err
		}
		*side.into = append(*side.into, time.Since(begin))
	}
	return nil
}

// handOver takes the medians. The difference is taken pair by pair, since questions differ by more than what is measured.
func (p *pairs) handOver(what string) HandOver {
	more := make([]time.Duration, len(p.here))
	for i := range more {
		more[i] = p.there[i] - p.here[i]
	}
	return HandOver{what, hundredths(p.here), hundredths(p.there), hundredths(more)}
}

// hundredths is the p50 in milliseconds, rounded to a hundredth.
func hundredths(times []time.Duration) float64 {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return math.Round(float64(sorted[(len(sorted)-1)/2])/float64(time.Millisecond)*100) / 100
}

// calls measures the calls of a turn one by one.
func (b *workersBench) calls(ctx context.Context) (list []HandOver, err error) {
	settings := worker.Settings{Weights: b.here.Weights(), Threads: b.here.Threads()}
	engines := worker.RealEngines()
	recognizer, err1 := engines.Recognizer(settings)
	vad, err2 := engines.VAD(settings)
	embedder, err3 := engines.Embedder(settings)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	defer recognizer.Close()
	defer vad.Close()
	defer embedder.Close()
	far, farVAD, farEmbedder := b.pool.Recognizer(), b.pool.VAD(), b.pool.Embedder()
	questions, err := TurnQuestions()
	if err != nil {
		return nil, err
	}
	spoken, err := b.here.Record(ctx, questions[0].Text, speech.Voices()[0])
	if err != nil {
		return nil, err
	}
	clip, frame := make([]float32, 3*asr.SampleRate), make([]float32, audio.FrameSamples)
	for i, c := range []struct {
		what        string
		times       int
		here, there func() error
	}{
		{"3 s of silence to the recogniser", 40,
			func() error { _, err := recognizer.Transcribe(ctx, clip, asr.Options{Partial: true}); return err },
			func() error { _, err := far.Transcribe(ctx, clip, asr.Options{Partial: true}); return err }},
		{"a frame to the voice detector", 300,
			func() error { _, err := vad.Probabilities(frame); return err },
			func() error { _, err := farVAD.Probabilities(frame); return err }},
		{"a spoken question, transcribed", 12,
			func() error { _, err := b.here.Transcribe(ctx, spoken.Clip, nil); return err },
			func() error { _, err := b.there.Transcribe(ctx, spoken.Clip, nil); return err }},
		{"its answer, found", 40,
			func() error { _, err := b.here.Reply(ctx, questions[0].Text, "ja"); return err },
			func() error { _, err := b.there.Reply(ctx, questions[0].Text, "ja"); return err }},
		{"a question to the embedder", 60,
			func() error { _, err := embedder.Embed(ctx, "query: 駐車場はありますか"); return err },
			func() error { _, err := farEmbedder.Embed(ctx, "query: 駐車場はありますか"); return err }},
	} {
		b.Progress("calling", i, 5)
		var p pairs
		for n := range c.times {
			if err := p.add(n%2 == 0, c.here, c.there); err != nil {
				return nil, fmt.Errorf("%s: %w", c.what, err)
			}
		}
		list = append(list, p.handOver(c.what))
	}
	return list, nil
}

// restarts kills each process and waits for its next answer. After two crashes within a minute the pool waits before a
// third start, which is not what is measured: the pool is begun anew for each.
func (b *workersBench) restarts(ctx context.Context) (list []Restart, err error) {
	roles := []worker.Role{worker.ASR, worker.LLM, worker.Voice}
	for i, role := range roles {
		var times []time.Duration
		for n := range b.Restarts {
			b.Progress("killing", i*b.Restarts+n, len(roles)*b.Restarts)
			took, err := b.restart(ctx, role)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", role, err)
			}
			times = append(times, took)
		}
		list = append(list, Restart{string(role), spread(times)})
	}
	return list, nil
}

func (b *workersBench) restart(ctx context.Context, role worker.Role) (took time.Duration, err error) {
	pool, err := worker.Start(ctx, worker.Options{Weights: b.Weights, Threads: b.Config.Engines.Threads, Mode: b.Mode}, role)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	call := map[worker.Role]func() error{
		worker.ASR: func() error { _, err := pool.VAD().Probabilities(make([]float32, audio.FrameSamples)); return err },
		worker.LLM: func() error { _, err := pool.Embedder().Embed(ctx, "query: 傘"); return err },
		// The first sound would be a second of synthesis; a voice that names itself is ready to speak.
		worker.Voice: func() error { _, err := pool.Voice().ID(); return err },
	}[role]
	if err := call(); err != nil {
		return 0, err
	}
	before := pool.Processes()[0].PID
	begin := time.Now()
	if err := syscall.Kill(before, syscall.SIGKILL); err != nil {
		return 0, err
	}
	for {
		err := call()
		now := pool.Processes()[0].PID
		switch {
		case err == nil && now != 0 && now != before:
			return time.Since(begin), nil
		case err != nil && !errors.Is(err, worker.ErrLost):
			return 0, err
		case ctx.Err() != nil:
			return 0, ctx.Err()
		}
		time.Sleep(time.Millisecond)
	}
}

// Print writes the report for people.
func (r WorkersReport) Print(out io.Writer) {
	fmt.Fprintf(out, "Engines in processes of their own, %d questions, %d CPUs, %d threads\n\n", r.Turns, r.CPUs, r.Threads)
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "p50, ms\there\tworker\tmore")
	for _, h := range append([]HandOver{r.Turn}, r.Calls...) {
		fmt.Fprintf(t, "%s\t%.2f\t%.2f\t%+.2f\n", h.What, h.Here, h.Worker, h.More)
	}
	t.Flush()
	fmt.Fprintf(out, "\na turn should cost at most %.0f ms more: %s\n\n", r.Limit, verdict(r.Turn.More <= r.Limit))
	fmt.Fprintln(t, "from SIGKILL to the next answer, ms\tp50\tp90\tmax")
	soon := true
	for _, s := range r.Restarts {
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\n", s.Role, s.P50, s.P90, s.Max)
		soon = soon && s.P50 <= r.RestartLimit
	}
	t.Flush()
	fmt.Fprintf(out, "\neach should answer again within %.0f ms: %s\n", r.RestartLimit, verdict(soon))
}

func verdict(kept bool) string {
	if kept {
		return "kept"
	}
	return "not kept"
}
