package office

import (
	"slices"
	"strings"

	"tenin/cmd/internal/kiosk"
	"tenin/ui/keyboard"
	"tenin/ui/staff"
)

func (s State) touchSettings(at settings, e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.ShowSetting:
		if slices.Contains(staff.AllSettings(), e.Setting) {
			s = s.quiet()
			at = settings{shown: e.Setting}
		}
	case staff.ShowFrom:
		at.from = e.From
	case staff.Switch:
		switch e.Setting {
		case staff.Pause:
			return s.ask(Change{kiosk.Change{Paused: &e.On}})
		case staff.Mute:
			return s.ask(Change{kiosk.Change{Muted: &e.On}})
		case staff.CloseToday:
			return s.ask(Change{kiosk.Change{Closed: &e.On}})
		}
	case staff.SwitchTopic:
		if slices.Contains(s.situation.Topics, e.Topic) {
			return s.ask(Change{kiosk.Change{Topic: e.Topic, TopicOff: e.Off}})
		}
	case staff.WriteNotice:
		board := s.board(s.language == staff.English)
		board.Text = s.situation.Settings.Notice
		s.at = typing{over: settings{shown: staff.Notice}, field: staff.NoticeText, board: board}
		return s, nil
	case staff.RemoveNotice:
		none := ""
		return s.ask(Change{kiosk.Change{Notice: &none}})
	}
	s.at = at
	return s, nil
}

// board is an empty keyboard.
func (s State) board(latin bool) keyboard.State {
	if latin {
		return keyboard.State{Layout: keyboard.Latin}
	}
	return keyboard.State{Layout: keyboard.Gojuon}
}

// touchTyping takes a key. Enter brings the text to where it belongs; an empty sentence takes the old one away.
func (s State) touchTyping(at typing, e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.Return:
		s.at = at.over
		return s.quiet(), nil
	case staff.Typed:
		at.board = keyboard.Press(at.board, e.Key)
		if e.Key.Kind != keyboard.Enter {
			s.at = at
			return s, nil
		}
		return s.typed(at, strings.TrimSpace(at.board.Text))
	}
	return s, nil
}

func (s State) typed(at typing, text string) (State, []Effect) {
	if s.terms.Undrawable != nil && at.field != staff.Reading {
		if bad := s.terms.Undrawable(text); bad != "" {
			s.at = at
			return s.say(undrawable(bad), true), nil
		}
	}
	switch over := at.over.(type) {
	case answering:
		if at.field == staff.Reading {
			s.at = over
			if text == "" || at.at >= len(over.spelled) {
				return s, nil
			}
			// Whether it was kept or not: what was heard may be read otherwise now.
			over.tried = false
			s.at = over
			return s.ask(Teach{kiosk.Reading{Word: over.spelled[at.at].Text, Kana: keyboard.Katakana(text)}})
		}
		sentences := slices.Clone(over.sentences)
		switch {
		case at.at < len(sentences) && text == "":
			sentences = slices.Delete(sentences, at.at, at.at+1)
		case at.at < len(sentences):
			sentences[at.at] = text
		case text != "":
			sentences = append(sentences, text)
		}
		return s.spell(over.changedText(sentences))
	case reason:
		over.words = text
		s.at = over
		return s, nil
	case settings:
		s.at = over
		return s.ask(Change{kiosk.Change{Notice: &text}})
	}
	return s, nil
}
