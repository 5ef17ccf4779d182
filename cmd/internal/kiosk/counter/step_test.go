package counter

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge/demo"
	"tenin/storage"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// canary is in every word that a shopper says or is told.
const canary = "かなりあ"

// model is the machine without engines: kiosk.Next, what its runner would tell the front, and letters on their way.
type model struct {
	t       *rapid.T
	s       state
	now     time.Time
	machine kiosk.State
	letters []effect
	summons int
	kept    bool
}

func newModel(t *rapid.T) *model {
	m := &model{t: t, now: time.Unix(1e9, 0), machine: kiosk.Attract{}}
	m.s = state{
		rules: rules{name: "てんいん百貨店", look: ui.Look{DPI: 96}, days: 30, patience: time.Minute, called: 5 * time.Minute, late: 90 * time.Second},
		shop:  Shop{Examples: map[shopper.Language][]string{shopper.Japanese: {"傘は？", "靴は？"}}, Words: keyboard.NewDictionary([]keyboard.Word{{Reading: "かさ", Text: "傘"}}, "はどこですか")},
	}.fresh()
	m.happen(ticked{})
	m.happen(entered{m.machine})
	return m
}

func (m *model) happen(h happening) {
	var effects []effect
	m.s, effects = step(m.s, m.now, h)
	for _, e := range effects {
		switch e := e.(type) {
		case send, agree:
			m.letters = append(m.letters, e)
		case summon:
			m.summons++
		}
	}
	if fault := contradiction(m.s); fault != "" {
		m.t.Fatalf("after %T: %s", h, fault)
	}
}

// letter is what the machine takes next.
func (m *model) deliver() {
	if len(m.letters) == 0 {
		return
	}
	l := m.letters[0]
	m.letters = m.letters[1:]
	switch l := l.(type) {
	case agree:
		if _, asks := m.machine.(kiosk.Consenting); asks {
			m.take(kiosk.ConsentGiven{Consent: consentOf(m.t)})
		}
	case send:
		if !kiosk.Alike(m.machine, l.seen) {
			return
		}
		for _, e := range l.events {
			before := m.machine
			m.take(e)
			_, again := e.(kiosk.Touch)
			if reflect.DeepEqual(before, m.machine) && !again {
				switch e.(type) {
				case kiosk.TakeMessage, kiosk.Idle, kiosk.NextShopper:
				default:
					m.t.Fatalf("%T is out of place in %T%+v", e, before, before)
				}
			}
		}
	}
}

func consentOf(t fataler) storage.Consent {
	c, err := storage.GrantConsent(storage.Grant{Notice: "test", By: storage.ByTouch, At: time.Unix(1e9, 0)})
	if err != nil {
		t.Fatalf("%v", err)
	}
	return c
}

type fataler interface{ Fatalf(string, ...any) }

// take does what the runner does with an event.
func (m *model) take(e kiosk.Event) {
	from := m.machine
	to, effects := kiosk.Next(from, e)
	m.machine = to
	turn := kiosk.Turn{Transcript: canary + "質問", Language: "ja"}
	turn.Reply = dialogue.Reply{Kind: dialogue.Approved, Language: "ja", Text: canary + "答えです。" + canary + "もう一つ。", Detail: canary + "詳しく。", Topic: "営業", Place: "6階 寝具"}
	for _, effect := range effects {
		switch effect := effect.(type) {
		case kiosk.ShowPartial:
			m.happen(partial{canary})
		case kiosk.ShowReply:
			switch to := to.(type) {
			case kiosk.Clarifying:
				turn.Reply = dialogue.Reply{Kind: kiosk.Clarify}
			case kiosk.Answering:
				if to.HandedOff {
					turn.Reply = dialogue.Reply{Kind: dialogue.HandOff, Text: canary, About: "営業"}
				}
			}
			m.happen(replied{turn: turn, plan: demo.Plan()})
			m.happen(related{kiosk.OpenTurnOf(m.s.at), []string{canary + "も"}})
		case kiosk.ShowMessage:
			m.happen(dictated{canary + "伝言"})
		case kiosk.ShowResult:
			r := resulted{kind: dialogue.Approved, kept: m.kept}
			if m.kept {
				r.session = canary + "会話"
			}
			if _, none := e.(kiosk.NoSpeech); none {
				r = resulted{kind: dialogue.None}
			}
			m.happen(r)
		case kiosk.KeepTurn:
			m.kept = true
		case kiosk.CloseSession:
			m.kept = false
		case kiosk.ShowTrouble:
			m.happen(troubled{effect.Trouble})
		case kiosk.SummonStaff:
			m.happen(summoned{})
		}
	}
	if to != from {
		m.happen(entered{to})
	}
	switch to.(type) {
	case kiosk.Attract, kiosk.Resetting, kiosk.Gone:
		if where := traces(reflect.ValueOf(m.s), "state"); where != "" && !(m.s.at != to) {
			m.t.Fatalf("in %T something of the shopper is in %s", to, where)
		}
	}
}

