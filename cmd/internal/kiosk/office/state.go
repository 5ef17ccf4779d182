package office

import (
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/ui/keyboard"
	"tenin/ui/staff"
)

// State is all that an office knows between two events. Its fields are changed by Next alone.
type State struct {
	terms     Terms
	language  staff.Language
	bigText   bool
	contrast  bool
	now       time.Time
	touched   time.Time
	situation kiosk.Situation
	rung      map[string]bool // calls for which it rang: true, also for being late

	names   []string // the accounts, none where the shop has none
	known   bool     // names were asked for
	in      bool     // somebody gave a PIN, or the shop has no accounts
	who     string
	at      place
	serial  int // grows when what is under way no longer matters
	busy    bool
	note    words
	failed  bool
	noteEnd time.Time
	gone    bool // the office is left
	setUp   bool // by a technician, for the screens that need the whole kiosk
}

// place is a screen and what belongs to it. A place is replaced, never changed.
type place interface{ place() }

type (
	pad struct {
		name  string
		from  int
		pin   string
		keys  staff.PINKeys
		wrong bool
		until time.Time // no PIN may be tried before
		want  staff.Tab // where the PIN leads
	}
	help  struct{ from int }
	today struct {
		days []storage.Tally
		from int
	}
	unanswered struct {
		gaps []kiosk.Gap
		from int
	}
	answering struct {
		list      unanswered // to come back to
		gap       kiosk.Gap
		sentences []string
		similar   []kiosk.Approved
		base      kiosk.Approved // the approved answer that was taken over
		spelled   []kiosk.Spelling
		from      int
		comparing bool
		playing   bool
		tried     bool
		problem   string
		published bool
	}
	conversations struct {
		list     []kiosk.Conversation
		topic    string
		choosing bool
		from     int
	}
	reason struct {
		list  conversations
		which kiosk.Conversation
		why   staff.Why
		words string
	}
	transcript struct {
		asked   reason
		saved   *storage.Saved
		playing int
		from    int
	}
	settings struct {
		shown staff.Setting
		from  int
	}
	typing struct {
		over  place
		field staff.Field
		at    int // the sentence or the word
		about string
		board keyboard.State
	}
)

func (pad) place()           {}
func (help) place()          {}
func (today) place()         {}
func (unanswered) place()    {}
func (answering) place()     {}
func (conversations) place() {}
func (reason) place()        {}
func (transcript) place()    {}
func (settings) place()      {}
func (typing) place()        {}

// Begin is an office that was just opened: the accounts are not known yet.
func Begin(t Terms, now time.Time) (State, []Effect) {
	s := State{terms: t, now: now, touched: now, rung: map[string]bool{}, at: pad{}}
	if t.English {
		s.language = staff.English
	}
	return s, []Effect{AskStaff{}}
}

// Gone says that the office is left: the shopper's screens take over.
func (s State) Gone() bool { return s.gone }

// SetUp says that it was left by a technician's PIN, for the technician's screens.
func (s State) SetUp() bool { return s.setUp }

// call is the call of that name, if somebody waits there.
func (s State) call(id string) (kiosk.Call, bool) {
	for _, c := range s.situation.Calls {
		if c.ID == id {
			return c, true
		}
	}
	return kiosk.Call{}, false
}
