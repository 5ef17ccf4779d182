package kiosk

import (
	"context"
	"errors"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

// House is what the shop's people ask of and tell a running kiosk. It is the same in the kiosk's process
// ([Backroom.Door]), from another ([OpenHouse]), and, as far as an open vault goes, where no kiosk runs.
//
// Where the shop has staff accounts, a method that needs a PIN fails with control.ErrPINNeeded until Login was given one,
// and again once nothing was asked for as long as control.idle_minutes; with control.ErrNotAllowed the role does not reach
// so far. The methods may be called from several goroutines.
type House interface {
	// Staff lists the accounts, for whoever chooses a name. It needs no PIN.
	Staff(context.Context) ([]storage.StaffMember, error)
	// Login gives a PIN; an empty name stands for the only account. Errors wrap storage.ErrWrongPIN, ErrPINLocked or
	// ErrWhichStaff.
	Login(ctx context.Context, name string, pin seal.Secret) (control.Member, error)
	// Lock forgets the PIN.
	Lock(context.Context) error

	// Situation is what a glance at the kiosk shows. It needs no PIN.
	Situation(context.Context) (Situation, error)
	// Watch gives f the situation, and each new one at once, until ctx ends or the kiosk does; one that came while f ran is
	// passed over for a newer. It needs no PIN. The error is nil when the kiosk ended.
	Watch(ctx context.Context, f func(Situation)) error
	// Take says that somebody goes to a shopper who called, Handled that somebody has been there. Neither needs a PIN: that
	// somebody comes must not wait for one. Errors wrap ErrNoCall.
	Take(ctx context.Context, call string) error
	Handled(ctx context.Context, call string) error

	// Today returns the counts of the last days, today first. Days on which nobody asked are among them. At most
	// storage.TallyDays. Any role's PIN.
	Today(ctx context.Context, days int) ([]storage.Tally, error)

	// Unanswered returns the questions of kept conversations that had no answer in the last days and would have none now,
	// grouped by likeness, the most frequent first. PIN of staff or a manager.
	Unanswered(ctx context.Context, days int) ([]Gap, error)
	// Similar returns at most n approved answers that come near a question, the nearest first. PIN of staff or a manager.
	Similar(ctx context.Context, question string, n int) ([]Approved, error)
	// Try tells how a text will be read aloud, and speaks it. PIN of staff or a manager.
	Try(context.Context, Trial) (Tried, error)
	// Readings are the readings that the shop has fixed, by word. FixReading adds or replaces one; an empty Kana takes it
	// away. Errors wrap ErrReading. PIN of staff or a manager.
	Readings(context.Context) ([]Reading, error)
	FixReading(context.Context, Reading) error
	// Publish makes a draft an approved answer. When it returns the kiosk answers from it. preview only tells what it would
	// change. Errors wrap ErrDraft. PIN of staff or a manager.
	Publish(ctx context.Context, d Draft, preview bool) (knowledge.Diff, error)
	// TakeBack undoes the last change of the knowledge. PIN of staff or a manager.
	TakeBack(context.Context) (knowledge.Diff, error)

	// Conversations lists the kept conversations of which f holds, the latest first, without a word of them. PIN of staff
	// or a manager.
	Conversations(ctx context.Context, f Filter) ([]Conversation, error)
	// Read opens a conversation. Who, when, which and the reason are written into the vault first. Errors wrap ErrReason.
	// PIN of staff or a manager.
	Read(ctx context.Context, id storage.ID, reason string) (*storage.Saved, error)
	// Sound returns the sound of one clip of a conversation, mono at storage.SampleRate. It is written down as Read is.
	Sound(ctx context.Context, id storage.ID, clip int, reason string) (audio.Clip, error)
	// Accesses lists who has opened what, the latest first, at most n. PIN of a manager.
	Accesses(ctx context.Context, n int) ([]storage.Access, error)

	// Settings are what is set now. It needs no PIN.
	Settings(context.Context) (Settings, error)
	// Change changes them; they hold at once and after a restart. Errors wrap ErrSetting. Any role's PIN.
	Change(context.Context, Change) (Settings, error)

	Close() error
}

var (
	// ErrNoCall means that nobody waits there any more.
	ErrNoCall = errors.New("nobody waits there any more")
	// ErrReading means that a reading cannot be fixed so.
	ErrReading = errors.New("this reading cannot be fixed")
	// ErrDraft means that an answer cannot be published as it is.
	ErrDraft = errors.New("this answer cannot be published")
	// ErrReason means that a conversation is not opened without a reason.
	ErrReason = errors.New("a reason is needed to open a conversation")
	// ErrSetting means that something cannot be set so.
	ErrSetting = errors.New("this cannot be set")
	// ErrNotRunning means that only a running kiosk can do it.
	ErrNotRunning = errors.New("only a running kiosk can do that: start it with `tenin run`")
)

// Situation is what a glance at a kiosk shows. It holds no word of a shopper.
type Situation struct {
	Kiosk    string    `json:"kiosk"` // the kiosk's name: kiosk.name, or its number
	Shop     string    `json:"shop"`
	State    string    `json:"state"` // Word of the machine's state
	Since    time.Time `json:"since"`
	Calls    []Call    `json:"calls"` // who has waited longest first
	Settings Settings  `json:"settings"`
	Topics   []string  `json:"topics"` // of the shop's knowledge, sorted
}

// Call is a shopper who asked for staff.
type Call struct {
	ID       string    `json:"id"`
	Kiosk    string    `json:"kiosk"`
	Topic    string    `json:"topic"`    // the shop's own word for what for; empty: unknown
	Language string    `json:"language"` // what the shopper speaks: "ja", "en", "zh", "ko"
	Since    time.Time `json:"since"`
	Taken    time.Time `json:"taken,omitzero"` // zero: nobody is on the way
	By       string    `json:"by"`             // who took it, where that is known
	Late     bool      `json:"late"`           // nobody took it for longer than the shop wants
	// Earlier says that the kiosk was started anew since: the shopper's screen does not show the call any more.
	Earlier bool `json:"earlier"`
}

// Coming says that somebody is on the way.
func (c Call) Coming() bool { return !c.Taken.IsZero() }

// Gap is a question without an answer, as it was asked several times. Its words are shoppers'.
type Gap struct {
	ID       string    `json:"id"`
	Question string    `json:"question"` // the wording that comes nearest to the others
	Others   []string  `json:"others"`   // other wordings
	Language string    `json:"language"`
	Topic    string    `json:"topic"` // of the approved answer that comes nearest; empty: unknown
	Count    int       `json:"count"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
}

// Approved is an answer that the shop has approved.
type Approved struct {
	ID       string  `json:"id"`
	Language string  `json:"language"`
	Question string  `json:"question"`
	Answer   string  `json:"answer"`
	Topic    string  `json:"topic"`
	Score    float64 `json:"score"` // probability of being what was asked for, 0 to 1
}

// Reading is how a word of the shop is read.
type Reading = knowledge.Reading

// Trial is a text to be tried.
type Trial struct {
	Text     string    `json:"text"`
	Language string    `json:"language"` // "ja" or empty; another is read by nobody
	Readings []Reading `json:"readings"` // that are not fixed yet, in addition
	// Sound wants the sound; Play has the kiosk's own loudspeaker play it.
	Sound bool `json:"sound"`
	Play  bool `json:"play"`
}

// Tried is how a text is read aloud.
type Tried struct {
	Kana  string     `json:"kana"` // all of it, in katakana with its punctuation
	Words []Spelling `json:"words"`
	// Sound is mono; empty when none was wanted or the voices do not speak the language.
	Sound audio.Clip `json:"sound"`
}

// Spelling is a word of a text and how it is read.
type Spelling struct {
	Text  string `json:"text"`
	Kana  string `json:"kana"`
	Fixed bool   `json:"fixed"` // the shop has said how
}

// Draft is an answer that somebody of the staff writes.
type Draft struct {
	// ID of the approved answer that it replaces or adds wordings to; empty: a new one.
	ID       string   `json:"id"`
	Question string   `json:"question"`
	Variants []string `json:"variants"`
	Answer   string   `json:"answer"`
	Detail   string   `json:"detail"`
	Topic    string   `json:"topic"`
	Place    string   `json:"place"`
	Language string   `json:"language"` // empty: "ja"
}

// Filter narrows a list of conversations. The zero value holds for all.
type Filter struct {
	From  time.Time `json:"from"`  // begun then or later
	Until time.Time `json:"until"` // begun before; zero: now
	Topic string    `json:"topic"` // one turn was about it
	Most  int       `json:"most"`  // 0: all
}

// Conversation is a kept conversation as a list shows it.
type Conversation struct {
	storage.Listing
	Topics []string // of its answers, as the knowledge is now
	Handed bool     // its last answer sent the shopper to a person
}

// Settings are what staff switch at a running kiosk.
type Settings struct {
	Paused bool `json:"paused"` // nobody is served
	Muted  bool `json:"muted"`  // the loudspeaker is silent
	// Closed says that the shop is closed for the rest of the day; at ClosedUntil, midnight by the kiosk's clock, it opens
	// by itself.
	Closed      bool      `json:"closed"`
	ClosedUntil time.Time `json:"closed_until,omitzero"`
	// Notice is shown on the first screen until NoticeUntil, midnight; empty: none.
	Notice      string    `json:"notice"`
	NoticeUntil time.Time `json:"notice_until,omitzero"`
	TopicsOff   []string  `json:"topics_off"` // sorted; questions about them are handed off
}

// Serving says whether shoppers are served.
func (s Settings) Serving() bool { return !s.Paused && !s.Closed }

// MaxNotice is how many characters a notice has at most. Whether the fonts have them is the caller's to see:
// ui.Undrawable.
const MaxNotice = 120

// Change is one change of the settings. A nil field leaves what is.
type Change struct {
	Paused *bool   `json:"paused,omitempty"`
	Muted  *bool   `json:"muted,omitempty"`
	Closed *bool   `json:"closed,omitempty"`
	Notice *string `json:"notice,omitempty"` // empty: none
	// Topic is turned off or on again.
	Topic    string `json:"topic,omitempty"`
	TopicOff bool   `json:"topic_off,omitempty"`
	// Undo goes back to before the last change, and, asked again, forward to after it. It stands alone.
	Undo bool `json:"undo,omitempty"`
}
