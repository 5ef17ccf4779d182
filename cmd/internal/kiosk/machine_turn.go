package kiosk

import (
	"context"
	"io"
	"sync"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/storage"
)

// liveTurn is the work of one turn. Its steps run one after the other, each in a goroutine of its own that ends with an
// event; what a step found comes with that event. So the fields below belong to the runner, but for those under mu.
type liveTurn struct {
	runner *Runner
	visit  *Visit
	number uint64
	ctx    context.Context
	cancel context.CancelFunc
	before <-chan struct{} // closed when the work of all earlier turns is over
	steps  sync.WaitGroup
	enough chan struct{} // closed when the question is over

	exchange exchange
	session  string
	unkept   error

	mu       sync.Mutex
	deaf     bool // the ear is closed, or will be as soon as it opens
	ear      Ear
	mouth    Mouth
	finished bool // a step has finished the mouth
	spoken   audio.Clip
}

func (r *Runner) openTurn(number uint64) *liveTurn {
	t := &liveTurn{runner: r, visit: r.visit, number: number, before: r.turns, enough: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancel(r.ctx)
	t.exchange.Language = languageOf("", r.visit.language())
	return t
}

// step runs work once the turns before are over: two of them in one engine would hear each other's words.
func (t *liveTurn) step(work func()) {
	t.steps.Go(func() {
		<-t.before
		if t.ctx.Err() == nil {
			work()
		}
	})
}

// post tells the runner how a step ended, unless the turn was cancelled: then nobody waits for it.
func (t *liveTurn) post(e Event, deliver func()) {
	if t.ctx.Err() == nil {
		t.runner.post(e, deliver)
	}
}

// end frees everything and wipes the shopper's voice. It does not wait.
func (t *liveTurn) end() {
	t.cancel()
	t.closeEar()
	t.hush()
	ended := make(chan struct{})
	t.runner.turns = ended
	go func() {
		defer close(ended)
		<-t.before
		t.steps.Wait()
		t.finishMouth()
		clear(t.exchange.voice.Samples)
		if d, ok := t.device().(interface{ forget() }); ok {
			d.forget()
		}
	}()
}

// device is where the turn's shopper is heard and spoken to.
func (t *liveTurn) device() Device {
	if d := t.visit.manner.device; d != nil {
		return d
	}
	return t.runner.device
}

func (t *liveTurn) listen(from storage.SourceKind) {
	t.step(func() {
		ear, err := t.device().Listen(t.ctx, from)
		if err != nil {
			t.post(lostIn(t.number, err), nil)
			return
		}
		if !t.hearWith(ear) {
			t.post(NoSpeech{t.number}, nil)
			return
		}
		defer t.closeEar()
		t.post(MicrophoneOpened{t.number}, nil)
		t.openMouth(true) // by the time that there is something to say, the loudspeaker is open
		config := t.visit.config(func(words string) { t.post(Partial{t.number, Words(words)}, nil) })
		x, err := t.visit.hear(t.ctx, question{t.metered(ear), t.enough}, config)
		// Before anybody is told: what is said next must not be heard.
		t.closeEar()
		switch {
		case err != nil:
			t.post(lostIn(t.number, err), nil)
		case x.Transcript == "":
			t.post(NoSpeech{t.number}, func() { t.exchange = x })
		default:
			t.post(Heard{t.number}, func() { t.exchange = x })
		}
	})
}

// hearWith takes an ear that was just opened; false when the question was over before.
func (t *liveTurn) hearWith(ear Ear) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.deaf {
		ear.Close()
		return false
	}
	t.ear = ear
	return true
}

func (t *liveTurn) closeEar() {
	t.mu.Lock()
	t.deaf = true
	ear := t.ear
	t.ear = nil
	t.mu.Unlock()
	if ear != nil {
		// What a microphone says on closing is no news: it is not heard any more.
		_ = ear.Close()
	}
}

func (t *liveTurn) endQuestion() { close(t.enough) }

