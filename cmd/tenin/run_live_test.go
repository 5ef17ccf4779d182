package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
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
)

// patience is no expectation: it only turns a hang into a failure.
const patience = time.Minute

// transcript is an output that a test reads while it is written.
type transcript struct {
	mu   sync.Mutex
	text strings.Builder
	read int // what waitFor has seen
}

func (b *transcript) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *transcript) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// waitFor returns what was written up to the next place where text stands.
func (b *transcript) waitFor(t *testing.T, text string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		b.mu.Lock()
		fresh := b.text.String()[b.read:]
		if i := strings.Index(fresh, text); i >= 0 {
			b.read += i + len(text)
			b.mu.Unlock()
			return fresh[:i]
		}
		b.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("%q does not come after %q", text, fresh)
		}
	}
}

// waitForEither waits for the first of two texts and says whether it was the first one.
func (b *transcript) waitForEither(t *testing.T, one, other string) (first bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(2 * time.Millisecond) {
		b.mu.Lock()
		fresh := b.text.String()[b.read:]
		i, j := strings.Index(fresh, one), strings.Index(fresh, other)
		if i >= 0 && (j < 0 || i < j) {
			b.read += i + len(one)
			b.mu.Unlock()
			return true
		}
		if j >= 0 {
			b.read += j + len(other)
			b.mu.Unlock()
			return false
		}
		b.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("neither %q nor %q comes after %q", one, other, fresh)
		}
	}
}

// booth is a kiosk without engines, sound card and terminal.
type booth struct {
	t       *testing.T
	sound   *audio.FakeDevices
	clerk   *kiosk.Clerk
	results *transcript // standard output
	piped   bool        // which is no terminal
	talk    *transcript // what the person sees beside it
	keys    *io.PipeWriter
	ended   chan struct{}
	stop    context.CancelFunc
	live    *live
}

const (
	parking       = "駐車場はありますか"
	parkingAnswer = "地下2階に駐車場がございます。お車でお越しのお客様は、正面玄関の右手にある入口からお入りください。係員がご案内いたします。"
)

// openBooth serves at a booth whose shoppers say parking. change, if not nil, is called before it serves.
func openBooth(t *testing.T, change func(*booth, *config.Config, *flags)) *booth {
	t.Helper()
	c := &booth{t: t, sound: &audio.FakeDevices{}, results: &transcript{}, talk: &transcript{}, ended: make(chan struct{})}
	settings, f := config.Default(), &flags{}
	settings.Shop.Language = "ja"
	c.live = &live{devices: localSound{c.sound}, console: &console{out: c.talk}, patience: patience}
	if change != nil {
		change(c, &settings, f)
	}

	home := t.TempDir()
	store, err := kiosk.OpenKnowledge(home)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Apply(knowledge.Batch{Entries: []knowledge.Entry{{ID: "parking", Question: parking, Answer: parkingAnswer, Language: "ja"}}})
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	recognizer := &asr.Scripted{Script: func([]float32, asr.Options) asr.Transcript {
		return asr.Transcript{Text: parking, Language: "ja"}
	}}
	c.clerk, err = kiosk.Open(t.Context(), kiosk.Options{
		Home: home, Config: settings, Parts: kiosk.Knowing | kiosk.Hearing | kiosk.Speaking | kiosk.Keeping,
		Engines: kiosk.Engines{
			Recognizer: recognizer, VAD: &audio.EnergyVAD{}, Voice: speech.NewFake(reading.Default()), Embedder: llmtest.NewHashEmbedder(64),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.clerk.Close() })

	in, keys := io.Pipe()
	c.keys = keys
	run := &headlessRun{clerk: c.clerk, flags: f, settings: settings, out: c.results, elsewhere: c.piped, answers: &answerFiles{}}
	l := newLive(run, in, c.live.devices, c.live.console)
	l.patience = c.live.patience
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	go func() { defer close(c.ended); l.serve(ctx) }()
	t.Cleanup(func() { stop(); c.waitForEnd(); keys.Close() })
	return c
}

func (c *booth) press(line string) {
	c.t.Helper()
	if _, err := io.WriteString(c.keys, line+"\n"); err != nil {
		c.t.Fatal(err)
	}
}

func (c *booth) waitForEnd() {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(patience):
		c.t.Fatalf("the kiosk does not end; it said %q", c.talk)
	}
}

// welcome goes up to the open microphone.
func (c *booth) welcome(consent string) {
	c.t.Helper()
	c.talk.waitFor(c.t, "leave\n")
	c.press("")
	c.talk.waitFor(c.t, "いいえ no")
	c.press(consent)
	c.talk.waitFor(c.t, "speak now")
}