// engine is something that the machine's own parts may bring now.
func (m *model) engine() kiosk.Event {
	n := kiosk.OpenTurnOf(m.machine)
	lost := errors.New("lost")
	var list []kiosk.Event
	switch m.machine.(type) {
	case kiosk.Listening:
		list = []kiosk.Event{kiosk.MicrophoneOpened{Turn: n}, kiosk.Partial{Turn: n, Text: canary}, kiosk.Heard{Turn: n}, kiosk.NoSpeech{Turn: n},
			kiosk.DeviceLost{Turn: n, Err: lost}, kiosk.EngineLost{Turn: n, Err: lost}, kiosk.Failed{Turn: n, Err: lost}}
	case kiosk.Thinking:
		list = []kiosk.Event{kiosk.Heard{Turn: n}, kiosk.NoSpeech{Turn: n}, kiosk.EngineLost{Turn: n, Err: lost}}
		for f := kiosk.FoundNothing; f <= kiosk.FoundDoubtful; f++ {
			list = append(list, kiosk.ReplyReady{Turn: n, Found: f}, kiosk.ReplyReady{Turn: n, Found: kiosk.FoundAnswer})
		}
	case kiosk.Answering, kiosk.Clarifying, kiosk.Apologising:
		list = []kiosk.Event{kiosk.FirstAudio{Turn: n}, kiosk.SpeechMade{Turn: n}, kiosk.PlaybackDone{Turn: n}, kiosk.Kept{Turn: n}, kiosk.EngineLost{Turn: n, Err: lost}}
	case kiosk.Ending:
		list = []kiosk.Event{kiosk.Kept{Turn: n}, kiosk.Kept{Turn: n, Err: lost}}
	case kiosk.Resetting:
		list = []kiosk.Event{kiosk.ResetDone{}, kiosk.ResetDone{}, kiosk.ResetFailed{Err: lost}}
	case kiosk.StaffCalled:
		list = []kiosk.Event{kiosk.StaffCame{}}
	default:
		return nil
	}
	return rapid.SampledFrom(list).Draw(m.t, "engine")
}

// anything is a touch: likely ones, and what no screen offers.
func anything(t *rapid.T) shopper.Event {
	list := []shopper.Event{
		shopper.Start{}, shopper.Consented{How: shopper.Speak}, shopper.Consented{How: shopper.Type}, shopper.Consented{How: shopper.Unrecorded}, shopper.Consented{How: 9},
		shopper.DoneSpeaking{}, shopper.Cancel{}, shopper.Interrupt{}, shopper.SpeakAgain{}, shopper.TypeInstead{}, shopper.Ask{Question: canary + "も"}, shopper.Ask{Question: "x"},
		shopper.ShowDetail{}, shopper.ShowPlace{}, shopper.Return{}, shopper.ShowFrom{Sentence: rapid.IntRange(-1, 3).Draw(t, "sentence")}, shopper.Helped{Yes: true},
		shopper.CallStaff{Language: shopper.Japanese}, shopper.CallStaff{Language: -3}, shopper.LeaveMessage{}, shopper.SendMessage{}, shopper.DiscardMessage{}, shopper.Retry{}, shopper.Finish{}, shopper.StillHere{},
		shopper.ToggleBigText{}, shopper.ToggleContrast{}, shopper.ToggleSilent{}, shopper.ChooseLanguage{Language: shopper.Language(rapid.IntRange(-1, 4).Draw(t, "language"))},
		shopper.Typed{Key: keyboard.Key{Kind: keyboard.Enter}}, shopper.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: "か"}},
		shopper.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: canary}}, shopper.Typed{Key: keyboard.Key{Kind: keyboard.Choose, Text: "傘"}}, shopper.Typed{Key: keyboard.Key{Kind: 99}},
	}
	return rapid.SampledFrom(list).Draw(t, "touch")
}

