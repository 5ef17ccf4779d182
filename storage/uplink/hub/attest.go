package hub

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"tenin/storage/uplink"
)

// Attestation judges what a device's TPM is said to have said.
type Attestation interface {
	// NewChallenge returns a challenge for the TPM of this identity. roots are DER
	// certificates of makers; with none the maker's is not looked at.
	NewChallenge(identity []byte, roots [][]byte) (Challenge, error)
	// CheckQuote returns the PCRs that the TPM with these keys quoted over nonce and
	// the device's public NKey.
	CheckQuote(keys, nonce, quote []byte, key string) (Measured, error)
}

// Challenge is what one TPM alone can answer.
type Challenge struct {
	Public      []byte   // goes to the device
	Nonce       []byte   // stays here; the answer quotes over it
	Keys        []byte   // for Attestation.CheckQuote, now and later
	Endorsement [32]byte // SHA-256 of the endorsement key
	Verified    bool     // a maker vouches for it
	Name        []byte   // of the attestation key
}

// Measured is how a machine was started.
type Measured struct {
	PCR7, PCR11 [32]byte
}

const (
	// A quote is asked for when the last is this old.
	quoteEvery = 20 * time.Hour
	// Nonces are for one device, one answer and this long.
	nonceFor = 10 * time.Minute
	// attestEvery bounds what one device may have the hub compute.
	attestEvery = 5 * time.Second
	attestBurst = 6
	rootsFolder = "roots"
)

// attester speaks with devices about their TPMs.
type attester struct {
	h     *Hub
	reply func(subject string, b []byte)

	mu     sync.Mutex
	open   map[string]opened // by a device's key
	nonces map[string]nonce  // of quotes, likewise
	limits map[string]*rate.Limiter
}

type opened struct {
	Challenge
	until time.Time
}

type nonce struct {
	b     []byte
	until time.Time
}

func newAttester(h *Hub, reply func(string, []byte)) *attester {
	return &attester{h: h, reply: reply, open: map[string]opened{}, nonces: map[string]nonce{}, limits: map[string]*rate.Limiter{}}
}

// take handles a message of a device. The front calls it from one goroutine.
func (a *attester) take(m *nats.Msg) {
	key, ok := uplink.SenderOf(m.Subject)
	if !ok || !uplink.IsReply(key, m.Reply) || len(m.Data) == 0 {
		return
	}
	_, _, guest := a.h.registry.guest(key)
	if _, device := a.h.registry.device(key); !guest && !device {
		return
	}
	kind, payload := uplink.AttestKind(m.Data[0]), m.Data[1:]
	answer := func(kind uplink.AttestKind, b []byte) { a.reply(m.Reply, append([]byte{byte(kind)}, b...)) }
	if !a.limit(key).Allow() {
		answer(uplink.AttestNo, []byte("too many tries: wait a minute"))
		return
	}
	var b []byte
	var err error
	switch {
	case a.h.o.Attestation == nil:
		err = errors.New("this hub knows no TPM")
	case kind == uplink.AttestIdentity && guest:
		if b, err = a.challenge(key, payload); err == nil {
			answer(uplink.AttestChallenge, b)
			return
		}
	case kind == uplink.AttestAnswer && guest:
		if b, err = a.bind(key, payload); err == nil {
			answer(uplink.AttestBound, b)
			return
		}
	case kind == uplink.AttestQuote:
		if err = a.quote(key, payload); err == nil {
			answer(uplink.AttestKept, nil)
			return
		}
	case kind == uplink.AttestIdentity || kind == uplink.AttestAnswer:
		err = errors.New("it used no code just now: make a new one with `tenin hub enrol`")
		guest = false
	default:
		err = errors.New("not understood")
	}
	answer(uplink.AttestNo, []byte(uplink.Printable(err.Error(), 200)))
	if !guest {
		return
	}
	// Who shows a TPM that is not believed does not come in without one.
	name, _, _ := a.h.registry.guest(key)
	a.h.log.Warn("hub: a device was refused that could not prove its TPM", "device", name, "why", err)
	if err := a.h.registry.unbelieved(key); err != nil {
		a.h.log.Error("hub: a device that was refused is still there", "device", name, "why", err)
	}
	_ = a.h.front.nc.FlushTimeout(5 * time.Second)
	a.h.front.gate.closeSoon(key)
}

func (a *attester) limit(key string) *rate.Limiter {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.limits[key]
	if l == nil {
		l = rate.NewLimiter(rate.Every(attestEvery), attestBurst)
		a.limits[key] = l
	}
	return l
}

