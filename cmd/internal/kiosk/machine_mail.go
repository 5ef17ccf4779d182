package kiosk

import "sync"

// A letter is an event with what it brings beside it. deliver, if not nil, is called before Next unless the event is late
// for its turn; a letter without an event is delivered always.
type letter struct {
	event   Event
	deliver func()
	// aside says that it has nothing to do with whoever is served: they are not taken to be there because of it.
	aside bool
}

// A mailbox keeps letters in order. Posting never waits: whoever posts may be called by whoever reads.
type mailbox struct {
	mu      sync.Mutex
	letters []letter
	some    chan struct{} // has a token while there may be letters
}

func newMailbox() *mailbox { return &mailbox{some: make(chan struct{}, 1)} }

func (m *mailbox) post(l letter) {
	m.mu.Lock()
	m.letters = append(m.letters, l)
	m.mu.Unlock()
	select {
	case m.some <- struct{}{}:
	default:
	}
}

// take returns the oldest letter, if there is one.
func (m *mailbox) take() (letter, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.letters) == 0 {
		return letter{}, false
	}
	l := m.letters[0]
	m.letters[0] = letter{}
	m.letters = m.letters[1:]
	return l, true
}