// contradiction says what the screen shows that the machine does not do.
func contradiction(s state) string {
	v, look := s.view()
	wrong := func(format string, args ...any) string {
		return fmt.Sprintf("%T%+v shows %T: %s", s.at, s.at, v.Screen, fmt.Sprintf(format, args...))
	}
	if v.Left < 0 || v.Left > countFrom {
		return wrong("%d seconds are left", v.Left)
	}
	if (look.Silent != (s.look.Silent || s.outside.Muted)) || v.Shop == "" {
		return wrong("the look is not that of the shopper")
	}
	if !v.Language.Complete() {
		switch s.at.(type) {
		case kiosk.Listening, kiosk.Thinking, kiosk.Answering, kiosk.Clarifying, kiosk.Apologising, kiosk.Confirming:
			if s.goal.aim == none {
				return wrong("in a language that cannot say so")
			}
		}
		return ""
	}
	in := func(screens ...shopper.Screen) string {
		for _, want := range screens {
			if reflect.TypeOf(want) == reflect.TypeOf(v.Screen) {
				return ""
			}
		}
		return wrong("that is not what it does")
	}
	switch at := s.at.(type) {
	case nil:
		if a, ok := v.Screen.(shopper.Attract); !ok || !a.Preparing {
			return wrong("it is not ready")
		}
	case kiosk.Attract:
		if s.outside.Closed {
			return in(shopper.Closed{})
		}
		return in(shopper.Attract{})
	case kiosk.Consenting:
		if t, ok := v.Screen.(shopper.Trouble); ok && t.Reason == shopper.Muted && s.outside.MicrophoneOff {
			return ""
		}
		return in(shopper.Consent{})
	case kiosk.Listening:
		l, ok := v.Screen.(shopper.Listening)
		switch {
		case !ok:
			return wrong("the microphone is open")
		case l.Kept != kiosk.MayKeep(at) || l.Message != at.Message:
			return wrong("what becomes of the words")
		case l.Firm > len([]rune(l.Words)):
			return wrong("%d runes are firm", l.Firm)
		}
	case kiosk.Thinking:
		return in(shopper.Thinking{})
	case kiosk.Answering:
		a, ok := v.Screen.(shopper.Answer)
		switch {
		case !ok && s.over != detail && s.over != place:
			return wrong("it speaks")
		case ok && (!a.Speaking || a.AskHelped || a.Heard > len([]rune(a.Text))):
			return wrong("how it speaks")
		}
	case kiosk.Clarifying:
		return in(shopper.Clarify{})
	case kiosk.Apologising:
		if t, ok := v.Screen.(shopper.Trouble); !ok || t.Reason != shopper.EngineLost {
			return wrong("an engine was lost")
		}
	case kiosk.Confirming:
		if m, ok := v.Screen.(shopper.Message); !ok || m.Sent || m.Text == "" {
			return wrong("a message is to be confirmed")
		}
	case kiosk.Ending:
		switch v := v.Screen.(type) {
		case shopper.Listening:
			return wrong("the microphone is closed")
		case shopper.Answer:
			if v.Speaking {
				return wrong("it is silent")
			}
		}
	case kiosk.Ready, kiosk.StaffCalled, kiosk.MessageTaken:
		_, called := s.at.(kiosk.StaffCalled)
		_, took := s.at.(kiosk.MessageTaken)
		switch v := v.Screen.(type) {
		case shopper.Answer:
			if called || took || v.Speaking || v.Text == "" {
				return wrong("nothing is being answered")
			}
		case shopper.Staff:
			if !s.waiting.called() {
				return wrong("nobody was called")
			}
		case shopper.Message:
			if !took || !v.Sent {
				return wrong("no message was taken")
			}
		case shopper.Receipt:
			if v.Code == "" || s.session == "" {
				return wrong("nothing is kept")
			}
		case shopper.Typing, shopper.Trouble, shopper.Detail, shopper.Place, shopper.Thinking:
		default:
			return wrong("no turn is open")
		}
	case kiosk.Resetting:
		if at.Failed {
			return in(shopper.Trouble{}, shopper.Staff{})
		}
		return in(shopper.Resetting{})
	case kiosk.Gone:
		return in(shopper.Closed{})
	}
	return ""
}

