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
