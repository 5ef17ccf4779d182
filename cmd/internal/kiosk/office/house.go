package office

import (
	"context"
	"errors"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/ui/keyboard"
)

// House is what an Office asks and tells a running kiosk; kiosk.House, whose methods these are, says what they promise.
type House interface {
	Staff(context.Context) ([]storage.StaffMember, error)
	Login(ctx context.Context, name string, pin seal.Secret) (control.Member, error)
	Lock(context.Context) error
	Watch(context.Context, func(kiosk.Situation)) error
	Take(ctx context.Context, call string) error
	Handled(ctx context.Context, call string) error
	Today(ctx context.Context, days int) ([]storage.Tally, error)
	Unanswered(ctx context.Context, days int) ([]kiosk.Gap, error)
	Similar(ctx context.Context, question string, n int) ([]kiosk.Approved, error)
	Try(context.Context, kiosk.Trial) (kiosk.Tried, error)
	FixReading(context.Context, kiosk.Reading) error
	Publish(ctx context.Context, d kiosk.Draft, preview bool) (knowledge.Diff, error)
	TakeBack(context.Context) (knowledge.Diff, error)
	Conversations(context.Context, kiosk.Filter) ([]kiosk.Conversation, error)
	Read(ctx context.Context, id storage.ID, reason string) (*storage.Saved, error)
	Sound(ctx context.Context, id storage.ID, clip int, reason string) (audio.Clip, error)
	Change(context.Context, kiosk.Change) (kiosk.Settings, error)
}

// ErrNoPlayer means that there is no loudspeaker where the staff's screen is. A Player may return it.
var ErrNoPlayer = errors.New("there is no loudspeaker here")

// Player plays sound to whoever stands at the screen.
type Player interface {
	// Play returns when the clip was played, or ctx is over.
	Play(context.Context, audio.Clip) error
}

// Terms are where an office is and how it behaves.
type Terms struct {
	// Counter is an office on the kiosk's own screen: the calls need a PIN there, since shoppers stand before it; it ends
	// when it locks, and an answer is tried on the kiosk's loudspeaker.
	Counter bool
	// SetUp has a technician's PIN at the counter lead out to the technician's screens.
	SetUp bool
	// Idle without a touch locks the screens; 0: two minutes.
	Idle time.Duration
	// English has the screens begin in English.
	English bool
	// Words are the keyboard's candidates; nil: kana alone.
	Words *keyboard.Dictionary
	// Undrawable returns the characters that the screens cannot show; nil: all can be shown.
	Undrawable func(string) string
}

const (
	defaultIdle = 2 * time.Minute
	// padIdle without a touch leaves a pad at the counter: somebody touched it who has no PIN.
	padIdle = 30 * time.Second
	// gapDays is how far back questions without an answer are looked for.
	gapDays = 30
	// similarAnswers is how many approved answers are looked at beside a question.
	similarAnswers = 4
	// mostConversations is how many are listed.
	mostConversations = 500
	// noteStays is how long a note about the last touch is shown.
	noteStays = 8 * time.Second
)

func (t Terms) idle() time.Duration {
	if t.Idle <= 0 {
		return defaultIdle
	}
	return t.Idle
}
