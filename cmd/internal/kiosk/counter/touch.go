package counter

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tenin/cmd/internal/kiosk"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// touch is what a touch means where it was made. The process that draws is not trusted: what is not on the screen cannot be
// touched.
func (s state) touch(e shopper.Event) (state, []effect) {
	s.touched, s.idled = s.now, false
	if s.at == nil || s.closed() {
		return s.wish(e)
	}
	if !s.language.Complete() {
		// Its one screen has these and no more.
		switch e.(type) {
		case shopper.CallStaff, shopper.Finish, shopper.ChooseLanguage, shopper.StillHere:
		default:
			return s, []effect{stay{}}
		}
	}
	effects := []effect{stay{}}
	tell := func(events ...kiosk.Event) (state, []effect) {
		s.goal, s.asked = goal{}, nil
		return s, append(effects, send{s.at, events})
	}
	want := func(a aim) (state, []effect) {
		s.goal, s.asked = goal{aim: a}, nil
		return s, effects
	}
	switch at := s.at.(type) {
	case kiosk.Attract:
		switch e.(type) {
		case shopper.Start, shopper.TypeInstead:
			s.pressed = s.now
			return tell(kiosk.Touch{})
		case shopper.CallStaff:
			s.pressed = s.now
			return want(toCall)
		}
		return s.wish(e)
	case kiosk.Resetting:
		switch e.(type) {
		case shopper.Start, shopper.Retry:
			return tell(kiosk.Touch{})
		case shopper.CallStaff:
			// Nobody can be served, and somebody may come all the same.
			if at.Failed && !s.waiting.called() {
				s, call := s.summon()
				return s, append(effects, call...)
			}
		}
		return s, effects
	case kiosk.Consenting:
		switch e := e.(type) {
		case shopper.Consented:
			return s.consent(e.How, effects)
		case shopper.TypeInstead:
			return s.consent(shopper.Type, effects)
		case shopper.Retry:
			s.trouble = shopper.None
			return s, effects
		}
	}
	switch e := e.(type) {
	case shopper.DoneSpeaking:
		if _, ok := s.at.(kiosk.Listening); ok {
			return tell(kiosk.Touch{})
		}
	case shopper.Interrupt:
		if speaks(s.at) {
			return tell(kiosk.Touch{})
		}
	case shopper.Cancel:
		switch s.at.(type) {
		case kiosk.Listening, kiosk.Thinking:
			return want(toStop)
		}
	case shopper.SpeakAgain:
		if at, ok := s.at.(kiosk.Listening); ok && !at.Message {
			return s, effects
		}
		return want(toSpeak)
	case shopper.Retry:
		s.trouble = shopper.None
		return want(toSpeak)
	case shopper.TypeInstead:
		if at, ok := s.at.(kiosk.Listening); ok && at.Message {
			return want(toWrite)
		}
		return want(toType)
	case shopper.Ask:
		if s.offered(e.Question) {
			s.question = e.Question
			s, effects = want(toAsk)
			s.goal.words = e.Question
			return s, effects
		}
	case shopper.CallStaff:
		if l := e.Language; l != s.language && slices.Contains(shopper.Languages(), l) {
			s.language = l
		}
		return want(toCall)
	case shopper.LeaveMessage:
		return want(toDictate)
	case shopper.SendMessage:
		if _, ok := s.at.(kiosk.Confirming); ok {
			return tell(kiosk.Confirmed{})
		}
	case shopper.DiscardMessage:
		if _, ok := s.at.(kiosk.Confirming); ok {
			return want(toStop)
		}
	case shopper.ShowDetail:
		if s.shows() && s.answer.detail != "" {
			s.over, s.from = detail, 0
		}
	case shopper.ShowPlace:
		if s.shows() && s.answer.found.known() {
			s.over = place
		}
	case shopper.Return:
		if s.over == detail || s.over == place {
			s.over, s.from = nothing, 0
		}
	case shopper.ShowFrom:
		text := s.answer.text
		if s.over == detail {
			text = s.answer.detail
		}
		if n := len(shopper.Sentences(text)); e.Sentence >= 0 && e.Sentence < n {
			s.from = e.Sentence
		}
	case shopper.Helped:
		if _, ready := s.at.(kiosk.Ready); ready && s.answer.asks && s.answer.kept && !s.answer.thanked {
			s.answer.thanked = true
			return s, append(effects, rate{s.session, s.answer.topic, e.Yes})
		}
	case shopper.Typed:
		if s.over == typing {
			return s.key(e.Key, effects)
		}
	case shopper.Finish:
		if s.session != "" && s.over != receipt && s.language.Complete() {
			return want(toReceipt)
		}
		return want(toHome)
	case shopper.ChooseLanguage:
		s, _ = s.wish(e)
		if s.unspoken() {
			return want(toStop)
		}
		if s.over == typing {
			s = s.keyboard(s.message)
		}
	default:
		s, more := s.wish(e)
		return s, append(effects, more...)
	}
	return s, effects
}

