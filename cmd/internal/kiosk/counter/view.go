package counter

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// view is the picture of a state.
func (s state) view() (shopper.View, ui.Look) {
	look := s.look
	look.Silent = s.silent()
	return shopper.View{Language: s.language, Shop: s.rules.name, Left: s.left(), Screen: s.screen()}, look
}

// pressedShown is after how long a touch of the first screen that has not led on is answered: the kiosk serves an inquiry.
const pressedShown = 300 * time.Millisecond

func (s state) screen() shopper.Screen {
	switch at := s.at.(type) {
	case nil:
		return shopper.Attract{Examples: s.examples(), Preparing: true}
	case kiosk.Attract:
		if s.outside.Closed {
			return shopper.Closed{Notice: s.outside.Notice}
		}
		waits := !s.pressed.IsZero() && s.now.Sub(s.pressed) >= pressedShown
		return shopper.Attract{Examples: s.examples(), Slide: s.slide(), Notice: s.outside.Notice, Preparing: waits}
	case kiosk.Consenting:
		if s.trouble != shopper.None {
			return shopper.Trouble{Reason: s.trouble}
		}
		return shopper.Consent{Points: s.rules.points[s.language]}
	case kiosk.Listening:
		h := s.hearing
		return shopper.Listening{Level: h.level, Words: h.words, Firm: h.firm, Hint: h.hint(), Kept: kiosk.MayKeep(at), Message: at.Message}
	case kiosk.Thinking:
		return shopper.Thinking{Words: s.question, Beat: s.beat()}
	case kiosk.Answering:
		return s.answered(true)
	case kiosk.Clarifying:
		return shopper.Clarify{Heard: s.question, Choices: s.choices}
	case kiosk.Apologising:
		return shopper.Trouble{Reason: shopper.EngineLost}
	case kiosk.Confirming:
		return shopper.Message{Text: s.dictated}
	case kiosk.Ending:
		switch {
		case at.Then >= kiosk.ThenHome:
			return shopper.Resetting{}
		case at.Message:
			return shopper.Message{Text: s.dictated}
		case s.answer.given:
			return s.answered(false)
		}
		return shopper.Thinking{Words: s.question, Beat: s.beat()}
	case kiosk.Resetting:
		switch {
		case at.Failed && s.waiting.called():
			return s.staffScreen()
		case at.Failed:
			return shopper.Trouble{Reason: shopper.Unavailable}
		}
		return shopper.Resetting{}
	case kiosk.Gone:
		return shopper.Closed{Notice: s.outside.Notice}
	}
	switch {
	case s.over == receipt && s.code != "":
		return shopper.Receipt{Code: s.code, Days: s.rules.days}
	case s.over == typing:
		return s.typingScreen()
	case s.trouble != shopper.None:
		return shopper.Trouble{Reason: s.trouble}
	}
	switch s.at.(type) {
	case kiosk.StaffCalled:
		return s.staffScreen()
	case kiosk.MessageTaken:
		return shopper.Message{Sent: true}
	}
	switch {
	case s.answer.given:
		return s.answered(false)
	case s.waiting.called():
		return s.staffScreen()
	case s.goal.aim == toAsk, s.goal.aim == toHandOver:
		return shopper.Thinking{Words: s.goal.words}
	}
	return s.typingScreen()
}

// answered is the last answer, or what lies over it.
func (s state) answered(speaking bool) shopper.Screen {
	a := s.answer
	switch s.over {
	case detail:
		return shopper.Detail{Title: a.question, Text: a.detail, From: s.from}
	case place:
		return s.placeScreen()
	}
	_, ready := s.at.(kiosk.Ready)
	view := shopper.Answer{
		Question: a.question, Text: a.text, Speaking: speaking, From: s.from, HasDetail: a.detail != "",
		Place: a.words(s.language), HasMap: a.found.known(), Related: a.related,
		AskHelped: ready && a.asks && a.kept && !a.thanked, Thanked: ready && a.thanked,
	}
	if speaking && !s.silent() {
		view.Heard = s.heardRunes()
	}
	return view
}

func (s state) staffScreen() shopper.Screen {
	w := s.waiting
	waited := 0
	if w.called() {
		waited = max(0, int(s.now.Sub(w.since)/time.Second))
	}
	return shopper.Staff{Waited: waited, Coming: w.coming, Late: w.late && !w.coming, Topic: w.topic}
}

func (s state) typingScreen() shopper.Screen {
	english := s.language != shopper.Japanese
	return shopper.Typing{Message: s.message, Board: keyboard.View{
		State: s.board, Candidates: s.shop.Words.Offers(s.board, keyboard.MaxCandidates), Enter: enterLabel(english, s.message), English: english,
	}}
}

func enterLabel(english, message bool) string {
	switch {
	case english && message:
		return "Done"
	case english:
		return "Ask"
	case message:
		return "確認する"
	}
	return "尋ねる"
}

func (s state) examples() []string {
	if s.language == shopper.Japanese {
		return s.shop.Examples[shopper.Japanese]
	}
	return s.shop.Examples[shopper.English]
}

// What moves by itself, and how fast.
const (
	slideEvery = 8 * time.Second
	beatEvery  = 500 * time.Millisecond
	// captionEvery is how often the place in the sound is looked at; the picture changes once a sentence.
	captionEvery = 200 * time.Millisecond
)

func (s state) slide() int {
	if len(s.examples()) == 0 || s.since.IsZero() {
		return 0
	}
	return int(s.now.Sub(s.since)/slideEvery) % len(s.examples())
}

func (s state) beat() int {
	if s.look.ReducedMotion || s.thinking.IsZero() {
		return 0
	}
	return int(s.now.Sub(s.thinking)/beatEvery) % 3
}

