package kiosk

import (
	"context"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/storage"
)

// A Device is where a runner hears and speaks: a microphone and a loudspeaker, or recordings and files.
type Device interface {
	// Listen opens the microphone for one question, or gives the recording that was brought (storage.File). Errors wrap
	// audio.ErrNoMicrophone or audio.ErrDeviceLost where one fits. The ear is closed by the runner.
	Listen(ctx context.Context, from storage.SourceKind) (Ear, error)
	// Speak begins the way out for one answer without waiting for the loudspeaker. It may return nil: the answer is then
	// shown only.
	Speak(ctx context.Context) Mouth
}

// An Ear is an open microphone.
type Ear interface {
	asr.Frames
	// Close ends a Read that waits. It may be called twice, and from another goroutine.
	Close() error
}

// A Mouth plays one answer.
type Mouth interface {
	// Add takes the next sound of the answer; it does not wait for it to be played.
	Add(audio.Clip)
	// Stop ends the sound at once and does not wait. It may be called at any time, from any goroutine, and twice.
	Stop()
	// Finish waits until all was played, or until soon after Stop, and frees the loudspeaker. It is called once, after the
	// last Add.
	Finish()
}

// A Front shows what happens to the person and to whoever watches. Its methods are called one at a time, in order, and
// hold up everything else while they run: they may call Runner.Send, and must not wait for it.
type Front interface {
	// Show is told each state that is entered.
	Show(State)
	// Partial shows what the shopper has said so far, over what was shown before.
	Partial(words string)
	// Reply shows the answer before it is spoken.
	Reply(Turn)
	// Message shows a message to the staff, to be confirmed.
	Message(words string)
	// Result is told what a turn brought, once it is kept or will not be.
	Result(Turn, Outcome)
	// Staff calls a person to the kiosk.
	Staff()
	// Trouble says what went wrong. err holds no word of the shopper; it may be nil.
	Trouble(Trouble, error)
}

// Outcome is what a turn left.
type Outcome struct {
	// Session is the name of the session that keeps the turn; empty when nothing is kept.
	Session string
	// Spoken is the answer's sound as far as it was made.
	Spoken audio.Clip
	// Err says why the turn is not kept although it should be.
	Err error
}

// RunnerOptions may be zero.
type RunnerOptions struct {
	// Patience is how long somebody who touches nothing is taken to be still there; 0 is for ever.
	Patience time.Duration
	// Reset makes every engine that heard or spoke anew at the end of a visit; nil when there is nothing to make anew. It
	// is called while no turn is open, and returns when the engines serve again.
	Reset func(context.Context) error
	// Erase overwrites what the last visit left in the memory of this process, when nothing else of the reset is left to
	// do: EraseHeap, in a process of its own. It may be nil.
	Erase func()
	// Ahead goes on while nobody is being served, can be stopped at any point, and takes up where it was: see
	// Clerk.RenderQuietly. It may be nil.
	Ahead func(context.Context) error
	// Watch is told each state that is entered, as one word; it must not wait. It may be nil.
	Watch func(word string)
	// Level is told how loud the counter's open microphone is, every LoudnessEvery, for somebody to see that they are
	// heard; it must not wait. It may be nil.
	Level func(Loudness)
	// Sounding is told how much of the sound of what is said at the counter is made, with each piece that is handed to the
	// loudspeaker; it must not wait. It may be nil.
	Sounding func(Sound)
}
