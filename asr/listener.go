package asr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"tenin/audio"
)

// Frames is where a Listener hears from; every audio.Source is one. Read returns the next audio.FrameSamples samples, and
// io.EOF when no more will come.
type Frames interface {
	Read(ctx context.Context) ([]float32, error)
}

// ahead is a Frames that knows what comes next: at most that many frames which Read would give without waiting.
type ahead interface {
	Ahead(frames int) []float32
}

// lookAhead is how many frames the VAD is given at once when they are there: a recording, or a reader that is late. With
// the VAD in a process of its own a call costs 0.13 ms and the frame 0.1 ms.
const lookAhead = 32

// VAD is what a Listener needs of audio.VAD.
type VAD interface {
	Probabilities(samples []float32) ([]float32, error)
	Reset()
}

// ListenerConfig are the settings of a Listener. The zero value works.
type ListenerConfig struct {
	// Language and Prompt are passed to the Recognizer. When Language is "auto", each decode finds it anew and the last one
	// counts: an early one has heard too little, and took ベビーカーを… for English.
	Language, Prompt string
	// Words, if not nil, are passed too, and what was heard of a turn chooses the prompt of its later decodes (Lexicon.Focus).
	Words *Lexicon
	// Endpoint is how the end of speech is found; its NoSpeech bounds the wait for speech.
	Endpoint audio.EndpointConfig
	// PartialEvery is how much new speech makes a new partial transcript; 700 ms when zero, none when negative.
	PartialEvery time.Duration
	// OnPartial is called with each transcript while the shopper speaks, from the goroutine that calls Listen.
	OnPartial func(Transcript)
	// Known tells whether a word is one of the shop's (Vocabulary.Has): such a word alone is a whole question.
	Known func(word string) bool
}

// tail is the sound after the last speech that goes to the final decode: Whisper cuts a last letter that has no end.
const tail = 200 * time.Millisecond

// A Listener hears one turn at a time. It transcribes while the shopper speaks, and at every pause decodes all that was
// said, so that the transcript is usually there when the end of the turn is certain.
type Listener struct {
	recognizer Recognizer
	vad        VAD
	config     ListenerConfig
}

// NewListener joins a recogniser and a VAD. The caller keeps and closes both.
func NewListener(r Recognizer, v VAD, c ListenerConfig) *Listener {
	if c.PartialEvery == 0 {
		c.PartialEvery = 700 * time.Millisecond
	}
	return &Listener{r, v, c}
}

// Heard is what a turn brought.
type Heard struct {
	// Transcript of the turn. Its Text is empty when nobody spoke, and its Segment counts from Speech's first sample.
	Transcript Transcript
	// Speech is the sound of the turn at 16 kHz, from shortly before the first word to shortly after the last.
	Speech audio.Clip
	// Start and End bound the speech in samples since the first frame that Listen read.
	Start, End int
	// EndOfSpeech is when the frame with the last speech arrived; zero when nobody spoke.
	EndOfSpeech time.Time
	// EndpointWait is how long after EndOfSpeech the turn was taken to be over.
	EndpointWait time.Duration
	// Timings of the turn.
	Timings ListenTimings
}

// ListenTimings say what a turn cost beside its decodes, which Transcript.Timings covers.
type ListenTimings struct {
	VAD         time.Duration // all frames
	AfterEnd    time.Duration // from the end of the wait to the transcript; near 0 when speculation paid
	Partials    int           // partial transcripts delivered
	Speculative int           // final decodes started at a pause
	Discarded   int           // of these, cancelled because the speech went on
	Ignored     int           // stretches of sound that held no words
}