// traces names a field in which something of a shopper is, or "".
func traces(v reflect.Value, where string) string { return tracesOf(v, canary, where) }

// tracesOf names a field in which a word is, or "".
func tracesOf(v reflect.Value, word, where string) string {
	switch v.Kind() {
	case reflect.String:
		if strings.Contains(v.String(), word) {
			return where
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return tracesOf(v.Elem(), word, where)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if found := tracesOf(v.Field(i), word, where+"."+v.Type().Field(i).Name); found != "" {
				return found
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if found := tracesOf(v.Index(i), word, where); found != "" {
				return found
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if found := tracesOf(v.MapIndex(k), word, where); found != "" {
				return found
			}
		}
	}
	return ""
}

func TestUnderAnyTouchesTheScreenSaysWhatTheMachineDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t)
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			m.now = m.now.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "ms")) * time.Millisecond)
			before := m.machine
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what < 4:
				m.happen(touched{anything(t)})
			case what < 6:
				m.deliver()
			case what < 8:
				if e := m.engine(); e != nil {
					m.take(e)
				}
			case what == 8:
				m.happen(ticked{})
			default:
				switch rapid.IntRange(0, 6).Draw(t, "else") {
				case 0:
					m.take(kiosk.KeepRefused{Err: errors.New("full")})
				case 1:
					m.happen(told{Outside{Closed: rapid.Bool().Draw(t, "closed"), Muted: rapid.Bool().Draw(t, "muted"), MicrophoneOff: rapid.Bool().Draw(t, "off")}})
				case 2:
					m.happen(called{callStage(rapid.IntRange(0, 3).Draw(t, "stage"))})
				case 3:
					m.happen(receipted{m.s.session, rapid.SampledFrom([]string{"", canary + "7K4M"}).Draw(t, "code")})
				case 4:
					m.happen(heard{kiosk.Loudness{Turn: kiosk.OpenTurnOf(m.s.at), RMS: rapid.Float32Range(0, 1).Draw(t, "rms")}})
				case 5:
					m.happen(sounded{kiosk.Sound{Turn: kiosk.OpenTurnOf(m.s.at), Begun: m.now, Made: time.Second, All: rapid.Bool().Draw(t, "all")}})
				case 6:
					if m.machine == before {
						m.happen(related{rapid.Uint64Range(0, 5).Draw(t, "turn"), []string{canary + "も"}})
					}
				}
			}
			if due := m.s.due(); !due.IsZero() && !due.After(m.now) && due.Before(m.now.Add(-time.Minute)) {
				t.Fatalf("the clock is set to %v, %v ago", due, m.now.Sub(due))
			}
		}
		// Nobody touches anything any more: the clock leads home, and nothing of anybody is left.
		m.happen(told{})
		for range 400 {
			for len(m.letters) > 0 {
				m.deliver()
			}
			switch m.machine.(type) {
			case kiosk.Ending:
				m.take(kiosk.Kept{Turn: kiosk.OpenTurnOf(m.machine)})
			case kiosk.Resetting:
				m.take(kiosk.Idle{}) // a failed one is tried again
				m.take(kiosk.ResetDone{})
			case kiosk.Listening, kiosk.Thinking:
				m.take(kiosk.NoSpeech{Turn: kiosk.OpenTurnOf(m.machine)})
				m.take(kiosk.ReplyReady{Turn: kiosk.OpenTurnOf(m.machine)})
			case kiosk.Answering, kiosk.Clarifying, kiosk.Apologising:
				n := kiosk.OpenTurnOf(m.machine)
				for _, e := range []kiosk.Event{kiosk.SpeechMade{Turn: n}, kiosk.Kept{Turn: n}, kiosk.PlaybackDone{Turn: n}} {
					m.take(e)
				}
			}
			due := m.s.due()
			if _, home := m.machine.(kiosk.Attract); home && len(m.letters) == 0 && reflect.DeepEqual(m.s.visit, m.s.fresh().visit) {
				return
			}
			if due.IsZero() {
				due = m.now
			}
			if due.After(m.now) {
				m.now = due
			}
			m.happen(ticked{})
		}
		t.Fatalf("it does not come home: %T%+v, %+v", m.machine, m.machine, m.s.visit)
	})
}
