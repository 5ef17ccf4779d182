package counter

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/dialogue"
	"tenin/ui/shopper"
)

// step is the screen after something happened, and what is to be done. It is pure; now never goes back.
func step(s state, now time.Time, h happening) (state, []effect) {
	s.now = now
	before := s.speech()
	var effects []effect
	switch h := h.(type) {
	case entered:
		s, effects = s.enter(h.at)
	case partial:
		s.hearing = s.hearing.saying(h.words)
	case replied:
		s, effects = s.reply(h)
	case dictated:
		s.dictated = h.words
	case resulted:
		s = s.result(h)
	case summoned:
		s, effects = s.summon()
	case troubled:
		s = s.fail(h.trouble)
	case touched:
		s, effects = s.touch(h.event)
	case ticked:
		s, effects = s.tick()
	case heard:
		if at, ok := s.at.(kiosk.Listening); ok && at.Turn == h.level.Turn {
			s.hearing = s.hearing.louder(h.level)
		}
	case sounded:
		if speaks(s.at) && kiosk.OpenTurnOf(s.at) == h.sound.Turn {
			s.sound = h.sound
		}
	case related:
		_, doubts := s.at.(kiosk.Clarifying)
		switch {
		case s.answer.given && s.answer.number == h.turn:
			s.answer.related = h.questions
		case doubts && kiosk.OpenTurnOf(s.at) == h.turn:
			s.choices = h.questions
		}
	case receipted:
		if s.minting && h.session == s.session {
			s.code, s.minting = h.code, false
			if h.code == "" && s.over == receipt {
				// Without a code there is nothing to hand out, and whoever wants to go is let go.
				s.over, s.goal = nothing, goal{aim: toHome}
			}
		}
	case told:
		s, effects = s.tell(h.outside)
	case called:
		s, effects = s.callIs(h.stage)
	case learnt:
		s.shop = h.shop
	}
	s, more := pursue(s)
	effects = append(effects, more...)
	if s.over == receipt && s.code == "" && !s.minting {
		s.minting = true
		effects = append(effects, mint{s.session})
	}
	if after := s.speech(); after != before {
		effects = append(effects, prefer{after})
	}
	return s, effects
}

// speech is what the shopper has chosen to speak; empty while they have chosen nothing.
func (s state) speech() string {
	if s.language == s.rules.language || !s.language.Complete() {
		return ""
	}
	return code(s.language)
}

func speaks(at kiosk.State) bool {
	switch at.(type) {
	case kiosk.Answering, kiosk.Clarifying, kiosk.Apologising:
		return true
	}
	return false
}

// enter goes where the machine went.
func (s state) enter(at kiosk.State) (state, []effect) {
	before := s.at
	s.at = at
	if before != nil && kiosk.Alike(before, at) {
		return s, nil
	}
	s.touched, s.pressed = s.now, time.Time{}
	if arrived(s) {
		s.goal = goal{}
	}
	s.asked, s.idled = nil, false
	switch at := at.(type) {
	case kiosk.Attract:
		_, asking := before.(kiosk.Consenting)
		if before == nil {
			// Who looked at the screen while the kiosk started has perhaps chosen a language.
			s.since = s.now
			return s, nil
		}
		if !asking || !s.again {
			s = s.forget(false)
		}
		s.since = s.now
		return s, []effect{leave{}}
	case kiosk.Resetting:
		s = s.forget(s.again)
		return s, []effect{leave{}}
	case kiosk.Gone:
		s = s.forget(false)
		return s, []effect{leave{}}
	case kiosk.Consenting:
		s.again, s.over, s.trouble = false, nothing, shopper.None
	case kiosk.Listening:
		s = s.begin()
		s.hearing, s.question, s.choices = hearing{turn: at.Turn, silent: true}, "", nil
	case kiosk.Thinking:
		s = s.begin()
		s.thinking = s.now
		if s.question == "" {
			s.question = s.hearing.words
		}
	case kiosk.Answering, kiosk.Clarifying:
		s.trouble = shopper.None
	case kiosk.Confirming:
		s.over = nothing
	case kiosk.StaffCalled:
		s.again = false
		s.over, s.trouble = nothing, shopper.None
	case kiosk.Ready:
		s.again = false
		s.hearing = hearing{}
		if _, came := before.(kiosk.StaffCalled); came {
			s.waiting = staff{}
		}
		if s.goal.aim == none && s.empty() {
			// A first question was given up: nothing is left to look at.
			s.goal = goal{aim: toHome}
		}
	}
	if s.goal.aim == none && s.unspoken() {
		s.goal.aim = toStop
	}
	return s, nil
}

