package office

import (
	"slices"
	"strings"

	"tenin/cmd/internal/kiosk"
	"tenin/ui/staff"
)

func (s State) touchConversations(at conversations, e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.ShowFrom:
		at.from = e.From
	case staff.ChooseTopic:
		at.choosing, at.from = true, 0
	case staff.NarrowTo:
		if e.Topic != "" && !slices.Contains(s.situation.Topics, e.Topic) {
			return s, nil
		}
		s = s.leave(conversations{topic: e.Topic})
		return s.ask(List{kiosk.Filter{Topic: e.Topic, Most: mostConversations}})
	case staff.OpenConversation:
		i := slices.IndexFunc(at.list, func(c kiosk.Conversation) bool { return c.ID.String() == e.ID })
		if i < 0 {
			return s, nil
		}
		return s.leave(reason{list: at, which: at.list[i]}), nil
	}
	s.at = at
	return s, nil
}

// ready says that a reason is enough to open a conversation.
func (r reason) ready() bool {
	return r.why != staff.NoReason && (r.why != staff.Other || r.words != "")
}

// line is the reason as it is written down.
func (r reason) line(l staff.Language) string {
	var parts []string
	if r.why != staff.Other {
		parts = append(parts, staff.In(l).Whys[r.why])
	}
	if r.words != "" {
		parts = append(parts, r.words)
	}
	return strings.Join(parts, ": ")
}

func (s State) touchReason(at reason, e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.Return:
		return s.leave(at.list), nil
	case staff.ChooseWhy:
		if slices.Contains(staff.Whys(), e.Why) {
			at.why = e.Why
		}
	case staff.WriteReason:
		board := s.board(s.language == staff.English)
		board.Text = at.words
		s.at = typing{over: at, field: staff.ReasonText, board: board}
		return s, nil
	case staff.ReadConversation:
		if at.ready() {
			return s.ask(Open{at.which.ID, at.line(s.language)})
		}
	}
	s.at = at
	return s, nil
}

func (s State) touchTranscript(at transcript, e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.Return:
		return s.leave(at.asked.list), []Effect{Silence{}}
	case staff.ShowFrom:
		at.from = e.From
	case staff.PlayTurn:
		if e.Turn < 1 || e.Turn > len(at.saved.Turns) || seconds(at.saved, at.saved.Turns[e.Turn-1].Clip) == 0 {
			return s, nil
		}
		at.playing = e.Turn
		s.at = at
		// What was played for another turn ends, and must not be taken for the end of this.
		s.serial++
		return s.quiet(), []Effect{Silence{}, PlayClip{at.saved.ID, at.saved.Turns[e.Turn-1].Clip, e.Turn, at.asked.line(s.language)}}
	case staff.StopSound:
		at.playing = 0
		s.at = at
		s.serial++
		return s, []Effect{Silence{}}
	}
	s.at = at
	return s, nil
}
