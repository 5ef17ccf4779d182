package kiosk

// Word names a state for those who watch the kiosk from outside: what it does, and nothing of whom it serves.
func Word(s State) string {
	switch s.(type) {
	case Attract:
		return "attract"
	case Consenting:
		return "consent"
	case Listening:
		return "listening"
	case Thinking:
		return "thinking"
	case Answering:
		return "answering"
	case Clarifying:
		return "clarifying"
	case Apologising:
		return "apologising"
	case Confirming:
		return "confirming"
	case Ready:
		return "ready"
	case StaffCalled:
		return "staff called"
	case MessageTaken:
		return "message taken"
	case Ending:
		return "ending"
	case Resetting:
		return "resetting"
	case Gone:
		return "gone"
	}
	return "unknown"
}

// String names the trouble for a log.
func (t Trouble) String() string {
	switch t {
	case TroubleDevice:
		return "the microphone does not work"
	case TroubleEngine:
		return "an engine was lost"
	case TroubleTurn:
		return "a turn failed"
	case TroubleKeep:
		return "a visit cannot be kept"
	case TroubleMessage:
		return "a message needs a visit that is kept"
	case TroubleReset:
		return "the engines could not be made anew"
	case TroubleSession:
		return "a session was not closed well"
	case TroubleAhead:
		return "approved answers could not be spoken ahead"
	}
	return "trouble"
}
