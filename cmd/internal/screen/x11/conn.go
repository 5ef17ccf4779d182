package x11

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"tenin/cmd/internal/slack"
)

// ErrNone says that no server answers, ErrRefused that one does not let this program in.
var (
	ErrNone    = errors.New("no X server answers")
	ErrRefused = errors.New("the X server refuses this program")
)

// patience is how long an answer may take. A server that is asked answers at once; one that is stopped, or that is still looking
// for its screens, does not.
var patience = slack.Times(10 * time.Second)

// Info is what a server says of itself and its first screen.
type Info struct {
	Vendor        string
	Width, Height int // dots
	// WidthMM and HeightMM are the screen's size in millimetres, as the server believes. Xvfb and many panels make it up.
	WidthMM, HeightMM int
	Depth             int
}

// Conn is a connection. Its methods may be called from any goroutine.
type Conn struct {
	mu       sync.Mutex
	conn     net.Conn
	sequence uint16

	info             Info
	root             uint32
	idBase, idMask   uint32
	minCode, maxCode byte
}

// Dial connects to the server whose socket is at path, with a cookie that may be nil. The error wraps ErrNone or
// ErrRefused.
func Dial(path string, cookie []byte) (*Conn, error) {
	conn, err := net.DialTimeout("unix", path, patience)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNone, err)
	}
	c := &Conn{conn: conn}
	if err := c.begin(cookie); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.conn.Close() }

// Info is what the server said at the beginning.
func (c *Conn) Info() Info { return c.info }

var le = binary.LittleEndian

func pad(n int) int { return (4 - n%4) % 4 }

// begin is the connection's set-up (protocol, section 8).
func (c *Conn) begin(cookie []byte) error {
	name := ""
	if len(cookie) > 0 {
		name = method
	}
	b := []byte{'l', 0, 11, 0, 0, 0}
	b = le.AppendUint16(b, uint16(len(name)))
	b = le.AppendUint16(b, uint16(len(cookie)))
	b = append(b, 0, 0)
	b = append(b, name...)
	b = append(b, make([]byte, pad(len(name)))...)
	b = append(b, cookie...)
	b = append(b, make([]byte, pad(len(cookie)))...)
	c.conn.SetDeadline(time.Now().Add(patience))
	if _, err := c.conn.Write(b); err != nil {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	head := make([]byte, 8)
	if _, err := io.ReadFull(c.conn, head); errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrNone, err)
	} else if err != nil {
		// A server that has no room for another client closes without a word.
		return fmt.Errorf("%w: it closes the connection", ErrRefused)
	}
	body := make([]byte, 4*int(le.Uint16(head[6:])))
	if _, err := io.ReadFull(c.conn, body); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if head[0] != 1 {
		reason := body[:min(int(head[1]), len(body))]
		return fmt.Errorf("%w: %q", ErrRefused, reason)
	}
	return c.setUp(body)
}

var errReply = errors.New("the X server's answer is not understood")

// setUp reads the body of a set-up that succeeded.
func (c *Conn) setUp(b []byte) error {
	if len(b) < 32 {
		return errReply
	}
	c.idBase, c.idMask = le.Uint32(b[4:]), le.Uint32(b[8:])
	vendor, formats := int(le.Uint16(b[16:])), int(b[21])
	c.minCode, c.maxCode = b[26], b[27]
	screen := 32 + vendor + pad(vendor) + 8*formats
	if len(b) < screen+40 || b[20] == 0 {
		return errReply
	}
	c.info.Vendor = string(b[32 : 32+vendor])
	b = b[screen:]
	c.root = le.Uint32(b)
	c.info.Width, c.info.Height = int(le.Uint16(b[20:])), int(le.Uint16(b[22:]))
	c.info.WidthMM, c.info.HeightMM = int(le.Uint16(b[24:])), int(le.Uint16(b[26:]))
	c.info.Depth = int(b[38])
	return nil
}

// longestReply bounds an answer: the picture of a large display.
const longestReply = 256 << 20

// send writes one request: its first two bytes, and the rest, padded here.
func (c *Conn) send(opcode, data byte, rest []byte) error {
	rest = append(rest, make([]byte, pad(len(rest)))...)
	b := append([]byte{opcode, data}, 0, 0)
	le.PutUint16(b[2:], uint16(1+len(rest)/4))
	c.sequence++
	c.conn.SetDeadline(time.Now().Add(patience))
	_, err := c.conn.Write(append(b, rest...))
	return err
}

// ask sends a request and returns its answer from the first byte on. Events and errors of earlier requests are passed over.
func (c *Conn) ask(opcode, data byte, rest []byte) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.send(opcode, data, rest); err != nil {
		return nil, err
	}
	for {
		b := make([]byte, 32)
		if _, err := io.ReadFull(c.conn, b); err != nil {
			return nil, err
		}
		if b[0] == 1 {
			n := 4 * uint64(le.Uint32(b[4:]))
			if n > longestReply {
				return nil, errReply
			}
			b = append(b, make([]byte, n)...)
			if _, err := io.ReadFull(c.conn, b[32:]); err != nil {
				return nil, err
			}
		}
		mine := le.Uint16(b[2:]) == c.sequence
		switch {
		case b[0] == 0 && mine:
			return nil, fmt.Errorf("the X server answers with error %d to request %d", b[1], opcode)
		case b[0] == 1 && mine:
			return b, nil
		}
	}
}

// tell sends a request without an answer.
func (c *Conn) tell(opcode, data byte, rest []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.send(opcode, data, rest)
}

// Sync waits until the server has done what it was told.
func (c *Conn) Sync() error {
	const getInputFocus = 43
	_, err := c.ask(getInputFocus, 0, nil)
	return err
}

// Extension returns an extension's opcode; false when the server has none of the name.
func (c *Conn) Extension(name string) (opcode byte, ok bool, err error) {
	const queryExtension = 98
	rest := le.AppendUint16(nil, uint16(len(name)))
	b, err := c.ask(queryExtension, 0, append(append(rest, 0, 0), name...))
	if err != nil {
		return 0, false, err
	}
	return b[9], b[8] != 0, nil
}
