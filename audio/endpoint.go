package audio

import (
	"fmt"
	"time"
)

// Completeness is what the words so far say about whether the shopper has finished.
type Completeness int

const (
	// Unknown: there are no words yet, or they do not tell.
	Unknown Completeness = iota
	// Whole: the words read as a whole question.
	Whole
	// BrokenOff: the words break off (a particle, a filler, a conjunction at the end).
	BrokenOff
)

// EndpointEvent is what a frame changed.
type EndpointEvent int

const (
	// None: nothing changed.
	None EndpointEvent = iota
	// SpeechStarted: enough speech was heard to be sure. It began earlier: see Endpointer.Speech.
	SpeechStarted
	// Paused: a short silence. The words are worth decoding now, because they are often the last.
	Paused
	// Resumed: the speech goes on after a pause.
	Resumed
	// Ended: the silence lasted as long as the words so far ask for, or the speech became too long.
	Ended
	// TimedOut: nobody spoke for EndpointConfig.NoSpeech.
	TimedOut
)

var eventNames = [...]string{"none", "speech started", "paused", "resumed", "ended", "timed out"}

func (e EndpointEvent) String() string {
	if e < 0 || int(e) >= len(eventNames) {
		return fmt.Sprintf("event %d", int(e))
	}
	return eventNames[e]
}

// EndpointConfig of an Endpointer. A zero field takes its default. Durations are rounded up to whole frames.
type EndpointConfig struct {
	// Threshold is the probability at which a frame is speech after silence, Release the one that speech stays above.
	// 0.5 and 0.35 are the defaults that Silero was published with.
	Threshold, Release float32
	// MinSpeech within pauses shorter than Pause makes a speech; less is a noise and starts nothing. 250 ms, as Silero's
	// default. A door chime and till beeps gave 13 % at most in any frame, read sentences 95 % in nearly all.
	MinSpeech time.Duration
	// MinConfidence is the mean probability that those frames must have. 0.6.
	MinConfidence float32
	// PreRoll is added before the first frame of speech: on a soft beginning the VAD took 250 ms to rise to 0.5. 300 ms.
	PreRoll time.Duration
	// Pause is the silence after which Paused is reported. 160 ms: in read Japanese the VAD dips for up to 128 ms within
	// a phrase, and for 160 to 256 ms at 、.
	Pause time.Duration
	// EndUnknown, EndWhole and EndBrokenOff are the silences that end a speech. The longest pause inside the sentences of
	// read Japanese (Common Voice, 22 s) was 256 ms, so 400 ms end what reads as whole. Pauses of read and spoken English
	// reach 450 to 740 ms inside a phrase and 1,060 ms between phrases, so 1,200 ms are given to what breaks off, and
	// 700 ms, between the two, to what is not known.
	EndUnknown, EndWhole, EndBrokenOff time.Duration
	// MaxUtterance cuts a speech that does not end: 30 s, what the recogniser hears at once.
	MaxUtterance time.Duration
	// NoSpeech is the time without speech after which TimedOut is reported, again and again. 0 is never.
	NoSpeech time.Duration
}

func (c EndpointConfig) withDefaults() EndpointConfig {
	set := func(d *time.Duration, ms int) {
		if *d <= 0 {
			*d = time.Duration(ms) * time.Millisecond
		}
	}
	probability := func(p *float32, v float32) {
		if *p <= 0 {
			*p = v
		}
	}
	probability(&c.Threshold, 0.5)
	probability(&c.Release, 0.35)
	probability(&c.MinConfidence, 0.6)
	c.Release = min(c.Release, c.Threshold)
	set(&c.MinSpeech, 250)
	set(&c.PreRoll, 300)
	set(&c.Pause, 160)
	set(&c.EndUnknown, 700)
	set(&c.EndWhole, 400)
	set(&c.EndBrokenOff, 1200)
	set(&c.MaxUtterance, 30_000)
	return c
}

// frames that last at least d.
func frames(d time.Duration) int { return int((d + FrameDuration - 1) / FrameDuration) }

// resumeFrames of speech in a row end a pause: one alone is a click or a breath.
const resumeFrames = 2

type endpointState int

const (
	quiet    endpointState = iota
	maybe                  // speech is heard, not yet enough of it
	speaking               // SpeechStarted was reported
	pausing                // Paused was reported
)

// Endpointer finds where speech begins and ends in a stream of frame probabilities. It holds no sound and calls nothing:
// the same probabilities give the same events. After Ended it waits for the next speech.
//
// Every SpeechStarted is followed by exactly one Ended (from Feed or Finish) before the next one; Paused and Resumed
// alternate between them, Paused first.
type Endpointer struct {
	config EndpointConfig
	state  endpointState
	fed    int // frames so far
	idle   int // frame at which the wait for speech began

	first      int     // frame of the first speech
	last       int     // frame after the last speech
	voiced     int     // frames of speech since first
	confidence float32 // sum of their probabilities
	back       int     // frames of speech in a row in a pause

	complete   Completeness
	start, end int // frames of the speech that was reported last
	truncated  bool
}

