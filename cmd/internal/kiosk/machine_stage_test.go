package kiosk

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/llm"
	"tenin/storage"
)

// A stage is a counter without sound card and screen: device, front and engines of a runner, which a test can hold up or
// break at any point.
type stage struct {
	t      *testing.T
	clerk  *Clerk
	runner *Runner
	// counter takes the shopper's events: the runner, or the desk around it.
	counter interface{ Send(Event) }

	mu     sync.Mutex
	held   map[string]bool // points at which work waits until it is cancelled or released
	broken map[string]error
	free   chan struct{} // closed and replaced at each release
	moved  chan struct{} // closed and replaced at each change

	state    State
	steps    []step
	at       map[string]int // how often a point was reached
	results  []Turn
	outcomes []Outcome
	troubles []Trouble
	messages []string
	staff    int
	resets   int
	renew    func(context.Context) error // a part of each reset; may be nil
	ears     int                         // open
	lingers  time.Duration               // how long a microphone takes to close
	mouths   int                         // that may sound
	faults   []string
	suspect  asr.Suspicion
	prompts  []string // of each decode
	ended    chan struct{}
}

// stageWords is what a shopper on a stage says: words that nothing else holds.
const stageWords = "田中花子ですが駐車場はありますか"

// openStage opens a stage whose shoppers say words. Its clerk can serve one runner after the other.
func openStage(t *testing.T, words string) *stage { return openStageOn(t, words, Engines{}) }

// openStageOn opens a stage whose clerk computes with engines; those that are missing are fakes.
func openStageOn(t *testing.T, words string, engines Engines) *stage {
	t.Helper()
	s := &stage{t: t, free: make(chan struct{}), moved: make(chan struct{}), held: map[string]bool{}, broken: map[string]error{}, at: map[string]int{}}
	s.clerk, _ = openFake(t, words, func(o *Options) {
		e := &o.Engines
		if engines.Recognizer != nil {
			*e = engines
		}
		e.Recognizer, e.Embedder = stageEars{s, e.Recognizer}, stageMemory{s, e.Embedder}
		e.Voice = stageVoice{s, e.Voice}
	})
	if _, err := s.clerk.SayApproved(t.Context(), speech.Approve(Sorry("ja")), ""); err != nil {
		t.Fatal(err)
	}
	return s
}

// run starts a runner. The returned function ends it by cancelling its context.
func (s *stage) run(patience time.Duration) (stop func()) {
	s.t.Helper()
	s.state, s.steps, s.ended = nil, nil, make(chan struct{})
	s.runner = NewRunner(s.clerk, s, s, RunnerOptions{Patience: patience, Reset: s.reset})
	s.counter = s.runner
	s.runner.observe = func(from State, e Event, to State, effects []Effect) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.steps = append(s.steps, step{from, e, to, effects})
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() { defer close(s.ended); s.runner.Run(ctx) }()
	s.t.Cleanup(func() { stop(); s.waitForEnd() })
	return stop
}

func (s *stage) waitForEnd() {
	s.t.Helper()
	select {
	case <-s.ended:
	case <-time.After(hold):
		s.mu.Lock()
		defer s.mu.Unlock()
		s.t.Fatalf("the runner does not end: %T%+v", s.state, s.state)
	}
}

// changed tells whoever waits; s.mu is held.
func (s *stage) changed() {
	close(s.moved)
	s.moved = make(chan struct{})
}

// waitFor waits until done, which is called with s.mu held.
func (s *stage) waitFor(what string, done func() bool) {
	s.t.Helper()
	limit := time.NewTimer(hold)
	defer limit.Stop()
	for {
		s.mu.Lock()
		ok, moved, state := done(), s.moved, s.state
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-moved:
		case <-limit.C:
			s.t.Fatalf("%s is not reached, but %T%+v", what, state, state)
		}
	}
}