// challenge begins to bind a device to its TPM.
func (a *attester) challenge(key string, identity []byte) ([]byte, error) {
	_, file, ok := a.h.registry.guest(key)
	if !ok {
		return nil, uplink.ErrRefused
	}
	var roots [][]byte
	if file != "" {
		var err error
		if roots, err = a.h.readRoots(file); err != nil {
			a.h.log.Error("hub: makers' certificates cannot be read", "why", err)
			return nil, errors.New("the hub cannot read its makers' certificates")
		}
	}
	c, err := a.h.o.Attestation.NewChallenge(identity, roots)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.open[key] = opened{c, a.h.o.Now().Add(nonceFor)}
	return c.Public, nil
}

// bind checks the answer to a challenge, which can be answered once.
func (a *attester) bind(key string, answer []byte) ([]byte, error) {
	a.mu.Lock()
	c, ok := a.open[key]
	delete(a.open, key)
	a.mu.Unlock()
	now := a.h.o.Now()
	if !ok || now.After(c.until) {
		return nil, errors.New("no challenge is open")
	}
	m, err := a.h.o.Attestation.CheckQuote(c.Keys, c.Nonce, answer, key)
	if err != nil {
		return nil, err
	}
	t := tpmJSON{
		Endorsement: c.Endorsement[:], Verified: c.Verified, Name: c.Name, Keys: c.Keys,
		PCR7: m.PCR7[:], PCR11: m.PCR11[:], Seen7: m.PCR7[:], Seen11: m.PCR11[:], Bound: now.UTC(), Quoted: now.UTC(),
	}
	replaced, err := a.h.registry.bind(key, t)
	if err != nil {
		return nil, err
	}
	for _, other := range replaced {
		a.h.front.gate.close(other)
	}
	b := t.told().Binding()
	name, _ := a.h.registry.device(key)
	a.h.log.Info("hub: a device was bound to its TPM", "device", name, "how", b, "in_place_of", len(replaced))
	return []byte{byte(b)}, nil
}

// ask returns a nonce when a device's TPM was not heard for long, else nil.
func (a *attester) ask(key string) []byte {
	_, quoted, ok := a.h.registry.keysOf(key)
	now := a.h.o.Now()
	if !ok || a.h.o.Attestation == nil || now.Sub(quoted) < quoteEvery && !now.Before(quoted.Add(-clockSlack)) {
		return nil
	}
	b := make([]byte, 32)
	_, _ = rand.Read(b)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.nonces[key] = nonce{b, now.Add(nonceFor)}
	return b
}

// quote checks a fresh quote over the nonce that the device was given.
func (a *attester) quote(key string, quote []byte) error {
	a.mu.Lock()
	n, ok := a.nonces[key]
	delete(a.nonces, key)
	a.mu.Unlock()
	keys, _, bound := a.h.registry.keysOf(key)
	if !ok || !bound || a.h.o.Now().After(n.until) {
		return errors.New("no quote was asked for")
	}
	name, _ := a.h.registry.device(key)
	m, err := a.h.o.Attestation.CheckQuote(keys, n.b, quote, key)
	if err != nil {
		a.h.log.Warn("hub: the quote of a device is not believed", "device", name, "why", err)
		return err
	}
	changed, err := a.h.registry.quoted(key, m)
	if err != nil {
		return err
	}
	if changed {
		a.h.log.Warn("hub: Secure Boot's state or keys changed on a device since it was enrolled (PCR 7)", "device", name)
	}
	return nil
}

// keepRoots writes makers' certificates under a name that is their hash, and returns
// the name.
func (h *Hub) keepRoots(roots [][]byte) (string, error) {
	var text bytes.Buffer
	for _, der := range roots {
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: der}); err != nil {
			return "", err
		}
	}
	if text.Len() > maxRootsFile {
		return "", fmt.Errorf("makers' certificates: %w: they have %d bytes, a hub takes %d", ErrTooMany, text.Len(), maxRootsFile)
	}
	sum := sha256.Sum256(text.Bytes())
	name := hex.EncodeToString(sum[:])
	dir := filepath.Join(h.o.Dir, rootsFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return name, uplink.ReplaceFile(filepath.Join(dir, name), text.Bytes())
}

const maxRootsFile = 2 << 20

// readRoots returns what keepRoots wrote. What is damaged is not used.
func (h *Hub) readRoots(name string) ([][]byte, error) {
	b, err := os.ReadFile(filepath.Join(h.o.Dir, rootsFolder, filepath.Base(name)))
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != name {
		return nil, fmt.Errorf("%s: %w", name, ErrDamaged)
	}
	var roots [][]byte
	for {
		block, rest := pem.Decode(b)
		if block == nil {
			return roots, nil
		}
		roots, b = append(roots, block.Bytes), rest
	}
}