// Listen reads src until one utterance with words is over, the endpoint's NoSpeech has passed without speech, or src
// ends. Nobody having spoken is no error: the transcript is empty. It returns ctx.Err() when ctx is done, and the errors
// of src, the VAD and the recogniser with their context. It never returns while a decode is running.
func (l *Listener) Listen(ctx context.Context, src Frames) (Heard, error) {
	ctx, cancel := context.WithCancel(ctx)
	t := &turn{Listener: l, ctx: ctx, source: src, endpoint: audio.NewEndpointer(l.config.Endpoint), prompt: l.config.Prompt}
	defer t.decodes.Wait()
	defer cancel()
	l.vad.Reset()
	for {
		frame, err := src.Read(ctx)
		if ctx.Err() != nil {
			return Heard{}, ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			if t.endpoint.Finish() != audio.Ended {
				return t.nobody(), nil
			}
			heard, err := t.end()
			if err == nil && heard.Transcript.Text == "" {
				return t.nobody(), nil
			}
			return heard, err
		}
		if err != nil {
			return Heard{}, fmt.Errorf("listening stopped: %w", err)
		}
		event, err := t.frame(frame)
		if err != nil {
			return Heard{}, err
		}
		switch event {
		case audio.TimedOut:
			return t.nobody(), nil
		case audio.Ended:
			heard, err := t.end()
			if err != nil || heard.Transcript.Text != "" {
				return heard, err
			}
			// A door or a chime passed for speech: the shopper may still be about to speak.
			t.heard.Timings.Ignored++
			t.forget()
		}
	}
}

// turn is one Listen.
type turn struct {
	*Listener
	ctx      context.Context
	source   Frames
	endpoint *audio.Endpointer
	prompt   string // of the next decode

	sound    []float32   // from sample base on; only grows while speech goes on, so that decodes may share it
	base     int         // samples forgotten
	arrivals []time.Time // of the frames in sound
	speaking bool

	known []float32 // probabilities of the frames that will be read next

	running   *decode // the one that still counts
	decodes   sync.WaitGroup
	partialAt int // end of the last partial, in samples
	heard     Heard
}

// decode is one call of the recogniser.
type decode struct {
	cancel   context.CancelFunc
	final    bool
	seen     bool // collected
	from, to int
	done     chan struct{}
	t        Transcript
	err      error
}

func (t *turn) frame(frame []float32) (audio.EndpointEvent, error) {
	t.sound = append(t.sound, frame...)
	t.arrivals = append(t.arrivals, time.Now())
	begin := time.Now()
	p, err := t.probability(frame)
	if err != nil {
		return 0, fmt.Errorf("the voice detector failed: %w", err)
	}
	t.heard.Timings.VAD += time.Since(begin)
	t.collect()
	event := t.endpoint.Feed(p)
	switch event {
	case audio.SpeechStarted:
		t.speaking = true
		t.partialAt, _ = t.endpoint.Speech()
	case audio.Paused:
		t.cancel()
		start, end := t.endpoint.Speech()
		t.start(true, start, end+samplesIn(tail))
		t.heard.Timings.Speculative++
	case audio.Resumed:
		if t.cancel() {
			t.heard.Timings.Discarded++
		}
	case audio.None:
		t.partial()
	}
	if !t.speaking {
		t.trim()
	}
	return event, nil
}

// probability that frame is speech; frames that are there already are judged with it.
func (t *turn) probability(frame []float32) (float32, error) {
	if len(t.known) == 0 {
		if a, ok := t.source.(ahead); ok {
			frame = append(frame[:len(frame):len(frame)], a.Ahead(lookAhead-1)...)
		}
		var err error
		if t.known, err = t.vad.Probabilities(frame); err != nil {
			return 0, err
		}
	}
	p := t.known[0]
	t.known = t.known[1:]
	return p, nil
}

// partial starts a partial transcript when there is enough new speech and the engine has nothing to do.
func (t *turn) partial() {
	now := t.base + len(t.sound)
	if !t.speaking || t.running != nil || t.endpoint.Silence() > 0 || t.config.PartialEvery < 0 ||
		now-t.partialAt < samplesIn(t.config.PartialEvery) {
		return
	}
	start, _ := t.endpoint.Speech()
	t.partialAt = now
	t.start(false, start, now)
}

func (t *turn) start(final bool, from, to int) {
	clip := t.cut(from, to)
	ctx, cancel := context.WithCancel(t.ctx)
	d := &decode{cancel: cancel, final: final, from: from, to: to, done: make(chan struct{})}
	o := Options{Language: t.config.Language, Prompt: t.prompt, Words: t.config.Words, Partial: !final}
	t.running = d
	t.decodes.Go(func() {
		defer close(d.done)
		defer cancel()
		d.t, d.err = t.recognizer.Transcribe(ctx, clip, o)
	})
}

