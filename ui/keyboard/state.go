package keyboard

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Layout is which keys are shown.
type Layout int

// The layouts. Romaji and Latin have the same keys; Romaji turns them into kana.
const (
	Gojuon Layout = iota
	Flick
	Romaji
	Latin
	Digits
	Numbers // digits as an address has them, with its dot
	Signs   // what Latin lacks of ASCII, for a passphrase
)

// Layouts lists those of a shopper in the order of their buttons.
func Layouts() []Layout { return []Layout{Gojuon, Flick, Romaji, Latin, Digits} }

// Typewriter lists those with which all of ASCII can be typed, and nothing else.
func Typewriter() []Layout { return []Layout{Latin, Numbers, Signs} }

// MaxRunes is the longest text that can be typed. A question is shorter; what is longer is somebody playing.
const MaxRunes = 120

// State is what was typed so far.
type State struct {
	Layout    Layout
	Shift     bool
	Text      string // fixed
	Composing string // kana that candidates are offered for
	Pending   string // Latin letters that are not yet a kana
}

// Kind is what a key does.
type Kind int

// The kinds of keys.
const (
	Insert Kind = iota // Key.Text is a character
	Choose             // Key.Text is a candidate: it replaces the composing kana
	Modify             // the last kana gets the next of its marks: は ば ぱ
	Delete
	Clear
	Space
	Shift
	Switch // to Key.Layout
	Enter
)

// Key is a key that was touched.
type Key struct {
	Kind   Kind
	Text   string
	Layout Layout
}

// String is all of the text as it is seen.
func (s State) String() string { return s.Text + s.Composing + s.Pending }

// Reading is the composing kana with a pending n read as ん. Other letters that are no kana yet are left out.
func (s State) Reading() string {
	kana, _ := fromRomaji(s.Pending, true)
	return s.Composing + kana
}

// Press is the state after a key. Enter fixes what is composing; the text is then in Text.
func Press(s State, k Key) State {
	switch k.Kind {
	case Insert:
		return s.insert(k.Text)
	case Choose:
		s.Text, s.Composing, s.Pending = limit(s.Text+k.Text), "", ""
	case Modify:
		s = s.settle()
		if r, size := utf8.DecodeLastRuneInString(s.Composing); size > 0 {
			s.Composing = s.Composing[:len(s.Composing)-size] + string(NextMark(r))
		}
	case Delete:
		switch {
		case s.Pending != "":
			s.Pending = dropLast(s.Pending)
		case s.Composing != "":
			s.Composing = dropLast(s.Composing)
		default:
			s.Text = dropLast(s.Text)
		}
	case Clear:
		s.Text, s.Composing, s.Pending = "", "", ""
	case Space:
		if s.Composing+s.Pending != "" {
			return s.fix()
		}
		if s.Text != "" && !strings.HasSuffix(s.Text, " ") {
			s.Text = limit(s.Text + " ")
		}
	case Shift:
		s.Shift = !s.Shift
	case Switch:
		if slices.Contains(Layouts(), k.Layout) || slices.Contains(Typewriter(), k.Layout) {
			s = s.settle()
			s.Layout, s.Shift = k.Layout, false
		}
	case Enter:
		return s.fix()
	}
	return s
}

func (s State) insert(text string) State {
	if utf8.RuneCountInString(s.String())+utf8.RuneCountInString(text) > MaxRunes {
		return s
	}
	switch {
	case s.Layout == Romaji && isRomaji(text):
		kana, rest := fromRomaji(s.Pending+strings.ToLower(text), false)
		s.Composing, s.Pending = s.Composing+kana, rest
	case isKana(text):
		s = s.settle()
		s.Composing += text
	default:
		s = s.fix()
		if s.Shift {
			text = strings.ToUpper(text)
		}
		s.Text += text
	}
	s.Shift = false
	return s
}

// settle ends the romaji: a last n is ん, other letters stay what they are.
func (s State) settle() State {
	kana, rest := fromRomaji(s.Pending, true)
	s.Composing, s.Pending = s.Composing+kana+rest, ""
	return s
}

func (s State) fix() State {
	s = s.settle()
	s.Text, s.Composing = limit(s.Text+s.Composing), ""
	return s
}

func limit(text string) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), MaxRunes)])
}

func dropLast(s string) string {
	_, size := utf8.DecodeLastRuneInString(s)
	return s[:len(s)-size]
}
