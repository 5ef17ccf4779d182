package counter

import (
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// aim is what a shopper wants that the machine cannot always do at once.
type aim uint8

const (
	none       aim = iota
	toStop         // no turn is open
	toSpeak        // the microphone is open
	toType         // the keyboard
	toAsk          // a question in words
	toCall         // staff
	toDictate      // a message by voice, or by keys where the voice may not be kept
	toWrite        // a message by keys
	toHandOver     // a message in words
	toReceipt      // the code for erasing
	toHome         // the first screen
)

// goal is an aim, with the words of toAsk and toHandOver.
type goal struct {
	aim   aim
	words string
}

// pursue returns what is to be sent for the goal where the machine is, and what the screen is then. Each state is asked once:
// the next one is shown.
func pursue(s state) (state, []effect) {
	if s.goal.aim == none || s.asked != nil && kiosk.Alike(s.asked, s.at) {
		return s, nil
	}
	events, s := towards(s)
	if len(events) == 0 {
		return s, nil
	}
	s.asked = s.at
	return s, []effect{send{s.at, events}}
}

// towards is the next step to the goal: events, or a screen.
func towards(s state) ([]kiosk.Event, state) {
	reached := func(s state) ([]kiosk.Event, state) {
		s.goal = goal{}
		return nil, s
	}
	switch at := s.at.(type) {
	case kiosk.Ending:
		if s.goal.aim == toHome && at.Then < kiosk.ThenHome {
			return []kiosk.Event{kiosk.NextShopper{}}, s
		}
		return nil, s // the vault answers soon
	case kiosk.Attract:
		switch s.goal.aim {
		case toCall:
			// A visit without a word and without a microphone, of which nothing is kept.
			return []kiosk.Event{kiosk.Brought{Via: storage.Text}, kiosk.CallStaff{}}, s
		case toType, toWrite:
			// Chosen at the notice. The machine has begun this visit already, unless it had left the notice before.
			if s.again {
				return []kiosk.Event{kiosk.Brought{Via: storage.Text, Source: storage.FromText()}}, s
			}
		}
		return reached(s)
	case kiosk.Consenting:
		switch s.goal.aim {
		case toHome:
			return []kiosk.Event{kiosk.NextShopper{}}, s
		case toCall:
			s.again = true
			return []kiosk.Event{kiosk.NextShopper{}, kiosk.Brought{Via: storage.Text}, kiosk.CallStaff{}}, s
		case toType, toWrite:
			s.again = true
			return []kiosk.Event{kiosk.NextShopper{}, kiosk.Brought{Via: storage.Text, Source: storage.FromText()}}, s
		}
		return reached(s) // the notice is answered first
	case kiosk.Resetting, kiosk.Gone, nil:
		return reached(s)
	}
	if s.goal.aim == toHome {
		return []kiosk.Event{kiosk.NextShopper{}}, s
	}
	source, idle := between(s.at)
	if !idle {
		return interrupting(s), s
	}
	switch s.goal.aim {
	case toSpeak:
		switch {
		case s.outside.MicrophoneOff:
			s.over, s.trouble = nothing, shopper.Muted
			return reached(s)
		case source == "" || source == storage.Microphone:
			return []kiosk.Event{kiosk.Touch{}}, s
		}
		return afresh(s)
	case toType:
		s = s.keyboard(false)
	case toAsk:
		return []kiosk.Event{kiosk.Typed{Text: kiosk.Words(s.goal.words)}}, s
	case toHandOver:
		return []kiosk.Event{kiosk.Typed{Text: kiosk.Words(s.goal.words), Message: true}}, s
	case toCall:
		if _, there := s.at.(kiosk.StaffCalled); !there {
			return []kiosk.Event{kiosk.CallStaff{}}, s
		}
	case toDictate, toWrite:
		switch {
		case source == "":
			s.dictates = true
			return afresh(s)
		case source == storage.Microphone && s.goal.aim == toDictate && !s.outside.MicrophoneOff:
			return []kiosk.Event{kiosk.TakeMessage{}}, s
		}
		s = s.keyboard(true)
	case toReceipt:
		if s.session == "" {
			s.goal = goal{aim: toHome}
			return []kiosk.Event{kiosk.NextShopper{}}, s
		}
		s.over, s.trouble = receipt, shopper.None
	}
	return reached(s)
}

// afresh ends the visit and begins one of the same shopper's with the notice: what they said yes to does not cover what they
// want now.
func afresh(s state) ([]kiosk.Event, state) {
	s.again, s.goal = true, goal{}
	return []kiosk.Event{kiosk.NextShopper{}, kiosk.Touch{}}, s
}

// interrupting ends the turn that is open. Where the machine goes on to the goal by itself, it is told so.
func interrupting(s state) []kiosk.Event {
	switch s.at.(type) {
	case kiosk.Listening, kiosk.Thinking:
		return []kiosk.Event{kiosk.GiveUp{}}
	case kiosk.Confirming:
		return []kiosk.Event{kiosk.Rejected{}}
	case kiosk.Answering, kiosk.Clarifying, kiosk.Apologising:
		switch {
		case s.goal.aim == toCall:
			return []kiosk.Event{kiosk.CallStaff{}}
		case s.goal.aim == toSpeak && !s.outside.MicrophoneOff:
			return []kiosk.Event{kiosk.BargeIn{}}
		}
		return []kiosk.Event{kiosk.Touch{}}
	}
	return nil
}

// arrived says whether the state that was just entered is what the goal was.
func arrived(s state) bool {
	_, ready := between(s.asked)
	switch at := s.at.(type) {
	case kiosk.Listening:
		return s.goal.aim == toSpeak && !at.Message || s.goal.aim == toDictate && at.Message
	case kiosk.Thinking:
		// Another question may have come to its end before it could be given up.
		return s.goal.aim == toAsk && ready
	case kiosk.Confirming:
		return s.goal.aim == toHandOver && ready
	case kiosk.Resetting, kiosk.Gone:
		return true
	}
	return false
}

// keyboard is the screen with an empty keyboard.
func (s state) keyboard(message bool) state {
	s.over, s.message, s.trouble, s.board = typing, message, shopper.None, keyboard.State{}
	if s.language == shopper.English {
		s.board.Layout = keyboard.Latin
	}
	return s
}
