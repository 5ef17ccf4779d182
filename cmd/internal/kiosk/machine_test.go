package kiosk

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"tenin/storage"
)

// walked is the number of the last turn in every state that the walk visits: Next only ever adds to it.
const walked = 10

// everyEvent is each event there is, those of a turn for the turn before, the open one and the one after.
func everyEvent(t *testing.T) []Event {
	t.Helper()
	consent, err := storage.GrantConsent(storage.Grant{Notice: "test", By: storage.ByTouch, At: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	lost := errors.New("lost")
	events := []Event{
		Touch{}, ConsentGiven{consent}, ConsentGiven{}, ConsentRefused{}, Typed{Text: "x"}, Typed{"x", true}, GiveUp{}, KeepRefused{lost}, BargeIn{}, CallStaff{}, StaffCame{},
		TakeMessage{}, Confirmed{}, Rejected{}, Idle{}, NextShopper{}, Leave{}, ResetDone{}, ResetFailed{lost},
	}
	for _, source := range []storage.Source{{}, storage.FromFile(), storage.FromText(), storage.FromMicrophone(consent)} {
		for _, via := range []storage.SourceKind{"", storage.File, storage.Text, storage.Microphone} {
			events = append(events, Brought{via, source})
		}
	}
	for _, n := range []uint64{0, walked - 1, walked, walked + 1} {
		events = append(events,
			MicrophoneOpened{n}, Partial{n, "x"}, Heard{n}, NoSpeech{n}, FirstAudio{n}, SpeechMade{n}, PlaybackDone{n}, Kept{n, nil}, Kept{n, lost},
			DeviceLost{n, lost}, EngineLost{n, lost}, Failed{n, lost})
		for found := FoundNothing; found <= FoundDoubtful; found++ {
			events = append(events, ReplyReady{n, found})
		}
	}
	return events
}

// asWalked is s with its turn's number set back.
func asWalked(s State) State {
	v := reflect.New(reflect.TypeOf(s)).Elem()
	v.Set(reflect.ValueOf(s))
	if f := v.FieldByName("Turn"); f.IsValid() {
		f.SetUint(walked)
	}
	return v.Interface().(State)
}

// number of the last turn of s.
func number(s State) uint64 {
	if f := reflect.ValueOf(s).FieldByName("Turn"); f.IsValid() {
		return f.Uint()
	}
	return 0
}

// step is one arrow of the machine.
type step struct {
	from    State
	event   Event
	to      State
	effects []Effect
}

func (s step) String() string {
	return fmt.Sprintf("%T%+v, %T%+v\n\t→ %T%+v %#v", s.from, s.from, s.event, s.event, s.to, s.to, s.effects)
}

// walk takes every reachable state through every event.
func walk(t *testing.T) []step {
	t.Helper()
	var steps []step
	events := everyEvent(t)
	start := State(Attract{walked})
	seen := map[State]bool{start: true}
	for open := []State{start}; len(open) > 0; open = open[1:] {
		for _, e := range events {
			to, effects := Next(open[0], e)
			steps = append(steps, step{open[0], e, to, effects})
			if again := asWalked(to); !seen[again] {
				seen[again] = true
				open = append(open, again)
			}
		}
	}
	kinds := map[reflect.Type]bool{}
	for s := range seen {
		kinds[reflect.TypeOf(s)] = true
	}
	if len(kinds) != 14 {
		t.Errorf("%d kinds of state are reached, 14 exist", len(kinds))
	}
	t.Logf("%d states, %d events, %d arrows", len(seen), len(events), len(steps))
	return steps
}

func TestEachTurnThatIsOpenedEndsExactlyOnce(t *testing.T) {
	for _, s := range walk(t) {
		open := OpenTurnOf(s.from)
		last := number(s.from)
		for _, effect := range s.effects {
			switch e := effect.(type) {
			case OpenTurn:
				// Numbers grow by one, so that a turn opens once in all.
				if open != 0 || e.Turn != last+1 {
					t.Errorf("turn %d opens after %d while %d is open: %v", e.Turn, last, open, s)
				}
				open, last = e.Turn, e.Turn
			case EndTurn:
				if e.Turn != open || open == 0 || e.How == "" {
					t.Errorf("turn %d ends while %d is open: %v", e.Turn, open, s)
				}
				open = 0
			}
		}
		if open != OpenTurnOf(s.to) {
			t.Errorf("turn %d is open after the effects, and %d in the state: %v", open, OpenTurnOf(s.to), s)
		}
		if _, gone := s.to.(Gone); !gone && number(s.to) != last {
			t.Errorf("the number of the last turn is lost: %v", s)
		}
	}
}

// effectTurn returns the turn that an effect is for, or 0.
func effectTurn(e Effect) uint64 {
	if f := reflect.ValueOf(e).FieldByName("Turn"); f.IsValid() {
		return f.Uint()
	}
	return 0
}

func TestEffectsAreForTheTurnThatIsOpen(t *testing.T) {
	for _, s := range walk(t) {
		open := OpenTurnOf(s.from)
		for _, effect := range s.effects {
			if e, ok := effect.(OpenTurn); ok {
				open = e.Turn
			}
			if n := effectTurn(effect); n != 0 && n != open {
				t.Errorf("%#v while turn %d is open: %v", effect, open, s)
			}
			if _, ok := effect.(EndTurn); ok {
				open = 0
			}
		}
	}
}

// speaks says whether the voice may sound in s.
func speaks(s State) bool {
	switch s.(type) {
	case Answering, Clarifying, Apologising:
		return true
	}
	return false
}

func TestABargeInCancelsBeforeTheNextTurnOpens(t *testing.T) {
	for _, s := range walk(t) {
		if _, ok := s.event.(BargeIn); !ok || !speaks(s.from) {
			continue
		}
		if len(s.effects) < 2 || s.effects[0] != (StopSpeech{walked}) || s.effects[1] != (CancelTurn{walked}) {
			t.Errorf("it does not begin with silence: %v", s)
		}
		switch to := s.to.(type) {
		case Listening:
			if to.Turn != walked+1 {
				t.Errorf("the next turn is not open: %v", s)
			}
		case Ending:
			if to.Then != ThenListen {
				t.Errorf("the next turn will not open: %v", s)
			}
		case Ready: // what was brought cannot be asked on
			if to.Source != storage.File && to.Source != storage.Text {
				t.Errorf("the next turn will not open: %v", s)
			}
		default:
			t.Errorf("it leads astray: %v", s)
		}
	}
}

func TestTheVoiceIsStoppedWheneverItsStateIsLeftBeforeItsEnd(t *testing.T) {
	for _, s := range walk(t) {
		if !speaks(s.from) || speaks(s.to) {
			continue
		}
		stopped := false
		for _, e := range s.effects {
			stopped = stopped || e == StopSpeech{walked}
		}
		_, done := s.event.(PlaybackDone)
		if played := reflect.ValueOf(s.from).FieldByName("Played"); played.IsValid() {
			done = done || played.Bool()
		}
		if !stopped && !done {
			t.Errorf("the voice goes on: %v", s)
		}
	}
}

func TestTheMicrophoneIsClosedWhileTheKioskSpeaks(t *testing.T) {
	for _, s := range walk(t) {
		_, open := s.from.(Listening)
		for _, effect := range s.effects {
			switch effect.(type) {
			case Listen:
				if open || speaks(s.to) {
					t.Errorf("the microphone is opened again, or into the kiosk's own voice: %v", s)
				}
				open = true
			case CloseMicrophone:
				open = false
			case SpeakReply, Apologise:
				if open {
					t.Errorf("the kiosk hears itself: %v", s)
				}
			}
		}
		if _, listening := s.to.(Listening); open != listening {
			t.Errorf("microphone open: %v, listening: %v: %v", open, listening, s)
		}
	}
}

// comforts are the events that a running kiosk brings by itself once nobody touches it any more.
func comforts(s State) []Event {
	n := OpenTurnOf(s)
	return []Event{Idle{}, Kept{n, nil}, Kept{n, errors.New("full")}, ResetDone{}}
}

func TestIdleLeadsHomeFromEverywhere(t *testing.T) {
	states := map[State]bool{}
	for _, s := range walk(t) {
		states[asWalked(s.to)] = true
	}
	for start := range states {
		if _, ok := start.(Gone); ok {
			continue
		}
		if s, ok := start.(Ending); ok && s.Then == ThenGone {
			continue // the kiosk is being left
		}
		// Each way that only these events make, in any order that makes progress, ends at home.
		s, forgot := start, false
		for range 4 {
			if _, home := s.(Attract); home {
				break
			}
			for _, e := range comforts(s) {
				to, effects := Next(s, e)
				for _, effect := range effects {
					_, reset := effect.(ResetEngines)
					forgot = forgot || reset
				}
				if to != s {
					s = to
					break
				}
			}
		}
		if _, home := s.(Attract); !home {
			t.Errorf("%T%+v: idle leads to %T%+v", start, start, s, s)
		}
		switch start.(type) {
		case Attract, Consenting, Resetting:
		default:
			if !forgot {
				t.Errorf("%T%+v: nothing is forgotten on the way home", start, start)
			}
		}
	}
}

func TestAVisitIsForgottenBeforeTheNextOneBegins(t *testing.T) {
	for _, s := range walk(t) {
		for i, effect := range s.effects {
			switch effect.(type) {
			case BeginKept, BeginUnkept:
				switch s.from.(type) {
				case Attract, Consenting:
				default:
					t.Errorf("a visit begins within one: %v", s)
				}
			case CloseSession:
				_, gone := s.to.(Gone)
				reset := i+1 < len(s.effects) && s.effects[i+1] == ResetEngines{}
				if !gone && !reset {
					t.Errorf("the visit is over, and not forgotten: %v", s)
				}
			}
		}
		switch s.to.(type) {
		case Attract, Consenting:
			switch s.from.(type) {
			case Attract, Consenting:
			case Resetting:
				if s.event != (ResetDone{}) {
					t.Errorf("the reset was not waited for: %v", s)
				}
			default:
				t.Errorf("home without a reset: %v", s)
			}
		}
	}
}

// Consent cannot be read off one arrow: every way of at most so many arrows is walked with what was agreed to beside it.
func TestNothingIsKeptWithoutConsent(t *testing.T) {
	type agreed struct {
		state State
		yes   storage.SourceKind // what the last BeginKept allows; Microphone after ConsentGiven only
		via   storage.SourceKind // how the open turn's words come
	}
	events := everyEvent(t)
	start := agreed{state: Attract{walked}}
	seen := map[agreed]bool{start: true}
	keeps := 0
	for open := []agreed{start}; len(open) > 0; open = open[1:] {
		from := open[0]
		for _, e := range events {
			to, effects := Next(from.state, e)
			now := agreed{asWalked(to), from.yes, from.via}
			for _, effect := range effects {
				switch effect := effect.(type) {
				case BeginKept:
					now.yes = effect.Source.Kind()
					given, ok := e.(ConsentGiven)
					if now.yes == storage.Microphone && (!ok || effect.Source != storage.FromMicrophone(given.Consent)) {
						t.Errorf("a microphone is kept after %T", e)
					}
					if _, ok := e.(Brought); !ok && now.yes != storage.Microphone {
						t.Errorf("%s is kept after %T", now.yes, e)
					}
				case BeginUnkept, CloseSession:
					now.yes = ""
				case Listen:
					now.via = effect.From
				case TakeWords:
					now.via = storage.Text
				case EndTurn:
					now.via = ""
				case KeepTurn:
					keeps++
					if now.yes == "" || now.via != storage.Text && now.via != now.yes {
						t.Errorf("a turn by %q is kept with leave for %q: %v", now.via, now.yes, step{from.state, e, to, effects})
					}
				}
			}
			if _, refused := e.(KeepRefused); refused {
				if _, ending := from.state.(Ending); !ending {
					now.yes = ""
				}
			}
			if !seen[now] {
				seen[now] = true
				open = append(open, now)
			}
		}
	}
	if keeps == 0 {
		t.Error("nothing is ever kept: the test proves nothing")
	}
	t.Logf("%d states with what was agreed to", len(seen))
}

func TestOneAnswerIsKeptOnceAtMost(t *testing.T) {
	type turn struct {
		state State
		kept  int
	}
	events := everyEvent(t)
	start := turn{state: Attract{walked}}
	seen := map[turn]bool{start: true}
	for open := []turn{start}; len(open) > 0; open = open[1:] {
		for _, e := range events {
			to, effects := Next(open[0].state, e)
			now := turn{asWalked(to), open[0].kept}
			for _, effect := range effects {
				switch effect.(type) {
				case KeepTurn:
					if now.kept++; now.kept > 1 {
						t.Errorf("kept twice: %v", step{open[0].state, e, to, effects})
						now.kept = 1
					}
				case EndTurn:
					now.kept = 0
				}
			}
			if !seen[now] {
				seen[now] = true
				open = append(open, now)
			}
		}
	}
}

func TestNobodyIsServedWhileAnswersAreSpokenAhead(t *testing.T) {
	type ahead struct {
		state   State
		renders bool
	}
	events := everyEvent(t)
	start := ahead{Attract{walked}, true}
	seen := map[ahead]bool{start: true}
	for open := []ahead{start}; len(open) > 0; open = open[1:] {
		for _, e := range events {
			to, effects := Next(open[0].state, e)
			now := ahead{asWalked(to), open[0].renders}
			for _, effect := range effects {
				switch effect.(type) {
				case RenderAhead:
					now.renders = true
				case PauseRendering:
					now.renders = false
				case OpenTurn, ResetEngines:
					if now.renders {
						t.Errorf("the voice is busy: %v", step{open[0].state, e, to, effects})
					}
				}
			}
			if _, gone := to.(Gone); gone && now.renders {
				t.Errorf("the voice goes on: %v", step{open[0].state, e, to, effects})
			}
			if !seen[now] {
				seen[now] = true
				open = append(open, now)
			}
		}
	}
}

func TestWhatIsLateForItsTurnChangesNothing(t *testing.T) {
	for _, s := range walk(t) {
		if n, ok := turnOf(s.event); ok && n != OpenTurnOf(s.from) && (s.to != s.from || len(s.effects) > 0) {
			t.Errorf("%v", s)
		}
	}
}

func TestGoneIsForGoodAndLeaveLeadsThere(t *testing.T) {
	for _, s := range walk(t) {
		if _, gone := s.from.(Gone); gone && (s.to != s.from || len(s.effects) > 0) {
			t.Errorf("%v", s)
		}
		if s.event != (Leave{}) {
			continue
		}
		switch to := s.to.(type) {
		case Gone:
		case Ending:
			if to.Then != ThenGone {
				t.Errorf("%v", s)
			}
		default:
			t.Errorf("%v", s)
		}
	}
}

func TestAShoppersWordsAreNotPrinted(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, e := range []any{Typed{Text: "canary"}, Partial{1, "canary"}, TakeWords{1, "canary"}, ShowPartial{"canary"}} {
			if printed := fmt.Sprintf(verb, e); strings.Contains(printed, "canary") {
				t.Errorf("%s prints %s", verb, printed)
			}
		}
	}
}