// waitForState waits for a state of the type of want.
func waitForState[S State](s *stage) {
	s.t.Helper()
	var want S
	s.waitFor(typeName(want), func() bool { _, ok := s.state.(S); return ok })
}

// pass is a point on the way of a turn: it waits there while the point is held, and fails when it is broken.
func (s *stage) pass(ctx context.Context, point string) error {
	s.mu.Lock()
	s.at[point]++
	s.changed()
	err := s.broken[point]
	for s.held[point] {
		free := s.free
		s.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.mu.Lock()
	}
	s.mu.Unlock()
	return err
}

func (s *stage) hold(point string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held[point], s.at[point] = true, 0
}

func (s *stage) waitAt(point string) {
	s.t.Helper()
	s.waitFor(point, func() bool { return s.at[point] > 0 })
}

// release lets everything go on.
func (s *stage) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.held)
	close(s.free)
	s.free = make(chan struct{})
}

// damage breaks a point; nil mends it.
func (s *stage) damage(point string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken[point] = err
}

// mend repairs every point.
func (s *stage) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.broken)
}

func (s *stage) fault(what string) {
	s.faults = append(s.faults, what)
}

func (s *stage) reset(ctx context.Context) error {
	s.mu.Lock()
	s.resets++
	s.mu.Unlock()
	if s.renew != nil {
		if err := s.renew(ctx); err != nil {
			return err
		}
	}
	return s.pass(ctx, "reset")
}

// Listen implements Device.
func (s *stage) Listen(ctx context.Context, from storage.SourceKind) (Ear, error) {
	if err := s.pass(ctx, "microphone"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ears++
	if s.ears > 1 {
		s.fault("two microphones are open")
	}
	if s.mouths > 0 {
		s.fault("the microphone opens while the kiosk speaks")
	}
	return &stageEar{Source: audio.NewFileSource(room(true), false), stage: s}, nil
}

type stageEar struct {
	audio.Source
	stage *stage
	once  sync.Once
}

func (e *stageEar) Read(ctx context.Context) ([]float32, error) {
	if err := e.stage.pass(ctx, "frame"); err != nil {
		return nil, err
	}
	return e.Source.Read(ctx)
}

func (e *stageEar) Close() error {
	e.once.Do(func() {
		time.Sleep(e.stage.lingers)
		e.stage.mu.Lock()
		defer e.stage.mu.Unlock()
		e.stage.ears--
	})
	return e.Source.Close()
}

// Speak implements Device.
func (s *stage) Speak(ctx context.Context) Mouth {
	ctx, stop := context.WithCancel(ctx)
	return &stageMouth{stage: s, ctx: ctx, stop: stop}
}

type stageMouth struct {
	stage    *stage
	ctx      context.Context
	stop     context.CancelFunc
	sounding bool // under stage.mu, as the rest
	finished bool
}

func (m *stageMouth) Add(audio.Clip) {
	m.stage.mu.Lock()
	defer m.stage.mu.Unlock()
	if m.finished {
		m.stage.fault("sound after the end")
	}
	if m.ctx.Err() != nil {
		return
	}
	if m.stage.ears > 0 {
		m.stage.fault("the kiosk speaks into its own microphone")
	}
	if !m.sounding {
		m.sounding = true
		m.stage.mouths++
	}
	m.stage.changed()
}

// silence is called with stage.mu held.
func (m *stageMouth) silence() {
	if m.sounding {
		m.sounding = false
		m.stage.mouths--
	}
}

func (m *stageMouth) Stop() {
	m.stage.mu.Lock()
	defer m.stage.mu.Unlock()
	m.stop()
	m.silence()
}

func (m *stageMouth) Finish() {
	_ = m.stage.pass(m.ctx, "loudspeaker")
	m.stage.mu.Lock()
	defer m.stage.mu.Unlock()
	if m.finished {
		m.stage.fault("a mouth is finished twice")
	}
	m.finished = true
	m.stop()
	m.silence()
}

// Show implements Front.
func (s *stage) Show(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
	s.changed()
}

// Partial implements Front.
func (s *stage) Partial(string) {}

// Reply implements Front.
func (s *stage) Reply(Turn) {}

// Message implements Front.
func (s *stage) Message(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, words)
}

