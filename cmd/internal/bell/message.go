package bell

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Kind is what a message says.
type Kind uint8

// The kinds.
const (
	Called  Kind = iota + 1 // a shopper asks for staff
	Late                    // and nobody is on the way for too long
	Handled                 // somebody has been there
)

var kindNames = map[Kind]string{Called: "called", Late: "late", Handled: "handled"}

// String is the kind's word in the message that is sent.
func (k Kind) String() string { return kindNames[k] }

// Message is all that can be said.
type Message struct {
	Kind  Kind
	Kiosk uint16 // number of the kiosk in the shop
	Topic uint8  // number in the list of the settings, from 1; 0: another, or none
}

// frameSize is the length of a message in the pipe: 'T', 'B', kind, topic, u16 kiosk (big-endian).
const frameSize = 6

func (m Message) encode() []byte {
	return binary.BigEndian.AppendUint16([]byte{'T', 'B', byte(m.Kind), m.Topic}, m.Kiosk)
}

// errFrame means that what came is no message: the pipe is not to be read any further.
var errFrame = errors.New("what came through the pipe is no call of staff")

func decode(b []byte) (m Message, err error) {
	if len(b) != frameSize || b[0] != 'T' || b[1] != 'B' {
		return m, errFrame
	}
	m = Message{Kind(b[2]), binary.BigEndian.Uint16(b[4:]), b[3]}
	if kindNames[m.Kind] == "" {
		return Message{}, errFrame
	}
	return m, nil
}

// Names are what the numbers of a message stand for, by the settings of whoever reads it.
type Names struct {
	Kiosk  int
	Topics []string
}

// check refuses a message that the settings do not know.
func (n Names) check(m Message) error {
	if int(m.Kiosk) != n.Kiosk || int(m.Topic) > len(n.Topics) {
		return fmt.Errorf("a call names what the settings do not: start the kiosk anew after a change of tenin.toml")
	}
	return nil
}

// number returns the topic's number, 0 for one that is not in the list.
func (n Names) number(topic string) uint8 {
	return uint8(slices.Index(n.Topics, topic) + 1)
}

// topic returns the name of a topic; "" for none.
func (n Names) topic(number uint8) string {
	if number == 0 || int(number) > len(n.Topics) {
		return ""
	}
	return n.Topics[number-1]
}
