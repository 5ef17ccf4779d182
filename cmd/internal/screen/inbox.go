package screen

import (
	"context"
	"net"
	"sync"

	"tenin/cmd/internal/worker/sandbox"
)

// inbox is the window's side of the socket. It keeps the newest picture only.
type inbox struct {
	conn net.Conn
	out  chan report

	mu      sync.Mutex
	number  uint64
	picture *Picture
	look    uint64
}

func newInbox(conn net.Conn) *inbox { return &inbox{conn: conn, out: make(chan report, 64)} }

// take is the newest picture and question since the last call; 0: none.
func (b *inbox) take() (number uint64, p *Picture, look uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	number, p, look = b.number, b.picture, b.look
	b.number, b.picture, b.look = 0, nil, 0
	return number, p, look
}

// read takes one order in.
func (b *inbox) read() error {
	var o order
	if err := readFrame(b.conn, &o, longestPicture); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if o.Picture != nil {
		b.number, b.picture = o.Number, o.Picture
	}
	if o.Look != 0 {
		b.look = o.Look
	}
	if o.Probe != nil {
		go func() { b.say(report{Probed: sandbox.RunProbes(context.Background(), *o.Probe)}) }()
	}
	return nil
}

// say has a report written. A touch that finds no room is dropped: the kiosk does not read.
func (b *inbox) say(r report) {
	select {
	case b.out <- r:
	default:
	}
}

// write sends what is said until the socket is closed.
func (b *inbox) write() {
	for r := range b.out {
		if writeFrame(b.conn, r, longestReport) != nil {
			return
		}
	}
}