// Result implements Front.
func (s *stage) Result(turn Turn, o Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results, s.outcomes = append(s.results, turn), append(s.outcomes, o)
	s.changed()
}

// Staff implements Front.
func (s *stage) Staff() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.staff++
}

// Trouble implements Front.
func (s *stage) Trouble(t Trouble, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.troubles = append(s.troubles, t)
	s.changed()
}

type stageEars struct {
	stage *stage
	asr.Recognizer
}

func (e stageEars) Transcribe(ctx context.Context, samples []float32, o asr.Options) (asr.Transcript, error) {
	if err := e.stage.pass(ctx, "recogniser"); err != nil {
		return asr.Transcript{}, err
	}
	t, err := e.Recognizer.Transcribe(ctx, samples, o)
	e.stage.mu.Lock()
	defer e.stage.mu.Unlock()
	e.stage.prompts = append(e.stage.prompts, o.Prompt)
	t.Suspect = e.stage.suspect
	return t, err
}

type stageMemory struct {
	stage *stage
	llm.Embedder
}

func (m stageMemory) Embed(ctx context.Context, text string) ([]float32, error) {
	if err := m.stage.pass(ctx, "embedder"); err != nil {
		return nil, err
	}
	return m.Embedder.Embed(ctx, text)
}

type stageVoice struct {
	stage *stage
	speech.Synthesizer
}

func (v stageVoice) Synthesize(ctx context.Context, text string, o speech.Options) iter.Seq2[audio.Clip, error] {
	return func(yield func(audio.Clip, error) bool) {
		if err := v.stage.pass(ctx, "voice"); err != nil {
			yield(audio.Clip{}, err)
			return
		}
		for chunk, err := range v.Synthesizer.Synthesize(ctx, text, o) {
			if !yield(chunk, err) {
				return
			}
		}
	}
}

// welcome begins a visit and opens the first turn.
func (s *stage) welcome(agrees bool) {
	s.t.Helper()
	waitForState[Attract](s)
	s.counter.Send(Touch{})
	waitForState[Consenting](s)
	if agrees {
		s.counter.Send(ConsentGiven{s.consent()})
	} else {
		s.counter.Send(ConsentRefused{})
	}
}

func (s *stage) consent() storage.Consent {
	s.t.Helper()
	consent, err := storage.GrantConsent(storage.Grant{Notice: "test", By: storage.ByTouch, At: time.Now()})
	if err != nil {
		s.t.Fatal(err)
	}
	return consent
}

// wantOrder checks what must hold after any run.
func (s *stage) wantOrder(t interface{ Errorf(string, ...any) }) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range s.faults {
		t.Errorf("%s", fault)
	}
	s.faults = nil
	if s.ears != 0 || s.mouths != 0 {
		t.Errorf("%d microphones and %d loudspeakers are left open", s.ears, s.mouths)
	}
	if _, gone := s.state.(Gone); !gone {
		t.Errorf("it ends in %T%+v", s.state, s.state)
	}
	opened, ended := map[uint64]int{}, map[uint64]int{}
	for _, step := range s.steps {
		for _, effect := range step.effects {
			switch e := effect.(type) {
			case OpenTurn:
				opened[e.Turn]++
			case EndTurn:
				ended[e.Turn]++
			}
		}
	}
	for n, times := range opened {
		if times != 1 || ended[n] != 1 {
			t.Errorf("turn %d was opened %d times and ended %d times", n, times, ended[n])
		}
	}
	if len(ended) != len(opened) {
		t.Errorf("%d turns were opened, %d ended", len(opened), len(ended))
	}
}

var errBroken = errors.New("broken")