// words is where the answer points, in a language. The shop's own words stand where nothing better is known.
func (a answer) words(l shopper.Language) string {
	if l == shopper.Japanese || !a.found.known() || a.found.found.Area.Name.En == "" {
		return a.where
	}
	words := a.found.found.Floor.Name.In("en") + ", " + a.found.found.Area.Name.In("en")
	if shelf := shelfCode.FindString(a.where); shelf != "" {
		words += ", shelf " + shelf
	}
	return words
}

// shelfCode is the number of a shelf in a place.
var shelfCode = regexp.MustCompile(`\b[A-Z]{1,2}-?[0-9]{1,3}\b`)

func (s state) placeScreen() shopper.Screen {
	a := s.answer
	view := shopper.Place{Name: a.name, Where: a.words(s.language), Note: note(a.product, s.language)}
	view.Map = floorMap(a.found, s.language)
	return view
}

// note is what the list says of a product besides its place.
func note(p knowledge.Product, l shopper.Language) string {
	text := ""
	japanese := l == shopper.Japanese
	if p.Price > 0 {
		text = grouped(p.Price) + "円"
		if !japanese {
			text = grouped(p.Price) + " yen"
		}
	}
	stock := ""
	switch {
	case p.Stock == nil:
	case p.SoldOut() && japanese:
		stock = "品切れ"
	case p.SoldOut():
		stock = "sold out"
	case japanese:
		stock = fmt.Sprintf("在庫 %d点", *p.Stock)
	default:
		stock = fmt.Sprintf("%d in stock", *p.Stock)
	}
	switch {
	case text == "" || stock == "":
		return text + stock
	case japanese:
		return text + "　" + stock
	}
	return text + ", " + stock
}

// grouped writes a number with commas.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// floorMap is the floor of a spot, with the way there when the kiosk stands on it.
func floorMap(p spot, l shopper.Language) shopper.Map {
	language := "ja"
	if l != shopper.Japanese {
		language = "en"
	}
	f := p.found.Floor
	m := shopper.Map{Floor: f.Name.In(language), Ratio: float32(f.Ratio)}
	for i := range f.Areas {
		a := &f.Areas[i]
		m.Areas = append(m.Areas, shopper.Area{
			Name: a.Name.In(language), X: float32(a.X), Y: float32(a.Y), W: float32(a.W), H: float32(a.H), Goal: a == p.found.Area,
		})
	}
	corners, there := p.plan.Way(p.found)
	m.There = point(there)
	for _, c := range corners {
		m.Path = append(m.Path, point(c))
	}
	here := p.plan.Kiosk
	m.Here = point(here.Point)
	if !p.sameFloor() {
		m.Elsewhere = p.elsewhere(language)
	}
	return m
}

func point(p knowledge.Point) shopper.Point { return shopper.Point{X: float32(p.X), Y: float32(p.Y)} }

func (p spot) kiosksFloor() (knowledge.Floor, bool) {
	for _, f := range p.plan.Floors {
		if f.ID == p.plan.Kiosk.Floor {
			return f, true
		}
	}
	return knowledge.Floor{}, false
}

func (p spot) sameFloor() bool {
	here, ok := p.kiosksFloor()
	return ok && here.ID == p.found.Floor.ID
}

// elsewhere says how to get to a spot on another floor. It promises no lift: the plan knows of none.
func (p spot) elsewhere(language string) string {
	name := func(f knowledge.Floor) string {
		if language == "ja" && len(f.Also) > 0 {
			return f.Also[0]
		}
		return f.ID
	}
	there := name(*p.found.Floor)
	here, known := p.kiosksFloor()
	up := p.found.Floor.Level > here.Level
	switch {
	case !known && language == "ja":
		return there + "にございます。"
	case !known:
		return "It is on " + there + "."
	case language == "ja" && up:
		return fmt.Sprintf("この端末は%sにあります。%sへお上がりください。", name(here), there)
	case language == "ja":
		return fmt.Sprintf("この端末は%sにあります。%sへお下りください。", name(here), there)
	case up:
		return fmt.Sprintf("This kiosk is on %s. Please go up to %s.", name(here), there)
	}
	return fmt.Sprintf("This kiosk is on %s. Please go down to %s.", name(here), there)
}

// due is when the picture changes next by itself, or something is to be done; zero: not before something happens.
func (s state) due() (at time.Time) {
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	every := func(since time.Time, d time.Duration) {
		if !since.IsZero() {
			sooner(since.Add((s.now.Sub(since)/d + 1) * d))
		}
	}
	switch s.at.(type) {
	case kiosk.Attract:
		if len(s.examples()) > 1 && !s.closed() {
			every(s.since, slideEvery)
		}
		if !s.pressed.IsZero() && s.now.Sub(s.pressed) < pressedShown {
			sooner(s.pressed.Add(pressedShown))
		}
	case kiosk.Thinking:
		if !s.look.ReducedMotion {
			every(s.thinking, beatEvery)
		}
	case kiosk.Answering:
		if !s.silent() && s.over == nothing && len(s.answer.starts) > 1 {
			every(s.sound.Begun, captionEvery)
		}
	}
	if s.strange() {
		sooner(s.touched.Add(s.rules.patience))
	}
	if _, staff := s.screen().(shopper.Staff); staff {
		every(s.waiting.since, time.Second)
	}
	if limit, waits := s.limit(); waits && !s.idled {
		over := s.touched.Add(limit)
		if from := over.Add(-countFrom * time.Second); s.now.Before(from) {
			sooner(from)
		} else {
			// On the second at which the count changes.
			left := over.Sub(s.now) - 1
			sooner(over.Add(-max(0, left.Truncate(time.Second))))
		}
	}
	return at
}
