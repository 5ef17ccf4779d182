package counter

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
	"tenin/llm/llmtest"
	"tenin/llm/reading"
	"tenin/storage"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// counterStage is a kiosk with its counter: a real desk and clerk with engines, devices and a glass that a test looks at.
type counterStage struct {
	t       *testing.T
	clerk   *kiosk.Clerk
	desk    *kiosk.Desk
	counter *Counter
	touches chan shopper.Event
	stop    func()
	ended   chan struct{}

	mu      sync.Mutex
	moved   chan struct{} // closed and replaced at each change
	view    shopper.View
	look    ui.Look
	seen    []shopper.View
	looked  int // how many of seen a wait has passed
	says    string
	suspect asr.Suspicion
	lost    error
	hums    bool
	broken  error         // why the microphone does not open
	playing chan struct{} // a mouth finishes when it is closed; nil: at once
	opened  int
	played  int // pieces of sound
	calls   []string
	helped  []string
	trouble []kiosk.Trouble
}

const (
	hold          = time.Minute
	parking       = "駐車場はありますか"
	parkingAnswer = "地下2階に駐車場がございます。"
)

// open opens a shop with two answers and a product, whose shopper says words, and its counter.
func open(t *testing.T, change func(*Options)) *counterStage {
	t.Helper()
	s := &counterStage{t: t, moved: make(chan struct{}), touches: make(chan shopper.Event, 1000), ended: make(chan struct{}), says: parking, hums: true}
	ears := &asr.Scripted{Script: func([]float32, asr.Options) asr.Transcript {
		s.mu.Lock()
		defer s.mu.Unlock()
		return asr.Transcript{Text: s.says, Language: "ja", Suspect: s.suspect}
	}}
	home := t.TempDir()
	store, err := kiosk.OpenKnowledge(home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Apply(knowledge.Batch{
		Entries: []knowledge.Entry{
			{ID: "parking", Question: parking, Answer: parkingAnswer, Detail: "2時間まで無料です。", Topic: "アクセス", Language: "ja"},
			{ID: "returns", Question: "返品できますか", Answer: "レシートをお持ちください。", Topic: "返品", Language: "ja"},
		},
		Products: []knowledge.Product{{ID: "umbrella", Name: "折りたたみ傘", Place: "1階 雑貨 棚Z-05", Floor: "1階", Price: 2750}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	plan, err := knowledge.ParsePlan([]byte(`{"kiosk": {"floor": "1F", "x": 0.5, "y": 0.9}, "floors": [{"id": "1F", "also": ["1階"], "name": {"ja": "1階", "en": "1F"}, "level": 1,
		"areas": [{"name": {"ja": "雑貨", "en": "Accessories"}, "x": 0.1, "y": 0.1, "w": 0.3, "h": 0.3}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := kiosk.ImportPlan(home, plan); err != nil {
		t.Fatal(err)
	}
	s.clerk, err = kiosk.Open(t.Context(), kiosk.Options{
		Home: home, Config: config.Default(), Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking | kiosk.Keeping,
		Engines: kiosk.Engines{Recognizer: losing{ears, s}, VAD: &audio.EnergyVAD{}, Voice: speech.NewFake(reading.Default()), Embedder: llmtest.NewHashEmbedder(64)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.clerk.Close() })
	s.desk = kiosk.NewDesk(s.clerk)
	o := Options{
		Glass: s, Machine: s.desk, Clerk: relating{s.clerk}, Name: "てんいん百貨店", Shop: ShopOf(s.clerk), Notice: "test", Days: 30, Patience: time.Hour,
		Summon: func(topic, language string) { s.note(func() { s.calls = append(s.calls, topic+" "+language) }) },
		Helped: func(topic string, yes bool) { s.note(func() { s.helped = append(s.helped, fmt.Sprint(topic, yes)) }) },
		Trouble: func(trouble kiosk.Trouble, err error) {
			s.note(func() { s.trouble = append(s.trouble, trouble) })
			if err != nil && strings.Contains(err.Error(), parking) {
				t.Errorf("a shopper's words are in %q", err)
			}
		},
	}
	if change != nil {
		change(&o)
	}
	s.counter = New(o)
	return s
}

// run starts counter and desk: this is all that a command has to do.
func (s *counterStage) run() *counterStage {
	ctx, stop := context.WithCancel(context.Background())
	s.stop = stop
	served := make(chan struct{})
	go func() {
		defer close(served)
		if err := s.counter.Run(ctx); err != nil {
			s.t.Error(err)
		}
	}()
	go func() {
		defer close(s.ended)
		s.desk.Run(ctx, s.counter.Device(s), s.counter, s.counter.Taps(kiosk.RunnerOptions{Reset: func(context.Context) error { return nil }}))
		<-served
	}()
	s.t.Cleanup(s.end)
	return s
}

func (s *counterStage) end() {
	s.stop()
	select {
	case <-s.ended:
	case <-time.After(hold):
		s.t.Fatal("the kiosk does not end")
	}
}

func (s *counterStage) note(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.moved)
	s.moved = make(chan struct{})
}

// Show implements Glass.
func (s *counterStage) Show(v shopper.View, l ui.Look) {
	s.note(func() { s.view, s.look, s.seen = v, l, append(s.seen, v) })
}

// Touches implements Glass.
func (s *counterStage) Touches() <-chan shopper.Event { return s.touches }

func (s *counterStage) touch(events ...shopper.Event) {
	s.note(func() { s.looked = max(0, len(s.seen)-1) })
	for _, e := range events {
		s.touches <- e
	}
}

func (s *counterStage) waitFor(what string, done func() bool) {
	s.t.Helper()
	limit := time.After(hold)
	for {
		s.mu.Lock()
		ok, moved, view := done(), s.moved, s.view
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-moved:
		case <-limit:
			s.t.Fatalf("%s is not reached, but %T%+v", what, view.Screen, view)
		}
	}
}

// waitForScreen waits for a screen of the type that is of, and returns it. One that was
// shown since the last touch or the last wait and has gone again counts: a screen that
// passes by itself may do so before a busy machine lets the test look.
func waitForScreen[S shopper.Screen](s *counterStage, of func(S) bool) (found S) {
	s.t.Helper()
	s.waitFor(fmt.Sprintf("%T", found), func() bool {
		for ; s.looked < len(s.seen); s.looked++ {
			screen, ok := s.seen[s.looked].Screen.(S)
			if ok && (of == nil || of(screen)) {
				found = screen
				return true
			}
		}
		s.looked = max(0, len(s.seen)-1)
		return false
	})
	return found
}

// Listen implements kiosk.Device.
func (s *counterStage) Listen(context.Context, storage.SourceKind) (kiosk.Ear, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	s.opened++
	clip := audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, 4*audio.SampleRate)}
	for i := range clip.Samples {
		clip.Samples[i] = 1e-4
	}
	if s.hums {
		for i := range audio.SampleRate {
			clip.Samples[audio.SampleRate/2+i] = float32(0.3 * math.Sin(float64(i)*2*math.Pi*180/audio.SampleRate))
		}
	}
	return audio.NewFileSource(clip, false), nil
}

// Speak implements kiosk.Device.
func (s *counterStage) Speak(ctx context.Context) kiosk.Mouth {
	ctx, stop := context.WithCancel(ctx)
	return &stageMouth{s, ctx, stop}
}

type stageMouth struct {
	stage *counterStage
	ctx   context.Context
	stop  func()
}

func (m *stageMouth) Add(audio.Clip) { m.stage.note(func() { m.stage.played++ }) }
func (m *stageMouth) Stop()          { m.stop() }
func (m *stageMouth) Finish() {
	m.stage.mu.Lock()
	playing := m.stage.playing
	m.stage.mu.Unlock()
	if playing != nil {
		select {
		case <-playing:
		case <-m.ctx.Done():
		}
	}
	m.stop()
}

// losing is a recogniser that may be lost.
type losing struct {
	asr.Recognizer
	stage *counterStage
}

func (l losing) Transcribe(ctx context.Context, samples []float32, o asr.Options) (asr.Transcript, error) {
	l.stage.mu.Lock()
	lost := l.stage.lost
	l.stage.mu.Unlock()
	if lost != nil {
		return asr.Transcript{}, lost
	}
	return l.Recognizer.Transcribe(ctx, samples, o)
}

// relating is a clerk whose search finds something related: that of the fake embedder, which knows words only, does not.
type relating struct{ *kiosk.Clerk }

func (r relating) Related(ctx context.Context, turn kiosk.Turn, n int) ([]string, error) {
	found, err := r.Clerk.Related(ctx, turn, n)
	if err == nil && len(found) == 0 {
		found = []string{"返品できますか"}
	}
	return found, err
}

// speaksOn holds the voice until the returned function is called.
func (s *counterStage) speaksOn() (release func()) {
	playing := make(chan struct{})
	s.note(func() { s.playing = playing })
	return sync.OnceFunc(func() {
		s.note(func() { s.playing = nil })
		close(playing)
	})
}

func (s *counterStage) language() shopper.Language {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.view.Language
}

func (s *counterStage) count(of *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *of
}

// begin touches the first screen and answers the notice.
func (s *counterStage) begin(how shopper.How) {
	s.t.Helper()
	waitForScreen(s, func(a shopper.Attract) bool { return !a.Preparing })
	s.touch(shopper.Start{})
	waitForScreen[shopper.Consent](s, nil)
	s.touch(shopper.Consented{How: how})
}

func (s *counterStage) sessions() []*storage.Saved {
	s.t.Helper()
	list, err := s.clerk.Vault().Sessions()
	if err != nil {
		s.t.Fatal(err)
	}
	var all []*storage.Saved
	for _, l := range list {
		saved, err := s.clerk.Vault().Load(l.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, saved)
	}
	return all
}

// forgotten checks that nothing of a shopper is in any field of the counter.
func (s *counterStage) forgotten(words ...string) {
	s.t.Helper()
	s.counter.mu.Lock()
	defer s.counter.mu.Unlock()
	st := s.counter.state
	st.shop = Shop{} // what the shop knows is everybody's
	for _, w := range words {
		for _, v := range []reflect.Value{reflect.ValueOf(st), reflect.ValueOf(s.counter.shown)} {
			if where := tracesOf(v, w, "counter"); where != "" && !isExample(s.counter.shown, w) {
				s.t.Errorf("%q is in %s", w, where)
			}
		}
	}
	if fresh := st.fresh(); !reflect.DeepEqual(st.visit, fresh.visit) {
		s.t.Errorf("something is left of a visit: %+v", st.visit)
	}
}

// isExample: the first screen shows the shop's own questions, which a shopper may have asked.
func isExample(v shopper.View, word string) bool {
	a, ok := v.Screen.(shopper.Attract)
	return ok && slices.Contains(a.Examples, word)
}

func ExampleNew() {
	var (
		clerk  *kiosk.Clerk // opened with Knowing, Hearing, Speaking and Keeping
		glass  Glass        // the window
		device kiosk.Device // microphone and loudspeaker
		reset  func(context.Context) error
	)
	run := func(ctx context.Context) {
		desk := kiosk.NewDesk(clerk)
		c := New(Options{
			Glass: glass, Machine: desk, Clerk: clerk, Shop: ShopOf(clerk), Name: "てんいん百貨店", Notice: "2026-11", Days: 30, Patience: time.Minute,
			Summon: func(topic, language string) { clerk.Backroom().Call(topic, language) },
			Helped: clerk.Backroom().Helped,
		})
		defer clerk.Backroom().Follow(c.Situation)()
		go c.Run(ctx)
		desk.Run(ctx, c.Device(device), c, c.Taps(kiosk.RunnerOptions{Reset: reset, Erase: kiosk.EraseHeap, Ahead: clerk.RenderQuietly}))
	}
	_ = run
}

func TestAShopperSpeaksIsAnsweredAndLeavesWithACode(t *testing.T) {
	s := open(t, nil)
	if a := s.view.Screen.(shopper.Attract); !a.Preparing || len(a.Examples) == 0 {
		t.Errorf("before the machine runs: %+v", a)
	}
	s.run()
	release := s.speaksOn()
	s.begin(shopper.Speak)
	speaking := waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking })
	if speaking.Text != parkingAnswer || speaking.Question != parking || !speaking.HasDetail || speaking.AskHelped || speaking.HasMap {
		t.Errorf("%+v", speaking)
	}
	related := waitForScreen(s, func(a shopper.Answer) bool { return len(a.Related) > 0 }).Related
	if slices.Contains(related, parking) {
		t.Errorf("%q is what was asked", related)
	}
	s.touch(shopper.ShowDetail{})
	if d := waitForScreen[shopper.Detail](s, nil); d.Text != "2時間まで無料です。" || d.Title != parking {
		t.Errorf("%+v", d)
	}
	release()
	s.touch(shopper.Return{})
	waitForScreen(s, func(a shopper.Answer) bool { return a.AskHelped && !a.Speaking })
	s.touch(shopper.Helped{Yes: true}, shopper.Helped{Yes: false})
	waitForScreen(s, func(a shopper.Answer) bool { return a.Thanked && !a.AskHelped })
	s.touch(shopper.Finish{})
	receipt := waitForScreen[shopper.Receipt](s, nil)
	code, err := storage.ParseReceipt(receipt.Code)
	if err != nil || receipt.Days != 30 {
		t.Fatalf("%+v, %v", receipt, err)
	}
	s.touch(shopper.Finish{})
	waitForScreen[shopper.Attract](s, nil)
	s.forgotten(parking, parkingAnswer, receipt.Code)

	kept := s.sessions()
	if len(kept) != 1 || len(kept[0].Turns) != 1 || kept[0].Turns[0].Helped != "yes" || kept[0].Consent == nil || kept[0].Consent.By != storage.ByTouch {
		t.Fatalf("%+v", kept)
	}
	if found, err := s.clerk.Vault().FindReceipt(code); err != nil || found != kept[0].ID {
		t.Errorf("%v, %v", found, err)
	}
	if !slices.Equal(s.helped, []string{"アクセスtrue"}) {
		t.Errorf("counted: %q", s.helped)
	}
	listened, thought := false, false
	for _, v := range s.seen {
		if l, ok := v.Screen.(shopper.Listening); ok {
			listened = listened || l.Kept && l.Level > 0
		}
		_, ok := v.Screen.(shopper.Thinking)
		thought = thought || ok
	}
	if !listened || !thought {
		t.Errorf("the screen showed a level: %v, that it thinks: %v", listened, thought)
	}
}

func TestWhoTypesOpensNoMicrophone(t *testing.T) {
	s := open(t, nil).run()
	s.begin(shopper.Type)
	waitForScreen[shopper.Typing](s, nil)
	for _, r := range "駐" {
		s.touch(shopper.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
	}
	for _, r := range "ちゅうしゃ" {
		s.touch(shopper.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
	}
	board := waitForScreen(s, func(b shopper.Typing) bool { return b.Board.State.Composing == "ちゅうしゃ" }).Board
	if len(board.Candidates) == 0 || !strings.HasPrefix(board.Candidates[0], "駐車場") {
		t.Fatalf("%q", board.Candidates)
	}
	s.touch(shopper.Typed{Key: keyboard.Key{Kind: keyboard.Choose, Text: board.Candidates[0]}}, shopper.Typed{Key: keyboard.Key{Kind: keyboard.Choose, Text: "何でも書ける"}})
	s.touch(shopper.Typed{Key: keyboard.Key{Kind: keyboard.Enter}})
	answered := waitForScreen(s, func(a shopper.Answer) bool { return a.AskHelped })
	if answered.Question != "駐"+board.Candidates[0] {
		t.Errorf("%q was asked", answered.Question)
	}
	// A question on a button, and no question that is on none.
	buttons := waitForScreen(s, func(a shopper.Answer) bool { return len(a.Related) > 0 }).Related
	s.touch(shopper.Ask{Question: "ボタンにない質問"}, shopper.Ask{Question: buttons[0]})
	waitForScreen(s, func(a shopper.Answer) bool { return a.Question != answered.Question && a.AskHelped })
	if s.count(&s.opened) != 0 {
		t.Error("the microphone was open")
	}
	// Who then wants to speak is asked first, and keeps their wishes for the screen.
	s.touch(shopper.ToggleBigText{}, shopper.SpeakAgain{})
	waitForScreen[shopper.Consent](s, nil)
	s.waitFor("large text", func() bool { return s.look.BigText })
	s.touch(shopper.Consented{How: shopper.Unrecorded})
	waitForScreen(s, func(a shopper.Answer) bool { return !a.Speaking && a.Question == parking && !a.AskHelped })
	s.touch(shopper.Finish{})
	waitForScreen[shopper.Attract](s, nil)
	s.waitFor("the shop's look", func() bool { return !s.look.BigText })
	s.forgotten(answered.Question)
	if kept := s.sessions(); len(kept) != 1 || len(kept[0].Turns) != 2 || kept[0].Source != storage.Text {
		t.Errorf("%+v", kept)
	}
}

func TestATouchStopsTheVoiceAndAnotherBeginsTheNextQuestion(t *testing.T) {
	s := open(t, nil).run()
	s.speaksOn()
	s.begin(shopper.Speak)
	waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking })
	s.touch(shopper.Interrupt{})
	waitForScreen(s, func(a shopper.Answer) bool { return !a.Speaking && a.AskHelped })
	s.touch(shopper.SpeakAgain{})
	waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking })
	s.touch(shopper.SpeakAgain{})
	waitForScreen[shopper.Listening](s, nil)
	waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking })
	// A question from a button while it speaks: silence, the vault, the question.
	next := waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking && len(a.Related) > 0 }).Related[0]
	s.touch(shopper.Ask{Question: next})
	waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking && a.Question == next })
	s.touch(shopper.Finish{})
	waitForScreen[shopper.Receipt](s, nil)
	if s.count(&s.opened) != 3 {
		t.Errorf("the microphone was opened %d times", s.opened)
	}
}

func TestASilentScreenPlaysNothingAndStopsWhatSounds(t *testing.T) {
	s := open(t, nil).run()
	waitForScreen[shopper.Attract](s, nil)
	s.touch(shopper.ToggleSilent{})
	s.begin(shopper.Unrecorded)
	waitForScreen(s, func(a shopper.Answer) bool { return !a.Speaking })
	if s.count(&s.played) != 0 {
		t.Errorf("%d pieces of sound", s.played)
	}
	s.speaksOn()
	s.touch(shopper.ToggleSilent{}, shopper.SpeakAgain{})
	waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking })
	s.waitFor("sound", func() bool { return s.played > 0 })
	s.touch(shopper.ToggleSilent{})
	waitForScreen(s, func(a shopper.Answer) bool { return !a.Speaking })
	// The staff's switch is everybody's.
	s.touch(shopper.ToggleSilent{})
	s.waitFor("sound on", func() bool { return !s.look.Silent })
	s.counter.Situation(kiosk.Situation{Settings: kiosk.Settings{Muted: true}})
	s.waitFor("sound off", func() bool { return s.look.Silent })
}

func TestAProductIsShownOnTheFloor(t *testing.T) {
	s := open(t, nil).run()
	s.note(func() { s.says = "折りたたみ傘はどこですか" })
	s.begin(shopper.Unrecorded)
	waitForScreen(s, func(a shopper.Answer) bool { return a.HasMap && a.Place == "1階 雑貨 棚Z-05" })
	s.touch(shopper.ShowPlace{})
	p := waitForScreen[shopper.Place](s, nil)
	if p.Name != "折りたたみ傘" || p.Note != "2,750円" || p.Map.Elsewhere != "" || !p.Map.Areas[0].Goal || p.Map.There.Y == 0 || p.Map.Here != (shopper.Point{X: 0.5, Y: 0.9}) {
		t.Errorf("%+v", p)
	}
	s.touch(shopper.ChooseLanguage{Language: shopper.English})
	p = waitForScreen(s, func(p shopper.Place) bool { return p.Map.Areas[0].Name == "Accessories" })
	if p.Where != "1F, Accessories, shelf Z-05" || p.Note != "2,750 yen" {
		t.Errorf("%+v", p)
	}
	s.touch(shopper.Return{})
	waitForScreen[shopper.Answer](s, nil)
}

func TestStaffAreCalledFromEverywhere(t *testing.T) {
	for name, way := range map[string]func(*counterStage){
		"first screen": func(s *counterStage) { waitForScreen(s, func(a shopper.Attract) bool { return !a.Preparing }) },
		"notice": func(s *counterStage) {
			waitForScreen(s, func(a shopper.Attract) bool { return !a.Preparing })
			s.touch(shopper.Start{})
			waitForScreen[shopper.Consent](s, nil)
		},
		"answer": func(s *counterStage) {
			s.begin(shopper.Speak)
			waitForScreen(s, func(a shopper.Answer) bool { return a.AskHelped })
		},
		"voice": func(s *counterStage) {
			s.speaksOn()
			s.begin(shopper.Speak)
			waitForScreen(s, func(a shopper.Answer) bool { return a.Speaking })
		},
		"keyboard": func(s *counterStage) {
			s.begin(shopper.Type)
			waitForScreen[shopper.Typing](s, nil)
		},
		"Korean": func(s *counterStage) {
			waitForScreen(s, func(a shopper.Attract) bool { return !a.Preparing })
			s.touch(shopper.ChooseLanguage{Language: shopper.Korean})
			s.waitFor("Korean", func() bool { return s.view.Language == shopper.Korean })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, func(o *Options) { o.Late = 10 * time.Millisecond }).run()
			way(s)
			s.touch(shopper.CallStaff{Language: s.language()})
			waitForScreen[shopper.Staff](s, nil)
			waitForScreen(s, func(v shopper.Staff) bool { return v.Late })
			call := kiosk.Call{ID: "1"}
			s.counter.Situation(kiosk.Situation{Calls: []kiosk.Call{call}})
			call.Taken = time.Now()
			s.counter.Situation(kiosk.Situation{Calls: []kiosk.Call{call}})
			waitForScreen(s, func(v shopper.Staff) bool { return v.Coming && !v.Late })
			want := " ja"
			if topic := map[string]string{"answer": "アクセス ja", "voice": "アクセス ja", "Korean": " ko"}[name]; topic != "" {
				want = topic
			}
			s.waitFor("the call", func() bool { return slices.Equal(s.calls, []string{want}) })
			s.counter.Situation(kiosk.Situation{})
			if name == "answer" || name == "voice" {
				waitForScreen(s, func(a shopper.Answer) bool { return !a.Speaking })
				return
			}
			waitForScreen[shopper.Attract](s, nil)
			if s.count(&s.opened) != 0 {
				t.Error("the microphone was open")
			}
		})
	}
}

func TestAMessageNeedsAYesThatIsAskedForThen(t *testing.T) {
	s := open(t, nil).run()
	s.note(func() { s.says = "株価はいくらですか" })
	s.begin(shopper.Unrecorded)
	waitForScreen(s, func(a shopper.Answer) bool { return !a.Speaking })
	s.note(func() { s.says = "傘の骨が折れました" })
	s.touch(shopper.LeaveMessage{})
	waitForScreen[shopper.Consent](s, nil)
	s.touch(shopper.Consented{How: shopper.Speak})
	waitForScreen(s, func(l shopper.Listening) bool { return l.Message && l.Kept })
	if m := waitForScreen(s, func(m shopper.Message) bool { return !m.Sent }); m.Text != "傘の骨が折れました" {
		t.Errorf("%+v", m)
	}
	s.touch(shopper.LeaveMessage{}) // once more
	waitForScreen(s, func(l shopper.Listening) bool { return l.Message })
	waitForScreen(s, func(m shopper.Message) bool { return !m.Sent && m.Text != "" })
	s.touch(shopper.SendMessage{})
	waitForScreen(s, func(m shopper.Message) bool { return m.Sent })
	s.touch(shopper.Finish{})
	waitForScreen[shopper.Receipt](s, nil)
	s.touch(shopper.Finish{})
	waitForScreen[shopper.Attract](s, nil)
	s.forgotten("傘の骨", "株価")
	if kept := s.sessions(); len(kept) != 1 || len(kept[0].Turns) != 1 || kept[0].Turns[0].Kind != string(kiosk.Message) {
		t.Errorf("%+v", kept)
	}
}

func TestAMessageIsTypedWhereTheVoiceMayNotBeKept(t *testing.T) {
	s := open(t, nil).run()
	s.begin(shopper.Type)
	waitForScreen[shopper.Typing](s, nil)
	s.touch(shopper.CallStaff{})
	waitForScreen[shopper.Staff](s, nil)
	// That visit was begun for typed words.
	s.touch(shopper.LeaveMessage{})
	waitForScreen(s, func(b shopper.Typing) bool { return b.Message })
	for _, r := range "かさ" {
		s.touch(shopper.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
	}
	s.touch(shopper.Typed{Key: keyboard.Key{Kind: keyboard.Enter}})
	waitForScreen(s, func(m shopper.Message) bool { return m.Text == "かさ" })
	s.touch(shopper.SendMessage{})
	waitForScreen(s, func(m shopper.Message) bool { return m.Sent })
	if s.count(&s.opened) != 0 {
		t.Error("the microphone was open")
	}
}

func TestTheScreenSaysWhyItDoesNotHear(t *testing.T) {
	s := open(t, nil).run()
	s.note(func() { s.broken = audio.ErrNoMicrophone })
	s.begin(shopper.Speak)
	waitForScreen(s, func(v shopper.Trouble) bool { return v.Reason == shopper.NoMicrophone })
	s.note(func() { s.broken, s.hums = nil, false })
	s.touch(shopper.Retry{})
	waitForScreen(s, func(v shopper.Trouble) bool { return v.Reason == shopper.TooQuiet })
	s.note(func() { s.hums, s.lost = true, fmt.Errorf("test: %w", kiosk.ErrEngineLost) })
	s.touch(shopper.Retry{})
	waitForScreen(s, func(v shopper.Trouble) bool { return v.Reason == shopper.EngineLost })
	s.note(func() { s.lost, s.suspect = nil, "no word of it is Japanese" })
	s.note(func() { s.says = "株価はいくら" })
	for kiosk.Word(s.counter.at()) != "ready" { // the screen stays as it is
		time.Sleep(time.Millisecond)
	}
	s.touch(shopper.Retry{})
	waitForScreen(s, func(v shopper.Clarify) bool { return v.Heard == "株価はいくら" })
	// Asked once more by itself, and then sent to a person.
	waitForScreen(s, func(a shopper.Answer) bool { return !a.Speaking && !a.AskHelped })
	s.counter.Tell(Outside{MicrophoneOff: true})
	s.touch(shopper.SpeakAgain{})
	waitForScreen(s, func(v shopper.Trouble) bool { return v.Reason == shopper.Muted })
	s.touch(shopper.TypeInstead{})
	waitForScreen[shopper.Typing](s, nil)
}

func TestWhoGoesAwayIsCountedDownAndForgotten(t *testing.T) {
	s := open(t, func(o *Options) { o.Patience = 5 * time.Second }).run()
	s.begin(shopper.Speak)
	waitForScreen(s, func(a shopper.Answer) bool { return a.AskHelped })
	s.touch(shopper.ToggleContrast{}, shopper.ChooseLanguage{Language: shopper.English})
	s.waitFor("the count", func() bool { return 0 < s.view.Left && s.view.Left <= 4 && s.view.Language == shopper.English })
	s.touch(shopper.StillHere{})
	s.waitFor("the count from its beginning", func() bool { return s.view.Left == 5 })
	waitForScreen[shopper.Attract](s, nil)
	s.waitFor("the look of the shop", func() bool { return !s.look.HighContrast && s.view.Language == shopper.Japanese && s.view.Left == 0 })
	s.forgotten(parkingAnswer)
}

func TestAClosedShopServesNobody(t *testing.T) {
	s := open(t, nil).run()
	waitForScreen(s, func(a shopper.Attract) bool { return !a.Preparing })
	s.counter.Situation(kiosk.Situation{Settings: kiosk.Settings{Closed: true, Notice: "棚卸しです"}})
	if c := waitForScreen[shopper.Closed](s, nil); c.Notice != "棚卸しです" {
		t.Errorf("%+v", c)
	}
	s.touch(shopper.Start{}, shopper.CallStaff{}, shopper.ToggleBigText{})
	s.waitFor("large text", func() bool { return s.look.BigText })
	s.counter.Situation(kiosk.Situation{Settings: kiosk.Settings{Notice: "本日19時閉店"}})
	if a := waitForScreen[shopper.Attract](s, nil); a.Notice != "本日19時閉店" {
		t.Errorf("%+v", a)
	}
}

func TestWhoTouchesDuringAnInquiryIsToldToWaitAndComesNext(t *testing.T) {
	s := open(t, nil).run()
	waitForScreen(s, func(a shopper.Attract) bool { return !a.Preparing })
	inquiry := s.desk.Inquire(kiosk.Terms{})
	if _, _, err := inquiry.Ask(t.Context(), kiosk.Brief{Text: parking}); err != nil {
		t.Fatal(err)
	}
	s.touch(shopper.Start{})
	waitForScreen[shopper.Consent](s, nil)
	s.forgotten(parkingAnswer)
	s.touch(shopper.Finish{})
	waitForScreen[shopper.Attract](s, nil)
}

// at is the machine's state as the counter has seen it.
func (c *Counter) at() kiosk.State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.at
}

func TestAStormOfTouchesLeavesARealKioskInOrder(t *testing.T) {
	s := open(t, func(o *Options) { o.Patience = 3 * time.Second }).run()
	random := rand.New(rand.NewPCG(1, 2))
	waitForScreen(s, func(a shopper.Attract) bool { return !a.Preparing })
	for i := range 600 {
		events := []shopper.Event{
			shopper.Start{}, shopper.Consented{How: shopper.How(random.IntN(4))}, shopper.DoneSpeaking{}, shopper.Cancel{}, shopper.Interrupt{}, shopper.SpeakAgain{},
			shopper.TypeInstead{}, shopper.Ask{Question: "返品できますか"}, shopper.CallStaff{}, shopper.LeaveMessage{}, shopper.SendMessage{}, shopper.DiscardMessage{},
			shopper.Helped{Yes: true}, shopper.Finish{}, shopper.ToggleSilent{}, shopper.Retry{}, shopper.ChooseLanguage{Language: shopper.Language(random.IntN(4))},
			shopper.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: "か"}}, shopper.Typed{Key: keyboard.Key{Kind: keyboard.Enter}}, shopper.ShowDetail{}, shopper.Return{},
		}
		s.touch(events[random.IntN(len(events))])
		if i%3 == 0 {
			time.Sleep(time.Duration(random.IntN(8)) * time.Millisecond)
		}
		s.counter.mu.Lock()
		fault := contradiction(s.counter.state)
		s.counter.mu.Unlock()
		if fault != "" {
			t.Fatal(fault)
		}
	}
	s.waitFor("home", func() bool {
		a, ok := s.view.Screen.(shopper.Attract)
		return ok && !a.Preparing && s.view.Language == shopper.Japanese && !s.look.Silent
	})
	s.forgotten(parkingAnswer)
	s.end()
	if places, err := s.clerk.Vault().Sessions(); err != nil || slices.ContainsFunc(places, func(l storage.Listing) bool { return l.Open || l.Err != nil }) {
		t.Errorf("%+v, %v", places, err)
	}
}
