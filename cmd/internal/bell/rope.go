package bell

import (
	"io"
	"sync"
)

// Rope is the kiosk's end of the pipe.
type Rope struct {
	names Names
	pulls chan Message
	once  sync.Once
	done  chan struct{}
}

// mostPulls wait at most; a call that finds no room is lost, and the screens of the staff have it.
const mostPulls = 16

// NewRope returns the rope whose messages go to w, which is closed with it.
func NewRope(w io.WriteCloser, names Names) *Rope {
	r := &Rope{names: names, pulls: make(chan Message, mostPulls), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		defer w.Close()
		for m := range r.pulls {
			if _, err := w.Write(m.encode()); err != nil {
				// The launcher is gone, and will end the kiosk.
				return
			}
		}
	}()
	return r
}

// Pull sends a message. It never waits. A topic that is not in the settings' list is none.
func (r *Rope) Pull(kind Kind, topic string) {
	if kindNames[kind] == "" {
		return
	}
	select {
	case r.pulls <- Message{kind, uint16(r.names.Kiosk), r.names.number(topic)}:
	default:
	}
}

// Close sends what was pulled. Nothing may be pulled any more.
func (r *Rope) Close() {
	r.once.Do(func() { close(r.pulls) })
	<-r.done
}
