package x11

import (
	"errors"
	"fmt"
)

// Kinds of events, as XTEST is given them.
const (
	keyPress      = 2
	keyRelease    = 3
	buttonPress   = 4
	buttonRelease = 5
	motion        = 6
)

// Finger touches a display through the XTEST extension, as a touch screen does through the server: as a pointer with one
// button.
type Finger struct {
	conn   *Conn
	opcode byte
}

// NewFinger fails on a server without the extension, as a kiosk's ought to be.
func NewFinger(c *Conn) (*Finger, error) {
	opcode, ok, err := c.Extension("XTEST")
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errors.New("the X server has no XTEST")
	}
	return &Finger{c, opcode}, nil
}

// fake is XTestFakeInput.
func (f *Finger) fake(kind, detail byte, x, y int) error {
	const fakeInput = 2
	b := make([]byte, 32)
	b[0], b[1] = kind, detail
	le.PutUint32(b[8:], f.conn.root)
	le.PutUint16(b[20:], uint16(int16(x)))
	le.PutUint16(b[22:], uint16(int16(y)))
	return f.conn.tell(f.opcode, fakeInput, b)
}

// Down puts the finger on a place, in dots from the upper left corner.
func (f *Finger) Down(x, y int) error { return errors.Join(f.Move(x, y), f.fake(buttonPress, 1, 0, 0)) }

// Move moves the finger, or what is not on the glass.
func (f *Finger) Move(x, y int) error { return f.fake(motion, 0, x, y) }

// Up lifts the finger.
func (f *Finger) Up() error { return f.fake(buttonRelease, 1, 0, 0) }

// Tap puts the finger on a place and lifts it.
func (f *Finger) Tap(x, y int) error { return errors.Join(f.Down(x, y), f.Up(), f.conn.Sync()) }

// Button presses and releases a button of a mouse: 1 left, 2 middle, 3 right, 4 and 5 the wheel.
func (f *Finger) Button(n byte) error {
	return errors.Join(f.fake(buttonPress, n, 0, 0), f.fake(buttonRelease, n, 0, 0), f.conn.Sync())
}

// Codes are the lowest and the highest key that the server's keyboard has.
func (c *Conn) Codes() (low, high byte) { return c.minCode, c.maxCode }

// Chord presses the keys with these codes in order and releases them in the opposite one.
func (f *Finger) Chord(codes ...byte) error {
	var failed []error
	for _, code := range codes {
		if code < f.conn.minCode || code > f.conn.maxCode {
			return fmt.Errorf("the keyboard has no key with code %d", code)
		}
		failed = append(failed, f.fake(keyPress, code, 0, 0))
	}
	for i := len(codes) - 1; i >= 0; i-- {
		failed = append(failed, f.fake(keyRelease, codes[i], 0, 0))
	}
	return errors.Join(append(failed, f.conn.Sync())...)
}

// Keys returns the key code of each symbol that the keyboard has (X11/keysymdef.h), in whichever column.
func (c *Conn) Keys() (map[uint32]byte, error) {
	const getKeyboardMapping = 101
	count := int(c.maxCode) - int(c.minCode) + 1
	b, err := c.ask(getKeyboardMapping, 0, []byte{c.minCode, byte(count), 0, 0})
	if err != nil {
		return nil, err
	}
	width := int(b[1])
	if len(b) < 32+4*width*count {
		return nil, errReply
	}
	keys := map[uint32]byte{}
	for i := range count {
		for j := range width {
			symbol := le.Uint32(b[32+4*(i*width+j):])
			if _, known := keys[symbol]; symbol != 0 && !known {
				keys[symbol] = c.minCode + byte(i)
			}
		}
	}
	return keys, nil
}