// unspoken says that a turn is open and no screen of the shopper's language could say so.
func (s state) unspoken() bool {
	_, ending := s.at.(kiosk.Ending)
	return !s.language.Complete() && kiosk.OpenTurnOf(s.at) != 0 && !ending
}

// empty says that there is nothing to show between two turns.
func (s state) empty() bool {
	return s.over == nothing && s.trouble == shopper.None && !s.answer.given && !s.waiting.called()
}

// begin clears what lay over the last answer: another question has begun.
func (s state) begin() state {
	s.again, s.over, s.trouble, s.from, s.sound, s.dictated = false, nothing, shopper.None, 0, kiosk.Sound{}, ""
	return s
}

// forget is the screen of nobody; of somebody who goes on the wishes for the screen stay.
func (s state) forget(again bool) state {
	language, look, dictates := s.language, s.look, s.dictates
	s = s.fresh()
	if again {
		s.language, s.look, s.dictates, s.again = language, look, dictates, true
	}
	return s
}

// mostRelated is how many questions stand beside an answer.
const mostRelated = 3

func (s state) reply(h replied) (state, []effect) {
	t, r := h.turn, h.turn.Reply
	number := kiosk.OpenTurnOf(s.at)
	s.question, s.from, s.over, s.sound, s.choices = t.Transcript, 0, nothing, kiosk.Sound{}, nil
	if r.Kind == kiosk.Clarify {
		return s, []effect{relate{number, t}}
	}
	a := answer{
		given: true, number: number, question: t.Transcript, text: r.Text, detail: r.Detail, topic: r.Topic,
		where: r.Place, name: t.Transcript, asks: r.Kind == dialogue.Approved || r.Kind == dialogue.Product,
	}
	if a.topic == "" {
		a.topic = r.About
	}
	if found, ok := h.plan.Find(r.Place); ok {
		a.found = spot{h.plan, found}
	}
	if h.product.ID != "" {
		a.name, a.product = h.product.Name, h.product
	}
	a.starts, a.runes = sentenceStarts(r.Text)
	s.answer = a
	return s, []effect{relate{number, t}}
}

func (s state) result(h resulted) state {
	if h.session != "" {
		if h.session != s.session {
			s.code, s.minting = "", false
		}
		s.session = h.session
	}
	switch h.kind {
	case dialogue.None:
		s.trouble = s.hearing.failure()
	case kiosk.Message, kiosk.Clarify:
	default:
		s.answer.kept = h.kept
	}
	return s
}

func (s state) summon() (state, []effect) {
	if !s.waiting.called() {
		s.waiting = staff{since: s.now, topic: s.answer.topic}
	}
	return s, []effect{summon{s.waiting.topic, code(s.language)}}
}

// code is a language's BCP 47 tag.
func code(l shopper.Language) string {
	return [...]string{shopper.Japanese: "ja", shopper.English: "en", shopper.Chinese: "zh", shopper.Korean: "ko"}[l]
}

func (s state) fail(t kiosk.Trouble) state {
	reason := shopper.None
	switch t {
	case kiosk.TroubleDevice:
		reason = shopper.NoMicrophone
	case kiosk.TroubleEngine, kiosk.TroubleTurn:
		reason = shopper.EngineLost
		if _, answering := s.at.(kiosk.Answering); answering {
			return s // what could not be spoken stands there to be read
		}
	case kiosk.TroubleMessage:
		reason = shopper.Unavailable
	default:
		return s // nothing that a shopper could do anything about
	}
	if s.goal.aim != toHome && s.goal.aim != toCall && !s.unspoken() {
		s.goal, s.asked = goal{}, nil
	}
	s.over, s.trouble = nothing, reason
	return s
}

func (s state) tell(o Outside) (state, []effect) {
	before := s.outside
	s.outside = o
	var effects []effect
	if o.Muted && !before.Muted {
		effects = append(effects, hush{})
	}
	if _, asking := s.at.(kiosk.Consenting); asking && !o.MicrophoneOff {
		s.trouble = shopper.None
	}
	if at, listens := s.at.(kiosk.Listening); listens && o.MicrophoneOff && !before.MicrophoneOff {
		s.goal = goal{aim: toType}
		if at.Message {
			s.goal.aim = toWrite
		}
	}
	return s, effects
}

