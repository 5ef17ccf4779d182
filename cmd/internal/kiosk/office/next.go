package office

import (
	"errors"
	"maps"
	"time"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/ui/staff"
)

// Next is the state after an event, and what is to be done. It is pure.
func Next(s State, e Event) (State, []Effect) {
	if s.gone {
		return s, nil
	}
	switch e := e.(type) {
	case Ticked:
		return s.ticked(e.Now)
	case Changed:
		return s.changed(e.Situation)
	case Touched:
		s.touched = s.now
		return s.touch(e.Event)
	case Done:
		return s.done(e)
	}
	return s, nil
}

func (s State) ticked(now time.Time) (State, []Effect) {
	minute := now.Truncate(20*time.Second) != s.now.Truncate(20*time.Second)
	s.now = now
	if !s.noteEnd.IsZero() && !now.Before(s.noteEnd) {
		s = s.quiet()
	}
	if s.locksAt().After(now) {
		if _, ok := s.at.(today); ok && minute {
			return s, []Effect{Count{}}
		}
		return s, nil
	}
	if _, isPad := s.at.(pad); !isPad {
		s, effects := s.lock()
		return s.say(saidLocked, false), effects
	}
	return s.lock()
}

// locksAt is when the screens lock themselves; far away where there is nothing to lock.
func (s State) locksAt() time.Time {
	far := s.now.Add(time.Hour)
	_, isPad := s.at.(pad)
	switch {
	case isPad && s.terms.Counter:
		return s.touched.Add(min(padIdle, s.terms.idle()))
	case isPad:
		if len(s.names) > 0 {
			return s.touched.Add(s.terms.idle())
		}
		return far
	case s.in && (len(s.names) > 0 || s.terms.Counter):
		return s.touched.Add(s.terms.idle())
	}
	return far
}

// lock forgets who is there and all that was open. At the counter the shopper's screens come back; a second screen goes on
// showing who waits.
func (s State) lock() (State, []Effect) {
	s = s.leave(help{})
	effects := []Effect{Silence{}}
	if s.in && len(s.names) > 0 {
		effects = append(effects, LockHouse{})
		s.in, s.who = false, ""
	}
	s.gone = s.terms.Counter
	return s, effects
}

// leave goes to another place; what is under way for the old one no longer matters.
func (s State) leave(to place) State {
	s.serial++
	s.busy = false
	s.at = to
	return s.quiet()
}

func (s State) say(w words, failed bool) State {
	s.note, s.failed, s.noteEnd = w, failed, s.now.Add(noteStays)
	return s
}

func (s State) quiet() State {
	s.note, s.failed, s.noteEnd = words{}, false, time.Time{}
	return s
}

// ask performs effects for the present place; the screen says that it is busy until they are done.
func (s State) ask(effects ...Effect) (State, []Effect) {
	s.busy = true
	return s.quiet(), effects
}

// changed takes the kiosk's situation, and rings once for a new call and once for one that nobody has taken for too long.
func (s State) changed(now kiosk.Situation) (State, []Effect) {
	s.situation = now
	rung := map[string]bool{}
	var effects []Effect
	for _, c := range now.Calls {
		late, known := s.rung[c.ID]
		if !c.Coming() && (!known || c.Late && !late) {
			effects = []Effect{Chime{}}
		}
		rung[c.ID] = late || c.Late
	}
	if !maps.Equal(rung, s.rung) {
		s.rung = rung
	}
	return s, effects
}