// ask says a question into the open microphone.
func (c *booth) ask() {
	hum := audio.Clip{Rate: audio.SampleRate, Samples: make([]float32, audio.SampleRate)}
	for i := range hum.Samples {
		hum.Samples[i] = float32(0.3 * math.Sin(float64(i)*2*math.Pi*180/audio.SampleRate))
	}
	c.sound.Say(hum)
}

func (c *booth) sessions() []storage.Listing {
	c.t.Helper()
	sessions, err := c.clerk.Vault().Sessions()
	if err != nil {
		c.t.Fatal(err)
	}
	return sessions
}

func TestAShopperWhoAgreedIsHeardAnsweredAndKept(t *testing.T) {
	t.Parallel()
	c := openBooth(t, nil)
	c.welcome("ｙ")
	c.ask()
	c.results.waitFor(t, "heard   "+parking)
	c.results.waitFor(t, "answer  "+parkingAnswer)
	c.talk.waitFor(t, "first sound after")
	c.press("") // enough of the answer
	c.talk.waitFor(t, "ask again")
	c.press("") // the same shopper is not asked twice
	if between := c.talk.waitFor(t, "speak now"); strings.Contains(between, "no ") {
		t.Errorf("between two questions of a shopper: %q", between)
	}
	c.ask()
	c.talk.waitFor(t, "first sound after")
	c.press("q")
	c.waitForEnd()
	sessions := c.sessions()
	if len(sessions) != 1 || sessions[0].Source != storage.Microphone || sessions[0].Turns != 2 || sessions[0].Clips != 2 {
		t.Fatalf("%+v", sessions)
	}
	saved, err := c.clerk.Vault().Load(sessions[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if saved.Consent == nil || saved.Consent.Notice != consentVersion || saved.Consent.By != storage.ByKey {
		t.Errorf("consent %+v", saved.Consent)
	}
}

func TestWithoutAYesNothingIsKept(t *testing.T) {
	t.Parallel()
	for _, no := range []string{"", "n", "いいえ", "yy", " "} {
		c := openBooth(t, nil)
		c.welcome(no)
		c.ask()
		c.talk.waitFor(t, "first sound after")
		c.press("q")
		c.waitForEnd()
		if s := c.sessions(); len(s) != 0 {
			t.Errorf("%q kept %+v", no, s)
		}
		if n, err := c.clerk.Vault().Outbox().Len(); n != 0 || err != nil {
			t.Errorf("%q left %d summaries: %v", no, n, err)
		}
	}
}

func TestTheNextShopperIsAskedAnew(t *testing.T) {
	t.Parallel()
	c := openBooth(t, nil)
	c.welcome("y")
	c.ask()
	c.talk.waitFor(t, "first sound after")
	c.press("n")
	c.welcome("")
	c.ask()
	c.talk.waitFor(t, "first sound after")
	c.press("q")
	c.waitForEnd()
	if s := c.sessions(); len(s) != 1 || s[0].Turns != 1 {
		t.Errorf("the second shopper said no: %+v", s)
	}
}

func TestAShopperWhoIsGoneIsNotTheNextOne(t *testing.T) {
	t.Parallel()
	c := openBooth(t, func(c *booth, _ *config.Config, _ *flags) { c.live.patience = 50 * time.Millisecond })
	c.talk.waitFor(t, "leave\n")
	c.press("")
	c.talk.waitFor(t, "いいえ no")
	c.talk.waitFor(t, "leave\n") // nobody answered the question: the kiosk waits for somebody else
}

func TestAYesFromBeforeTheQuestionIsForgotten(t *testing.T) {
	t.Parallel()
	for range 5 {
		c := openBooth(t, nil)
		c.talk.waitFor(t, "leave\n")
		c.press("\ny\ny") // in one piece: the first line makes the kiosk ask
		c.talk.waitFor(t, "いいえ no")
		c.press("")
		c.talk.waitFor(t, "speak now")
		c.ask()
		c.talk.waitFor(t, "first sound after")
		c.press("q")
		c.waitForEnd()
		if s := c.sessions(); len(s) != 0 {
			t.Errorf("a yes from before the question kept %+v", s)
		}
	}
}

func TestTheEndOfTheInputIsALeave(t *testing.T) {
	keys := readKeys(strings.NewReader("n\nＱ"))
	var pressed []key
	keys.each(t.Context(), func(k typed) { pressed = append(pressed, k.key) })
	if len(pressed) != 3 || pressed[0] != keyNext || pressed[1] != keyLeave || pressed[2] != keyLeave {
		t.Errorf("%q", pressed)
	}
}

// soundFor is how long the room is not silent until the kiosk asks what to do next.
func (c *booth) soundFor(after func()) time.Duration {
	c.t.Helper()
	ear, err := c.sound.OpenMicrophone(c.t.Context(), audio.DeviceOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(c.t.Context())
	heard, done := 0, make(chan struct{})
	go func() {
		defer close(done)
		for {
			frame, err := ear.Read(ctx)
			if err != nil {
				return
			}
			for _, s := range frame {
				if math.Abs(float64(s)) > 0.01 {
					heard++
					break
				}
			}
		}
	}()
	after()
	c.talk.waitFor(c.t, "ask again")
	stop()
	<-done
	ear.Close()
	return time.Duration(heard) * audio.FrameDuration
}

func TestEnterStopsTheAnswerAndTheTurnIsKept(t *testing.T) {
	t.Parallel()
	c := openBooth(t, nil)
	c.welcome("y")
	c.ask()
	c.talk.waitFor(t, "first sound after")
	cut := c.soundFor(func() { c.press("") })
	c.press("")
	c.talk.waitFor(t, "speak now")
	c.ask()
	c.talk.waitFor(t, "first sound after")
	whole := c.soundFor(func() {})
	if cut > whole/3 {
		t.Errorf("%v of an answer of %v were heard after Enter", cut, whole)
	}
	if s := c.sessions(); len(s) != 1 || s[0].Turns != 2 {
		t.Errorf("%+v", s)
	}
}

func TestEnterWhileSpeakingEndsTheQuestion(t *testing.T) {
	t.Parallel()
	c := openBooth(t, func(c *booth, s *config.Config, _ *flags) { s.Audio.QuietSeconds = 60 })
	c.welcome("y")
	c.press("")
	c.talk.waitFor(t, "nobody spoke")
	c.talk.waitFor(t, "ask again")
	if s := c.sessions(); len(s) != 0 {
		t.Errorf("silence was kept: %+v", s)
	}
}

func TestSilenceEndsAfterTheSettingsSecondsAndIsNotKept(t *testing.T) {
	t.Parallel()
	c := openBooth(t, func(c *booth, s *config.Config, _ *flags) { s.Audio.QuietSeconds = 1 })
	c.welcome("y")
	c.talk.waitFor(t, "nobody spoke; nothing was kept")
	c.talk.waitFor(t, "ask again")
	if s := c.sessions(); len(s) != 0 {
		t.Errorf("%+v", s)
	}
}

func TestALostMicrophoneIsSaidInALineAndTheKioskGoesOn(t *testing.T) {
	t.Parallel()
	c := openBooth(t, nil)
	c.welcome("y")
	c.sound.Unplug()
	c.talk.waitFor(t, "\n")
	line := c.talk.waitFor(t, "\n")
	if !strings.Contains(line, "please try again: ") || !strings.Contains(line, audio.ErrDeviceLost.Error()) {
		t.Errorf("it says %q", line)
	}
	c.talk.waitFor(t, "ask again")
	c.press("")
	c.talk.waitFor(t, "speak now")
	c.ask()
	c.results.waitFor(t, "heard   "+parking)
	c.talk.waitFor(t, "first sound after")
	if s := c.sessions(); len(s) != 1 || s[0].Turns != 1 {
		t.Errorf("%+v", s)
	}
}

// brokenSound has a microphone, sometimes, and no loudspeaker.
type brokenSound struct {
	*audio.FakeDevices
	noMicrophone bool
}

func (brokenSound) OpenSpeaker(context.Context, audio.DeviceOptions) (*audio.Speaker, error) {
	return nil, fmt.Errorf("%w: no device with an output", audio.ErrNoSpeaker)
}

func (b brokenSound) OpenMicrophone(ctx context.Context, o audio.DeviceOptions) (*audio.Microphone, error) {
	if b.noMicrophone {
		return nil, fmt.Errorf("%w: no device with an input", audio.ErrNoMicrophone)
	}
	return b.FakeDevices.OpenMicrophone(ctx, o)
}

func TestWithoutALoudspeakerAnswersAreShownAndThatIsSaidOnce(t *testing.T) {
	t.Parallel()
	c := openBooth(t, func(c *booth, _ *config.Config, _ *flags) {
		c.live.devices = localSound{brokenSound{FakeDevices: c.sound}}
	})
	c.welcome("")
	for range 2 {
		c.ask()
		c.results.waitFor(t, "answer  "+parkingAnswer)
		c.talk.waitFor(t, "ask again")
		c.press("")
		c.talk.waitFor(t, "speak now")
	}
	if n := strings.Count(c.talk.String(), "no loudspeaker"); n != 1 {
		t.Errorf("said %d times: %q", n, c.talk)
	}
}

func TestWithoutAMicrophoneTheKioskAsksToTryAgain(t *testing.T) {
	t.Parallel()
	c := openBooth(t, func(c *booth, _ *config.Config, _ *flags) {
		c.live.devices = localSound{brokenSound{FakeDevices: c.sound, noMicrophone: true}}
	})
	c.talk.waitFor(t, "leave\n")
	c.press("")
	c.talk.waitFor(t, "いいえ no")
	for range 2 {
		c.press("")
		c.talk.waitFor(t, "please try again: no microphone")
		c.talk.waitFor(t, "ask again")
	}
}

func TestTheKioskEndsInEveryState(t *testing.T) {
	states := map[string]func(*booth){
		"waiting":   func(c *booth) { c.talk.waitFor(c.t, "leave\n") },
		"asking":    func(c *booth) { c.talk.waitFor(c.t, "leave\n"); c.press(""); c.talk.waitFor(c.t, "いいえ no") },
		"listening": func(c *booth) { c.welcome("y") },
		"hearing":   func(c *booth) { c.welcome("y"); c.ask() },
		"answering": func(c *booth) { c.welcome("y"); c.ask(); c.talk.waitFor(c.t, "first sound after") },
		"answered": func(c *booth) {
			c.welcome("y")
			c.ask()
			c.talk.waitFor(c.t, "first sound after")
			c.press("")
			c.talk.waitFor(c.t, "ask again")
		},
	}
	ends := map[string]func(*booth){
		"q":         func(c *booth) { c.press("Ｑ") },
		"Ctrl-D":    func(c *booth) { c.keys.Close() },
		"interrupt": func(c *booth) { c.stop() },
	}
	for state, reach := range states {
		for name, end := range ends {
			t.Run(state+" "+name, func(t *testing.T) {
				t.Parallel()
				c := openBooth(t, nil)
				reach(c)
				end(c)
				c.waitForEnd()
				turns := 0
				for _, s := range c.sessions() {
					turns += s.Turns
				}
				answered := state == "answering" || state == "answered"
				if answered && turns != 1 || !answered && turns != 0 {
					t.Errorf("%d turns are kept", turns)
				}
			})
		}
	}
}

func TestWithJSONTheResultsAreOneObjectATurnAndNothingElse(t *testing.T) {
	t.Parallel()
	c := openBooth(t, func(c *booth, s *config.Config, f *flags) { f.json, s.Audio.QuietSeconds = true, 1 })
	c.welcome("y")
	c.ask()
	c.results.waitFor(t, "\n")
	c.press("")
	c.talk.waitFor(t, "ask again")
	c.press("")
	c.talk.waitFor(t, "nobody spoke")
	c.press("q")
	c.waitForEnd()
	decoder := json.NewDecoder(strings.NewReader(c.results.String()))
	decoder.DisallowUnknownFields()
	var turns []turnJSON
	for {
		var turn turnJSON
		if err := decoder.Decode(&turn); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v in %q", err, c.results)
		}
		turns = append(turns, turn)
	}
	if len(turns) != 2 || turns[0].Transcript != parking || turns[0].Session == "" || turns[1].Transcript != "" || turns[1].Kind != "" {
		t.Errorf("%+v", turns)
	}
}

func TestOnlyMonitorsAreNoMicrophoneUnlessOneIsNamed(t *testing.T) {
	settings, monitors := config.Default(), localSound{&audio.FakeDevices{OnlyMonitor: true}}
	if ok, err := canListen(true, settings, monitors); ok || !errors.Is(err, audio.ErrNoMicrophone) {
		t.Errorf("%v, %v", ok, err)
	}
	if ok, err := canListen(true, settings, localSound{&audio.FakeDevices{}}); !ok || err != nil {
		t.Errorf("a microphone: %v, %v", ok, err)
	}
	settings.Audio.Microphone = "monitor"
	if ok, err := canListen(true, settings, monitors); !ok || err != nil {
		t.Errorf("named: %v, %v", ok, err)
	}
	if ok, err := canListen(false, settings, localSound{&audio.FakeDevices{}}); ok || err == nil {
		t.Error("without a terminal nobody can be asked")
	}
}