// shows says that an answer is on the screen, or something on top of it.
func (s state) shows() bool {
	switch s.at.(type) {
	case kiosk.Answering, kiosk.Ready:
		return s.answer.given && s.trouble == shopper.None && s.over != typing && s.over != receipt
	}
	return false
}

// wish changes what the screen looks like.
func (s state) wish(e shopper.Event) (state, []effect) {
	switch e := e.(type) {
	case shopper.ChooseLanguage:
		if slices.Contains(shopper.Languages(), e.Language) {
			s.language = e.Language
		}
	case shopper.ToggleBigText:
		s.look.BigText = !s.look.BigText
	case shopper.ToggleContrast:
		s.look.HighContrast = !s.look.HighContrast
	case shopper.ToggleSilent:
		s.look.Silent = !s.look.Silent
		if s.look.Silent {
			return s, []effect{hush{}}
		}
	}
	return s, nil
}

// consent is the shopper's answer to the notice.
func (s state) consent(how shopper.How, effects []effect) (state, []effect) {
	s.goal, s.asked = goal{}, nil
	if how == shopper.Type {
		s.goal.aim = toType
		if s.dictates {
			s.goal.aim = toWrite
		}
		s.dictates = false
		return s, effects
	}
	if s.outside.MicrophoneOff {
		s.trouble = shopper.Muted
		return s, effects
	}
	switch how {
	case shopper.Unrecorded:
		s.dictates = false
		return s, append(effects, send{s.at, []kiosk.Event{kiosk.ConsentRefused{}}})
	case shopper.Speak:
		if s.dictates {
			// The yes opens a question; what they want is a message, to which the goal leads from there.
			s.dictates, s.goal, s.asked = false, goal{aim: toDictate}, s.at
		}
		return s, append(effects, agree{})
	}
	return s, effects
}

// longestKey is how many runes a key may insert: a kana with its mark.
const longestKey = 2

// key is a key of the keyboard.
func (s state) key(k keyboard.Key, effects []effect) (state, []effect) {
	switch k.Kind {
	case keyboard.Insert:
		if n := utf8.RuneCountInString(k.Text); n == 0 || n > longestKey {
			return s, effects
		}
	case keyboard.Choose:
		if !slices.Contains(s.shop.Words.Offers(s.board, keyboard.MaxCandidates), k.Text) {
			return s, effects
		}
	}
	s.board = keyboard.Press(s.board, k)
	if k.Kind != keyboard.Enter {
		return s, effects
	}
	words := strings.TrimSpace(s.board.Text)
	if words == "" {
		return s, effects
	}
	s.board.Text, s.asked = "", nil
	if s.message {
		s.goal = goal{toHandOver, words}
		return s, effects
	}
	s.question, s.goal = words, goal{toAsk, words}
	return s, effects
}
