package office

import (
	"errors"
	"slices"
	"unicode/utf8"

	"tenin/storage"
	"tenin/ui/staff"
)

// touchLocked takes what may be touched without a PIN.
func (s State) touchLocked(e staff.Event) (State, []Effect) {
	if at, ok := s.at.(help); ok && !s.terms.Counter {
		return s.touchHelp(at, e)
	}
	at, ok := s.at.(pad)
	if !ok || s.busy {
		return s, nil
	}
	waits := s.now.Before(at.until)
	switch e := e.(type) {
	case staff.ChooseName:
		if e.Name != "" && !slices.Contains(s.names, e.Name) {
			return s, nil
		}
		at.name, at.pin, at.wrong, at.until = e.Name, "", false, s.now
	case staff.ShowFrom:
		at.from = e.From
	case staff.TurnKeys:
		at.keys = (at.keys + 1) % (staff.CapitalKeys + 1)
	case staff.PINKey:
		if waits || utf8.RuneCountInString(e.Key) != 1 || len(at.pin)+len(e.Key) > storage.MaxPIN {
			return s, nil
		}
		at.pin, at.wrong = at.pin+e.Key, false
	case staff.ErasePIN:
		_, size := utf8.DecodeLastRuneInString(at.pin)
		at.pin = at.pin[:len(at.pin)-size]
	case staff.EnterPIN:
		if waits || at.pin == "" || len(s.names) > 1 && at.name == "" {
			return s, nil
		}
		pin := at.pin
		at.pin = ""
		s.at, s.busy = at, true
		return s, []Effect{TryPIN{at.name, pin}}
	default:
		return s, nil
	}
	s.at = at
	return s, nil
}

// accounts takes the names. Without any, nobody needs a PIN.
func (s State) accounts(e Done) (State, []Effect) {
	if e.Err != nil {
		return s.say(trouble(e.Err), true), nil
	}
	result, ok := e.Result.(Accounts)
	if !ok {
		return s, nil
	}
	first := !s.known
	s.names, s.known = result.Names, true
	at, isPad := s.at.(pad)
	switch {
	case len(s.names) == 0 && !s.in:
		s.in = true
		if isPad {
			return s.goTo(at.want)
		}
	case first && isPad && !s.terms.Counter && !s.in:
		// A second screen begins with who waits.
		s.at = help{}
	}
	return s, nil
}

// entered takes the answer to a PIN.
func (s State) entered(e Done) (State, []Effect) {
	s.busy = false
	at, ok := s.at.(pad)
	if !ok {
		return s, nil
	}
	switch {
	case errors.Is(e.Err, storage.ErrPINLocked):
		at.until = s.now.Add(storage.PINWait(e.Err))
		at.wrong = false
	case errors.Is(e.Err, storage.ErrWrongPIN):
		at.wrong = true
	case e.Err != nil:
		return s.say(trouble(e.Err), true), nil
	default:
		s.in, s.who, s.touched = true, "", s.now
		m, _ := e.Result.(Member)
		s.who = m.Name
		if s.terms.Counter && s.terms.SetUp && m.Role == storage.RoleTechnician {
			s, effects := s.lock()
			s.setUp = true
			return s, effects
		}
		return s.goTo(at.want)
	}
	s.at = at
	return s, nil
}

// touchHelp takes or handles a call. Nothing waits for it: the next call can be touched at once.
func (s State) touchHelp(at help, e staff.Event) (State, []Effect) {
	switch e := e.(type) {
	case staff.ShowFrom:
		at.from = e.From
		s.at = at
	case staff.Take:
		if c, ok := s.call(e.Call); ok && !c.Coming() {
			return s, []Effect{TakeCall{c.ID}}
		}
	case staff.Handled:
		if c, ok := s.call(e.Call); ok {
			return s, []Effect{HandleCall{c.ID}}
		}
	}
	return s, nil
}

func (s State) called(effect Effect, e Done) (State, []Effect) {
	said := saidHandled
	if _, ok := effect.(TakeCall); ok {
		said = saidTaken
	}
	if e.Err != nil {
		return s.say(trouble(e.Err), true), nil
	}
	return s.say(said, false), nil
}