func (s state) callIs(stage callStage) (state, []effect) {
	if !s.waiting.called() {
		return s, nil
	}
	s.touched = s.now
	switch stage {
	case callLate:
		s.waiting.late = true
	case callTaken:
		s.waiting.coming, s.waiting.late = true, false
	case callHandled:
		if _, waits := s.at.(kiosk.StaffCalled); waits {
			s.waiting.coming, s.waiting.late = true, false
			return s, []effect{send{s.at, []kiosk.Event{kiosk.StaffCame{}}}}
		}
		s.waiting = staff{}
	}
	return s, nil
}

// limit is how long nobody may touch anything where the machine is; false: it is not waiting for a touch.
func (s state) limit() (time.Duration, bool) {
	if s.rules.patience == 0 {
		return 0, false
	}
	switch s.at.(type) {
	case kiosk.StaffCalled:
		return max(s.rules.called, s.rules.patience), true
	case kiosk.Consenting, kiosk.Ready, kiosk.MessageTaken, kiosk.Confirming:
		if s.waiting.called() && s.over == nothing {
			return max(s.rules.called, s.rules.patience), true
		}
		return s.rules.patience, true
	}
	return 0, false
}

// countFrom is from how many seconds on the count is shown.
const countFrom = 20

// left is the count: 0 while none is shown.
func (s state) left() int {
	limit, waits := s.limit()
	if !waits {
		return 0
	}
	seconds := int((limit - s.now.Sub(s.touched) + time.Second - 1) / time.Second)
	if seconds > countFrom {
		return 0
	}
	return max(seconds, 1)
}

func (s state) tick() (state, []effect) {
	if limit, waits := s.limit(); waits && s.now.Sub(s.touched) >= limit && !s.idled {
		s.goal, s.idled = goal{}, true
		return s, []effect{send{s.at, []kiosk.Event{kiosk.Idle{}}}}
	}
	if s.strange() && s.now.Sub(s.touched) >= s.rules.patience {
		since := s.since
		s = s.fresh()
		s.since = since
	}
	if s.waiting.called() && !s.waiting.coming && s.rules.late > 0 && s.now.Sub(s.waiting.since) >= s.rules.late {
		s.waiting.late = true
	}
	return s, nil
}

// strange says that the first screen looks as somebody has left it.
func (s state) strange() bool {
	switch s.at.(type) {
	case nil, kiosk.Attract:
		return s.rules.patience > 0 && (s.language != s.rules.language || s.look != s.rules.look || s.waiting.called() || s.again || s.dictates)
	}
	return false
}

// sentenceStarts are where the sentences of a text begin, in runes, and how many runes it has.
func sentenceStarts(text string) (starts []int, runes int) {
	rest, at := text, 0
	for _, sentence := range shopper.Sentences(text) {
		skip := strings.Index(rest, sentence)
		if skip < 0 {
			break
		}
		at += utf8.RuneCountInString(rest[:skip])
		starts = append(starts, at)
		at += utf8.RuneCountInString(sentence)
		rest = rest[skip+len(sentence):]
	}
	return starts, utf8.RuneCountInString(text)
}

// runesASecond is how fast the voice reads, for a length that is not known yet: 7 kana and kanji a second at speed 1.
const runesASecond = 7

// heard is how many runes of the answer were spoken, down to the beginning of the sentence: what is shown changes once a
// sentence, and each change is a picture to draw.
func (s state) heardRunes() int {
	if s.sound.Begun.IsZero() || s.answer.runes == 0 {
		return 0
	}
	all := s.sound.Made
	if !s.sound.All {
		all = max(all, time.Duration(s.answer.runes)*time.Second/runesASecond)
	}
	played := min(s.now.Sub(s.sound.Begun), s.sound.Made)
	runes := int(float64(played) / float64(max(all, 1)) * float64(s.answer.runes))
	at := 0
	for _, start := range s.answer.starts {
		if start <= runes {
			at = start
		}
	}
	return at
}

// offered says whether a question stands on a button.
func (s state) offered(question string) bool {
	switch s.at.(type) {
	case kiosk.Clarifying:
		return slices.Contains(s.choices, question)
	case kiosk.Answering, kiosk.Ready, kiosk.Ending:
		return slices.Contains(s.answer.related, question)
	}
	return false
}
