package office

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/staff"
)

// Look is how the screens are drawn.
func (s State) Look() ui.Look { return ui.Look{BigText: s.bigText, HighContrast: s.contrast} }

// View is what the screens show.
func (s State) View() staff.View {
	v := staff.View{
		Language: s.language, Shop: s.situation.Shop, Who: s.who, Locked: !s.in,
		Note: s.note.in(s.language), Failed: s.failed, Busy: s.busy,
	}
	for _, c := range s.situation.Calls {
		if !c.Coming() {
			v.Waiting++
			v.Late = v.Late || c.Late
		}
	}
	if left := s.locksAt().Sub(s.now); s.in && left < time.Hour {
		v.Left = max(int(math.Ceil(left.Seconds())), 1)
	}
	v.Screen = s.screen()
	return v
}

func (s State) screen() staff.Screen {
	switch at := s.at.(type) {
	case pad:
		view := staff.Lock{Name: at.name, From: at.from, Digits: len([]rune(at.pin)), Keys: at.keys, Wrong: at.wrong, Back: s.terms.Counter, Open: !s.terms.Counter}
		if len(s.names) > 1 {
			view.Names = s.names
		}
		if left := at.until.Sub(s.now); left > 0 {
			view.Wait = int(math.Ceil(left.Seconds()))
		}
		return view
	case help:
		return staff.Help{Calls: s.calls(), From: clamp(at.from, len(s.situation.Calls))}
	case today:
		return s.today(at)
	case unanswered:
		view := staff.Unanswered{From: clamp(at.from, len(at.gaps))}
		for _, g := range at.gaps {
			view.Questions = append(view.Questions, staff.Question{ID: g.ID, Text: g.Question, Topic: g.Topic, When: when(s.language, g.Last, s.now), Times: g.Count})
		}
		return view
	case answering:
		return s.answer(at)
	case conversations:
		view := staff.Conversations{Topics: s.situation.Topics, Topic: at.topic, Choosing: at.choosing, From: at.from}
		for _, c := range at.list {
			view.List = append(view.List, s.conversation(c))
		}
		if at.choosing {
			view.From = clamp(at.from, len(view.Topics)+1)
		} else {
			view.From = clamp(at.from, len(view.List))
		}
		return view
	case reason:
		return staff.Reason{Conversation: s.conversation(at.which), Why: at.why, Words: at.words}
	case transcript:
		view := staff.Transcript{Conversation: s.conversation(at.asked.which), Why: at.asked.why, Words: at.asked.words, Playing: at.playing, From: clamp(at.from, len(at.saved.Turns))}
		for _, t := range at.saved.Turns {
			view.Turns = append(view.Turns, staff.Turn{Question: t.Transcript, Answer: t.Answer, Handed: t.Kind == "handoff", Seconds: seconds(at.saved, t.Clip)})
		}
		return view
	case settings:
		now := s.situation.Settings
		view := staff.Settings{Shown: at.shown, Paused: now.Paused, Muted: now.Muted, Closed: now.Closed, Notice: now.Notice, From: clamp(at.from, len(s.situation.Topics))}
		for _, t := range s.situation.Topics {
			view.Topics = append(view.Topics, staff.TopicSwitch{Name: t, Off: slices.Contains(now.TopicsOff, t)})
		}
		return view
	case typing:
		return staff.Typing{Field: at.field, About: at.about, Board: keyboard.View{
			State: at.board, Candidates: s.terms.Words.Offers(at.board, keyboard.MaxCandidates),
			Enter: staff.In(s.language).Keep[at.field], English: s.language == staff.English,
		}}
	}
	return nil
}

func clamp(from, n int) int { return min(max(from, 0), max(n-1, 0)) }

func (s State) calls() (list []staff.Call) {
	for _, c := range s.situation.Calls {
		list = append(list, staff.Call{
			ID: c.ID, Kiosk: s.kiosk(c.Kiosk), Topic: c.Topic, Spoken: spoken(c.Language), Waited: max(int(s.now.Sub(c.Since).Seconds()), 0),
			Late: c.Late, Taken: c.Coming(), By: c.By,
		})
	}
	return list
}

// kiosk is a kiosk's name: one that has none is told by its number.
func (s State) kiosk(title string) string {
	if _, err := strconv.Atoi(title); err != nil {
		return title
	}
	if s.language == staff.English {
		return "Kiosk " + title
	}
	return "案内機 " + title
}

func spoken(language string) staff.Language {
	switch language {
	case "en":
		return staff.English
	case "zh":
		return staff.Chinese
	case "ko":
		return staff.Korean
	}
	return staff.Japanese
}

func (s State) today(at today) staff.Today {
	view := staff.Today{From: at.from}
	if len(at.days) == 0 {
		return view
	}
	day := at.days[0]
	view.Day = dayName(s.language, day.Day)
	all := day.Total()
	view.Questions, view.Answered, view.HandedOff, view.Yes, view.No = all.Questions(), all.Answered, all.HandedOff, all.Yes, all.No
	for h, c := range day.Hours {
		view.Hours[h] = c.Questions()
	}
	for name, c := range day.Topics {
		if c.Questions() == 0 {
			continue
		}
		if name == "" {
			name = staff.In(s.language).NoTopic
		}
		view.Topics = append(view.Topics, staff.Topic{Name: name, Questions: c.Questions(), HandedOff: c.HandedOff})
	}
	slices.SortFunc(view.Topics, func(a, b staff.Topic) int {
		return cmp.Or(cmp.Compare(b.Questions, a.Questions), cmp.Compare(a.Name, b.Name))
	})
	view.From = clamp(at.from, len(view.Topics))
	return view
}

func (s State) answer(at answering) staff.Answering {
	view := staff.Answering{
		Question: at.gap.Question, Sentences: at.sentences, From: at.from, Comparing: at.comparing, Playing: at.playing,
		Tried: at.tried, Problem: at.problem, Published: at.published,
	}
	if s.busy {
		// Nothing is spoken or published before it is known how it is read.
		view.Tried = false
	}
	for _, a := range at.similar {
		view.Similar = append(view.Similar, staff.Approved{ID: a.ID, Question: a.Question, Answer: a.Answer})
	}
	for _, w := range at.spelled {
		view.Words = append(view.Words, staff.Word{Text: w.Text, Reading: w.Kana, Fixed: w.Fixed})
	}
	return view
}

func (s State) conversation(c kiosk.Conversation) staff.Conversation {
	topic := ""
	if len(c.Topics) > 0 {
		topic = c.Topics[0]
	}
	return staff.Conversation{
		ID: c.ID.String(), When: when(s.language, c.Started, s.now), Topic: topic, Turns: c.Turns, Seconds: int(math.Ceil(c.Sound.Seconds())), Handed: c.Handed,
	}
}

// seconds is how long a clip of a conversation is, rounded up; 0 when there is none.
func seconds(saved *storage.Saved, clip int) int {
	for _, c := range saved.Clips {
		if c.Number == clip && clip > 0 {
			return int(math.Ceil(c.Duration().Seconds()))
		}
	}
	return 0
}