// cancel drops the decode that is running or whose result waits, and tells whether it was a final one.
func (t *turn) cancel() bool {
	if t.running == nil {
		return false
	}
	t.running.cancel()
	final := t.running.final
	t.running = nil
	return final
}

// collect looks, without waiting, for the result of the decode. A partial one is delivered and forgotten. A final one
// stays until the end is certain; meanwhile its words tell the endpointer how long to wait.
func (t *turn) collect() {
	d := t.running
	if d == nil || d.seen {
		return
	}
	select {
	case <-d.done:
	default:
		return
	}
	d.seen = true
	if !d.final {
		t.running = nil
	}
	if d.err != nil {
		return // a final one reports it at the end, a partial one is followed by another
	}
	if t.config.Words != nil && d.t.Text != "" && d.t.Suspect == "" {
		t.prompt = t.config.Words.Focus(d.t.Text)
	}
	if d.final {
		t.endpoint.SetComplete(Judge(d.t.Text, d.t.Language, t.config.Known))
	}
	if d.t.Text != "" {
		t.heard.Timings.Partials++
		if t.config.OnPartial != nil {
			t.config.OnPartial(d.t)
		}
	}
}

// end takes the transcript of the speech that has just ended: the speculative one if it covers all of it.
func (t *turn) end() (Heard, error) {
	ended := time.Now()
	start, stop := t.endpoint.Speech()
	if d := t.running; d == nil || !d.final || d.from != start || d.to < stop {
		t.cancel()
		t.start(true, start, stop+samplesIn(tail))
	}
	d := t.running
	select {
	case <-d.done:
	case <-t.ctx.Done():
		return Heard{}, t.ctx.Err()
	}
	if t.ctx.Err() != nil {
		return Heard{}, t.ctx.Err()
	}
	if d.err != nil {
		return Heard{}, fmt.Errorf("recognition failed: %w", d.err)
	}
	h := &t.heard
	h.Transcript = d.t
	h.Speech = audio.Clip{Samples: t.cut(d.from, d.to), Rate: SampleRate}
	h.Start, h.End = start, stop
	h.EndOfSpeech = t.arrival(stop)
	h.EndpointWait = ended.Sub(h.EndOfSpeech)
	h.Timings.AfterEnd = time.Since(ended)
	return *h, nil
}

// nobody is the result of a turn without words.
func (t *turn) nobody() Heard {
	language := t.config.Language
	if language == "" || language == "auto" {
		language = Languages[0]
	}
	return Heard{Transcript: Transcript{Language: language, NoSpeech: 1}, Timings: t.heard.Timings}
}

// forget goes back to waiting for speech.
func (t *turn) forget() {
	t.cancel()
	t.speaking = false
	t.prompt = t.config.Prompt
	t.heard = Heard{Timings: t.heard.Timings}
}

// cut shares the samples from from to to, counted since the first frame, as far as they are there and at most
// MaxUtterance of them, the last ones.
func (t *turn) cut(from, to int) []float32 {
	to = min(max(to-t.base, 0), len(t.sound))
	from = min(max(from-t.base, to-samplesIn(MaxUtterance), 0), to)
	return t.sound[from:to:to]
}

// arrival is when the frame that ends at sample end came.
func (t *turn) arrival(end int) time.Time {
	i := (end-t.base)/audio.FrameSamples - 1
	return t.arrivals[min(max(i, 0), len(t.arrivals)-1)]
}

// trim forgets sound before any speech beyond what a pre-roll can ask for.
func (t *turn) trim() {
	const keep = 2 * SampleRate
	if len(t.sound) < 2*keep {
		return
	}
	n := (len(t.sound) - keep) / audio.FrameSamples
	t.sound = append([]float32(nil), t.sound[n*audio.FrameSamples:]...)
	t.arrivals = append([]time.Time(nil), t.arrivals[n:]...)
	t.base += n * audio.FrameSamples
}
