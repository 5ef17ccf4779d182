package uplink

import (
	"context"

	"tenin/llm/redact"
)

// Message is an encoded redact.Summary that waits to be sent.
type Message struct {
	ID      [16]byte // the summary's own id
	Payload []byte   // what Summary.Encode wrote
}

// Outbox is where summaries wait until the hub has them. A Sender calls it from
// one goroutine.
type Outbox interface {
	// Pending returns at most n messages that wait, in any order. A message is
	// returned again by the next call unless it was acknowledged.
	Pending(ctx context.Context, n int) ([]Message, error)
	// Ack removes a message; it does nothing if there is none.
	Ack(ctx context.Context, id [16]byte) error
}

// check decodes a message and so checks it against the closed schema.
func check(m Message, known *redact.IDSet) (redact.Summary, error) {
	s, err := redact.Decode(m.Payload, known)
	if err != nil {
		return redact.Summary{}, err
	}
	if s.ID() != m.ID {
		return redact.Summary{}, redact.ErrSummary
	}
	return s, nil
}
