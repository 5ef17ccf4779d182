package office

import (
	"slices"
	"strings"
	"unicode/utf8"

	"tenin/cmd/internal/kiosk"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
	"tenin/ui/staff"
)

func (s State) touchUnanswered(at unanswered, e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.ShowFrom:
		at.from = e.From
		s.at = at
	case staff.WriteAnswer:
		i := slices.IndexFunc(at.gaps, func(g kiosk.Gap) bool { return g.ID == e.Question })
		if i < 0 {
			return s, nil
		}
		s = s.leave(answering{list: at, gap: at.gaps[i]})
		return s.ask(FindSimilar{at.gaps[i].Question})
	}
	return s, nil
}

// text is the answer as it will be published.
func (a answering) text() string {
	separator := ""
	if a.gap.Language == "en" {
		separator = " "
	}
	return strings.Join(a.sentences, separator)
}

// draft is what is published: the new answer, or, where an approved one was taken over as it is, another wording of its
// question.
func (a answering) draft() kiosk.Draft {
	asked := wordings(a.gap)
	d := kiosk.Draft{Question: asked[0], Variants: asked[1:], Answer: a.text(), Topic: a.gap.Topic, Language: a.gap.Language}
	if a.base.ID != "" && a.base.Answer == d.Answer {
		d.ID, d.Question, d.Topic, d.Language = a.base.ID, a.base.Question, a.base.Topic, a.base.Language
		d.Variants = asked
	}
	return d
}

const (
	// longestWording is how many characters of a question are kept as one: what is longer was a story.
	longestWording = 120
	// mostWordings is how many ways to ask a question are kept with its answer.
	mostWordings = 10
)

// wordings are the ways in which a question was asked, the one that is shown first; there is at least one.
func wordings(g kiosk.Gap) []string {
	var list []string
	for _, w := range append([]string{g.Question}, g.Others...) {
		if utf8.RuneCountInString(w) <= longestWording && len(list) < mostWordings {
			list = append(list, w)
		}
	}
	if len(list) == 0 {
		list = append(list, string([]rune(g.Question)[:longestWording]))
	}
	return list
}

// changedText is the place after the answer has changed: what was known of the old text does not hold.
func (a answering) changedText(sentences []string) answering {
	a.sentences, a.spelled, a.from, a.playing, a.tried, a.problem = sentences, nil, 0, false, false, ""
	return a
}

// spell asks how the answer is read, if there is one.
func (s State) spell(at answering) (State, []Effect) {
	s.serial++
	s.at = at
	if len(at.sentences) == 0 {
		s.busy = false
		return s, []Effect{Silence{}}
	}
	return s.ask(Silence{}, Spell{at.draft()})
}

func (s State) touchAnswering(at answering, e staff.Event) (State, []Effect) {
	if at.published {
		switch e.(type) {
		case staff.Undo:
			return s.ask(TakeBack{})
		case staff.Return:
			return s.goTo(staff.UnansweredTab)
		}
		return s, nil
	}
	switch e := e.(type) {
	case staff.Return:
		s = s.leave(at.list)
		return s, []Effect{Silence{}}
	case staff.ShowFrom:
		at.from = min(e.From, max(len(at.spelled)-1, 0))
	case staff.Compare:
		at.comparing = !at.comparing
	case staff.UseSimilar:
		i := slices.IndexFunc(at.similar, func(a kiosk.Approved) bool { return a.ID == e.ID })
		if i < 0 {
			return s, nil
		}
		at = at.changedText(sentencesOf(at.similar[i].Answer))
		at.base, at.comparing = at.similar[i], false
		return s.spell(at)
	case staff.EditSentence:
		if e.At < 0 || e.At > len(at.sentences) || e.At >= staff.MaxSentences {
			return s, nil
		}
		board := s.board(at.gap.Language == "en")
		if e.At < len(at.sentences) {
			if text := at.sentences[e.At]; utf8.RuneCountInString(text) <= keyboard.MaxRunes {
				board.Text = text
			} else {
				s = s.say(saidTooLong, false)
			}
		}
		at.playing = false
		s.serial++ // what is stopped was not heard
		s.at = typing{over: at, field: staff.Sentence, at: e.At, about: at.gap.Question, board: board}
		return s, []Effect{Silence{}}
	case staff.FixReading:
		if e.Word < 0 || e.Word >= len(at.spelled) {
			return s, nil
		}
		at.playing = false
		s.serial++
		s.at = typing{over: at, field: staff.Reading, at: e.Word, about: at.spelled[e.Word].Text, board: s.board(false)}
		return s, []Effect{Silence{}}
	case staff.TrySound:
		if len(at.sentences) == 0 || at.problem != "" || at.playing {
			return s, nil
		}
		at.playing = true
		s.at = at
		s.serial++
		return s.quiet(), []Effect{Speak{at.text(), at.gap.Language}}
	case staff.StopSound:
		if at.playing {
			at.playing, at.tried = false, true
			s.at = at
			s.serial++
			return s, []Effect{Silence{}}
		}
	case staff.Publish:
		if len(at.sentences) == 0 || at.problem != "" || !at.tried || at.playing {
			return s, nil
		}
		return s.ask(PublishDraft{at.draft()})
	}
	s.at = at
	return s, nil
}

// sentencesOf cuts an approved answer into at most as many sentences as the screen has places.
func sentencesOf(answer string) []string {
	list := shopper.Sentences(answer)
	if len(list) > staff.MaxSentences {
		list = append(list[:staff.MaxSentences-1:staff.MaxSentences-1], strings.Join(list[staff.MaxSentences-1:], ""))
	}
	return list
}

// silent is the state after a sound has ended; heard says that it was played.
func (s State) silent(heard bool) State {
	switch at := s.at.(type) {
	case answering:
		at.tried = at.tried || heard
		at.playing = false
		s.at = at
	case transcript:
		at.playing = 0
		s.at = at
	}
	return s
}

// wrote takes the end of an effect that belongs to an answer. The keyboard may be open over it.
func (s State) wrote(e Done) (State, []Effect) {
	over, isTyping := s.at.(typing)
	at, ok := s.at.(answering)
	if isTyping {
		at, ok = over.over.(answering)
	}
	if !ok {
		return s, nil
	}
	switch result := e.Result.(type) {
	case Near:
		at.similar = result.Answers
	case Spelled:
		at.spelled = result.Words
		if result.Problem != nil {
			at.problem = saidProblem.in(s.language) + ": " + oneLine(result.Problem)
		}
	default:
		switch e.Effect.(type) {
		case Teach:
			at.playing, at.tried = false, false
			s, effects := s.spell(at)
			return s.say(saidTaught, false), effects
		case PublishDraft:
			at.published = true
			s = s.say(saidPublished, false)
		case TakeBack:
			at.published = false
			s = s.say(saidTakenBack, false)
		}
	}
	if isTyping {
		over.over = at
		s.at = over
	} else {
		s.at = at
	}
	return s, nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