func (t *liveTurn) findReply() {
	x := t.exchange
	t.step(func() {
		if err := t.visit.reply(t.ctx, &x); err != nil {
			t.post(lostIn(t.number, err), nil)
			return
		}
		t.post(ReplyReady{t.number, foundIn(x)}, func() { t.exchange = x })
	})
}

// openMouth returns the way out for this turn's answer, and opens it when there is none yet and fresh says so.
func (t *liveTurn) openMouth(fresh bool) Mouth {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.mouth == nil && fresh {
		t.mouth = t.device().Speak(t.ctx)
	}
	return t.mouth
}

// finishMouth waits until the mouth has played or was stopped.
func (t *liveTurn) finishMouth() {
	t.mu.Lock()
	mouth := t.mouth
	if t.finished {
		mouth = nil
	}
	t.finished = true
	t.mu.Unlock()
	if mouth != nil {
		mouth.Finish()
	}
}

// hush stops the sound at once.
func (t *liveTurn) hush() {
	if mouth := t.openMouth(false); mouth != nil {
		mouth.Stop()
	}
}

func (t *liveTurn) speak() {
	x := t.exchange
	t.utter(func(say Speak) error {
		first := func() {
			at := time.Now()
			t.post(FirstAudio{t.number}, func() { t.exchange.Timings.FirstAudio = at.Sub(x.Timings.zero) })
		}
		return t.visit.say(t.ctx, x.Reply, first, say)
	})
}

// apologise speaks the sentence for a lost engine if the cache has it: the voice itself may be what was lost.
func (t *liveTurn) apologise() {
	clerk, text := t.runner.clerk, Sorry("ja")
	language := t.exchange.Language
	t.utter(func(say Speak) error {
		if clerk.voice == nil || language != "ja" || !clerk.Rendered(speech.Approve(text)) {
			return nil
		}
		return clerk.say(t.ctx, text, language, false, func() {}, say)
	})
}

// utter makes sound and plays it meanwhile.
func (t *liveTurn) utter(say func(Speak) error) {
	t.step(func() {
		mouth := t.openMouth(true)
		silent := true
		tell := t.sounding()
		if t.muted() {
			say = func(Speak) error { return nil }
		}
		err := say(func(chunk audio.Clip) error {
			silent = false
			defer tell(chunk.Duration(), false)
			t.mu.Lock()
			t.spoken.Rate = chunk.Rate
			t.spoken.Samples = append(t.spoken.Samples, chunk.Samples...)
			t.mu.Unlock()
			if mouth != nil {
				mouth.Add(chunk)
			}
			return nil
		})
		if err == nil {
			tell(0, true)
			at := time.Now()
			t.post(SpeechMade{t.number}, func() { t.exchange.Timings.Total = at.Sub(t.exchange.Timings.zero) })
		}
		if silent || err != nil {
			t.hush()
		}
		if err != nil {
			t.post(lostIn(t.number, err), nil)
		}
		t.finishMouth()
		if err == nil {
			t.post(PlaybackDone{t.number}, nil)
		}
	})
}

// muted says whether staff have silenced the counter.
func (t *liveTurn) muted() bool {
	room := t.runner.clerk.backroom
	return room != nil && t.visit.manner.device == nil && room.Settings().Muted
}

// settle sets the time that a turn took when its speech was cut off.
func (t *liveTurn) settle() {
	if timings := &t.exchange.Timings; timings.Total == 0 && !timings.zero.IsZero() {
		timings.Total = time.Since(timings.zero)
	}
}

// sound returns the answer's sound so far.
func (t *liveTurn) sound() audio.Clip {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.spoken
}

// question is an ear until the shopper says that the question is over.
type question struct {
	asr.Frames
	enough <-chan struct{}
}

func (q question) over() bool {
	select {
	case <-q.enough:
		return true
	default:
		return false
	}
}

func (q question) Read(ctx context.Context) ([]float32, error) {
	if q.over() {
		return nil, io.EOF
	}
	frame, err := q.Frames.Read(ctx)
	if err != nil && q.over() {
		return nil, io.EOF // the microphone was closed because the question is over
	}
	return frame, err
}