// NewEndpointer starts at sample 0.
func NewEndpointer(c EndpointConfig) *Endpointer { return &Endpointer{config: c.withDefaults()} }

// Reset starts again at sample 0.
func (e *Endpointer) Reset() { *e = Endpointer{config: e.config} }

// SetComplete tells what the words so far sound like; the next Feed uses it. It is Unknown again when speech resumes.
func (e *Endpointer) SetComplete(c Completeness) { e.complete = c }

// Speech returns where the speech that was reported last, or is being spoken, starts (with the pre-roll) and ends (right
// after the last frame of speech), in samples since NewEndpointer or Reset. 0 <= start < end, once SpeechStarted was reported.
// Silero lets go late: on six clips end lay 80 to 120 ms behind the last sound above -35 dB of the peak.
func (e *Endpointer) Speech() (start, end int) {
	if e.state == speaking || e.state == pausing {
		return e.start * FrameSamples, e.last * FrameSamples
	}
	return e.start * FrameSamples, e.end * FrameSamples
}

// Silence since the last frame of the speech that is being spoken or was reported last.
func (e *Endpointer) Silence() time.Duration {
	_, end := e.Speech()
	return samplesDuration(e.fed*FrameSamples-end, SampleRate)
}

// Truncated tells that the last speech ended because of MaxUtterance.
func (e *Endpointer) Truncated() bool { return e.truncated }

// Feed takes the speech probability of the next frame.
func (e *Endpointer) Feed(probability float32) EndpointEvent {
	e.fed++
	switch e.state {
	case maybe:
		return e.feedMaybe(probability)
	case speaking:
		return e.feedSpeaking(probability)
	case pausing:
		return e.feedPausing(probability)
	}
	if probability >= e.config.Threshold {
		e.state = maybe
		e.first, e.voiced, e.confidence = e.fed-1, 0, 0
		return e.heard(probability)
	}
	if e.config.NoSpeech > 0 && e.fed-e.idle >= frames(e.config.NoSpeech) {
		e.idle = e.fed
		return TimedOut
	}
	return None
}

// Finish tells that no frame will follow: it returns Ended when a speech was going on, otherwise None.
func (e *Endpointer) Finish() EndpointEvent {
	if e.state == speaking || e.state == pausing {
		return e.finish(false)
	}
	e.state = quiet
	return None
}

// isSpeech applies the hysteresis: it is easier to go on than to begin.
func (e *Endpointer) isSpeech(probability float32) bool {
	if e.last == e.fed-1 {
		return probability >= e.config.Release
	}
	return probability >= e.config.Threshold
}

func (e *Endpointer) feedMaybe(probability float32) EndpointEvent {
	if e.isSpeech(probability) {
		return e.heard(probability)
	}
	if e.fed-e.last >= frames(e.config.Pause) || e.fed-e.first >= frames(e.config.MaxUtterance) {
		e.state = quiet // it was a noise; the wait for speech goes on
	}
	return None
}

// heard counts a frame of speech and decides whether it is enough.
func (e *Endpointer) heard(probability float32) EndpointEvent {
	e.last = e.fed
	e.voiced++
	e.confidence += probability
	if e.voiced < frames(e.config.MinSpeech) || e.confidence < e.config.MinConfidence*float32(e.voiced) {
		return None
	}
	e.state = speaking
	// The pre-roll never reaches into the speech before.
	e.start = max(e.first-frames(e.config.PreRoll), e.end)
	e.complete, e.truncated = Unknown, false
	return SpeechStarted
}

func (e *Endpointer) feedSpeaking(probability float32) EndpointEvent {
	if e.isSpeech(probability) {
		e.last = e.fed
	}
	switch {
	case e.fed-e.start >= frames(e.config.MaxUtterance):
		return e.finish(true)
	case e.fed-e.last >= frames(e.config.Pause):
		e.state, e.back = pausing, 0
		return Paused
	}
	return None
}

func (e *Endpointer) feedPausing(probability float32) EndpointEvent {
	if probability >= e.config.Threshold {
		e.back++
	} else {
		e.back = 0
	}
	switch {
	case e.fed-e.start >= frames(e.config.MaxUtterance):
		return e.finish(true)
	case e.back >= resumeFrames:
		e.state, e.last, e.complete = speaking, e.fed, Unknown
		return Resumed
	case e.back == 0 && e.fed-e.last >= frames(e.wait()):
		return e.finish(false)
	}
	return None
}

func (e *Endpointer) wait() time.Duration {
	switch e.complete {
	case Whole:
		return e.config.EndWhole
	case BrokenOff:
		return e.config.EndBrokenOff
	}
	return e.config.EndUnknown
}

func (e *Endpointer) finish(truncated bool) EndpointEvent {
	e.state, e.end, e.idle, e.truncated = quiet, e.last, e.fed, truncated
	return Ended
}