func (s State) touch(e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.ChooseLanguage:
		if e.Language == staff.Japanese || e.Language == staff.English {
			s.language = e.Language
		}
		return s, nil
	case staff.ToggleBigText:
		s.bigText = !s.bigText
		return s, nil
	case staff.ToggleContrast:
		s.contrast = !s.contrast
		return s, nil
	case staff.LockNow:
		if !s.in {
			return s, nil
		}
		if len(s.names) == 0 && !s.terms.Counter {
			return s.say(saidNoStaff, false), nil
		}
		return s.lock()
	case staff.Unlock:
		if s.in {
			return s, nil
		}
		return s.leave(pad{}), []Effect{AskStaff{}}
	case staff.GoTo:
		return s.goTo(e.Tab)
	case staff.Leave:
		if _, ok := s.at.(pad); ok && s.terms.Counter {
			return s.lock()
		}
		return s, nil
	}
	if !s.in {
		return s.touchLocked(e)
	}
	if s.busy {
		// A second touch of the same button must not do the thing twice.
		switch e.(type) {
		case staff.ShowFrom, staff.StopSound, staff.Return, staff.Typed:
		default:
			return s, nil
		}
	}
	switch at := s.at.(type) {
	case help:
		return s.touchHelp(at, e)
	case today:
		if e, ok := e.(staff.ShowFrom); ok {
			at.from = e.From
			s.at = at
		}
		return s, nil
	case unanswered:
		return s.touchUnanswered(at, e)
	case answering:
		return s.touchAnswering(at, e)
	case conversations:
		return s.touchConversations(at, e)
	case reason:
		return s.touchReason(at, e)
	case transcript:
		return s.touchTranscript(at, e)
	case settings:
		return s.touchSettings(at, e)
	case typing:
		return s.touchTyping(at, e)
	}
	return s, nil
}

// goTo opens a main screen, or asks for the PIN first. Who waits is shown without one where no shopper stands.
func (s State) goTo(t staff.Tab) (State, []Effect) {
	if !s.in && !(t == staff.HelpTab && !s.terms.Counter) {
		if _, ok := s.at.(pad); ok && s.terms.Counter {
			return s, nil
		}
		return s.leave(pad{want: t}), []Effect{AskStaff{}}
	}
	effects := []Effect{Silence{}}
	switch t {
	case staff.HelpTab:
		return s.leave(help{}), effects
	case staff.TodayTab:
		s = s.leave(today{})
		effects = append(effects, Count{})
	case staff.UnansweredTab:
		s = s.leave(unanswered{})
		effects = append(effects, FindGaps{})
	case staff.ConversationsTab:
		s = s.leave(conversations{})
		effects = append(effects, List{kiosk.Filter{Most: mostConversations}})
	case staff.SettingsTab:
		return s.leave(settings{}), effects
	default:
		return s, nil
	}
	s.busy = true
	return s, effects
}

// done takes the end of an effect. One that was begun for a place that was left is not heard any more.
func (s State) done(e Done) (State, []Effect) {
	switch effect := e.Effect.(type) {
	case AskStaff:
		return s.accounts(e)
	case TakeCall, HandleCall:
		return s.called(effect, e)
	}
	if e.Serial != s.serial {
		if _, pin := e.Effect.(TryPIN); pin && e.Err == nil && !s.in {
			return s, []Effect{LockHouse{}} // nobody waits for what this PIN opens
		}
		return s, nil
	}
	if _, pin := e.Effect.(TryPIN); pin {
		return s.entered(e)
	}
	s.busy = false
	if errors.Is(e.Err, control.ErrPINNeeded) {
		s, effects := s.lock()
		if !s.gone {
			s.at = pad{}
			effects = append(effects, AskStaff{})
		}
		return s.say(trouble(e.Err), true), effects
	}
	switch e.Effect.(type) {
	case Speak, PlayClip:
		// Where nothing can be played the readings are what there is to judge by.
		s = s.silent(e.Err == nil || errors.Is(e.Err, ErrNoPlayer))
	}
	if e.Err != nil {
		return s.say(trouble(e.Err), true), nil
	}
	switch result := e.Result.(type) {
	case Days:
		if at, ok := s.at.(today); ok {
			at.days = result.Days
			s.at = at
		}
	case Gaps:
		if at, ok := s.at.(unanswered); ok {
			at.gaps = result.Gaps
			s.at = at
		}
	case Listed:
		if at, ok := s.at.(conversations); ok {
			at.list = result.List
			s.at = at
		}
	case Opened:
		if at, ok := s.at.(reason); ok {
			s.at = transcript{asked: at, saved: result.Saved}
		}
	case Set:
		s.situation.Settings = result.Settings
		s = s.say(saidSet, false)
	default:
		return s.wrote(e)
	}
	return s, nil
}
