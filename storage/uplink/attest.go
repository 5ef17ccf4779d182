package uplink

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Attestor is a machine's TPM as Join sees it; package seal's is one.
type Attestor interface {
	// Identity returns what the hub needs to make a challenge for this TPM.
	Identity() ([]byte, error)
	// Answer returns what answers it, bound to the device's public NKey.
	Answer(challenge []byte, key string) ([]byte, error)
}

// Binding is what a hub makes of a device's TPM.
type Binding byte

// The bindings.
const (
	BindingNone     Binding = 0
	BindingFirstUse Binding = 'f' // the TPM was seen first, and nobody vouches for it
	BindingEndorsed Binding = 'e' // its maker's certificate was verified
)

// String says it as people read it.
func (b Binding) String() string {
	switch b {
	case BindingFirstUse:
		return "TPM bound (first use)"
	case BindingEndorsed:
		return "TPM bound (endorsement verified)"
	}
	return "not bound"
}

// AttestKind is the first byte of a message on a device's AttestSubject or of the
// hub's answer; what follows it is the TPM's and is understood by neither side here.
type AttestKind byte

// The kinds.
const (
	AttestIdentity  AttestKind = 'i' // device: who its TPM is
	AttestChallenge AttestKind = 'c' // hub: to be answered
	AttestAnswer    AttestKind = 'a' // device: its answer
	AttestBound     AttestKind = 'b' // hub: bound; a Binding follows
	AttestQuote     AttestKind = 'q' // device: a fresh quote over the Reply's nonce
	AttestKept      AttestKind = 'k' // hub: the quote is believed
	AttestNo        AttestKind = 'n' // hub: not believed or not asked for; why follows
)

// attestTimeout bounds one question: a hub verifies a certificate and syncs a file.
const attestTimeout = 30 * time.Second

// attest binds the device to its TPM over a connection that has just used a code.
func attest(ctx context.Context, nc *nats.Conn, key string, identity []byte, a Attestor) (Binding, error) {
	challenge, err := askAttest(ctx, nc, key, AttestIdentity, identity, AttestChallenge)
	if err != nil {
		return BindingNone, err
	}
	answer, err := a.Answer(challenge, key)
	if err != nil {
		return BindingNone, fmt.Errorf("this machine cannot answer the hub's challenge: %w", err)
	}
	bound, err := askAttest(ctx, nc, key, AttestAnswer, answer, AttestBound)
	if err != nil {
		return BindingNone, err
	}
	if len(bound) != 1 || bound[0] != byte(BindingFirstUse) && bound[0] != byte(BindingEndorsed) {
		return BindingNone, errors.New("its answer is not understood")
	}
	return Binding(bound[0]), nil
}

// askAttest sends one message and returns what follows the kind of the answer that is
// wanted. The error wraps ErrRefused when the hub says no.
func askAttest(ctx context.Context, nc *nats.Conn, key string, kind AttestKind, payload []byte, want AttestKind) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, attestTimeout)
	defer cancel()
	reply, err := request(ctx, nc, AttestSubject(key), append([]byte{byte(kind)}, payload...))
	if err != nil {
		return nil, err
	}
	if len(reply) == 0 {
		return nil, errors.New("its answer is not understood")
	}
	switch AttestKind(reply[0]) {
	case want:
		return reply[1:], nil
	case AttestNo:
		return nil, fmt.Errorf("%w: %s", ErrRefused, Printable(string(reply[1:]), 200))
	}
	return nil, errors.New("its answer is not understood")
}

// request asks the hub, which may be just starting.
func request(ctx context.Context, nc *nats.Conn, subject string, payload []byte) ([]byte, error) {
	for {
		reply, err := nc.RequestWithContext(ctx, subject, payload)
		switch {
		case err == nil:
			return reply.Data, nil
		case !errors.Is(err, nats.ErrNoResponders):
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Printable returns at most n bytes of text with every other character than ASCII's
// printable ones as a question mark, for a line that somebody else wrote.
func Printable(text string, n int) string {
	text = text[:min(len(text), n)]
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}
