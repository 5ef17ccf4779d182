package counter

import (
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// rules are what the shop has settled for all its shoppers.
type rules struct {
	name     string
	language shopper.Language
	look     ui.Look
	points   map[shopper.Language][]string
	days     int
	// patience is how long somebody who touches nothing is taken to be there; called is that of somebody who waits for
	// staff; late is when nobody coming is too long.
	patience, called, late time.Duration
}

// overlay is what the shopper looks at on top of what the machine does.
type overlay uint8

const (
	nothing overlay = iota
	typing
	detail
	place
	receipt
)

// state is all that the screen depends on. What is above visit is the shop's; visit is replaced when the machine forgets a
// shopper.
type state struct {
	rules   rules
	shop    Shop
	outside Outside

	// at is what the machine has shown last; nil: it does not run yet.
	at kiosk.State
	// touched is when somebody touched something, or the machine went on: the count begins there.
	touched time.Time
	// now is when the last thing happened.
	now time.Time
	// since is when the first screen was shown.
	since time.Time

	visit
}

// visit is what the screen knows of one shopper.
type visit struct {
	language shopper.Language
	look     ui.Look

	goal goal
	// asked is the state for which an event was sent towards the goal.
	asked kiosk.State
	// idled says that the machine was told that nobody is there.
	idled bool
	// again says that this shopper goes on after the machine has forgotten them: language and look stay.
	again bool
	// dictates says that this shopper wants to leave a message and is asked for consent first.
	dictates bool
	// pressed is when the first screen was touched and the machine has not moved since.
	pressed time.Time

	over    overlay
	from    int // the first sentence that is shown of an answer or a detail
	trouble shopper.Reason
	board   keyboard.State
	message bool // what is typed is a message

	thinking time.Time
	hearing  hearing
	question string // the words that are being thought about
	answer   answer
	sound    kiosk.Sound
	choices  []string // what doubtful words may have meant
	dictated string

	session string
	code    string // the receipt, once there is one
	minting bool   // it was asked for
	waiting staff
}

// answer is the last answer.
type answer struct {
	given                        bool
	number                       uint64 // of its turn
	question, text, detail, name string
	topic, where                 string
	product                      knowledge.Product // the zero one: it is about none
	found                        spot
	related                      []string
	kept, asks, thanked          bool
	// starts are where its sentences begin, in runes.
	starts []int
	runes  int
}

// spot is a place on the shop's plan; the zero spot is nowhere.
type spot struct {
	plan  knowledge.Plan
	found knowledge.Found
}

func (p spot) known() bool { return p.found.Area != nil }

// staff is a call.
type staff struct {
	since        time.Time // zero: nobody was called
	coming, late bool
	topic        string
}

func (s staff) called() bool { return !s.since.IsZero() }

// fresh is a screen on which nobody has touched anything.
func (s state) fresh() state {
	s.visit = visit{language: s.rules.language, look: s.rules.look}
	return s
}

// between says that no turn is open and the shopper may begin one; and as what the visit is kept.
func between(at kiosk.State) (storage.SourceKind, bool) {
	switch at := at.(type) {
	case kiosk.Ready:
		return at.Source, true
	case kiosk.StaffCalled:
		return at.Source, true
	case kiosk.MessageTaken:
		return at.Source, true
	}
	return "", false
}

// silent says whether the voice is off: for this shopper, or for everybody.
func (s state) silent() bool { return s.look.Silent || s.outside.Muted }

// closed says that nobody is served.
func (s state) closed() bool {
	switch s.at.(type) {
	case kiosk.Attract:
		return s.outside.Closed
	case kiosk.Gone:
		return true
	}
	return false
}
