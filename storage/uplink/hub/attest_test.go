package hub

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"tenin/storage/uplink"
)

// chips stands in for package seal, which has tests with a real TPM of its own: here it is tried what the hub makes of
// its answers. A chip's identity is its name; it answers with what it was told to be.
type chips struct{}

var errChip = errors.New("the chip is not believed")

func (chips) NewChallenge(identity []byte, roots [][]byte) (Challenge, error) {
	if bytes.HasPrefix(identity, []byte("false")) {
		return Challenge{}, errChip
	}
	if len(roots) > 0 && !bytes.HasPrefix(identity, roots[0]) {
		return Challenge{}, errChip
	}
	return Challenge{
		Public: append([]byte("for "), identity...), Nonce: sha256.New().Sum(nil), Keys: identity,
		Endorsement: sha256.Sum256(identity), Verified: len(roots) > 0, Name: []byte("ak"),
	}, nil
}

func (chips) CheckQuote(keys, nonce, quote []byte, key string) (Measured, error) {
	name, boot, ok := bytes.Cut(quote, []byte("|"))
	if !ok || !bytes.Equal(name, keys) || len(nonce) != 32 || key == "" {
		return Measured{}, errChip
	}
	return Measured{PCR7: sha256.Sum256(boot), PCR11: sha256.Sum256([]byte("image"))}, nil
}

// chip is a device's side of it.
type chip struct {
	name, boot string
	answer     []byte // instead of the right one
}

func (c chip) Identity() ([]byte, error) { return []byte(c.name), nil }

func (c chip) Answer([]byte, string) ([]byte, error) {
	if c.answer != nil {
		return c.answer, nil
	}
	return []byte(c.name + "|" + c.boot), nil
}

func enrolled(t *testing.T, h *Hub, o EnrolOptions, a uplink.Attestor) (uplink.Credentials, error) {
	t.Helper()
	o.Valid = time.Minute
	code, _, err := h.Enrol(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	h.front.gate.forgetTries()
	return uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub"), Attestor: a})
}

func device(t *testing.T, h *Hub, name string) (found Device) {
	t.Helper()
	list, err := h.Devices(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range list {
		if d.Name == name && d.Revoked.IsZero() {
			if found.Name != "" {
				t.Errorf("%s is there twice", name)
			}
			found = d
		}
	}
	return found
}

func withChips(t *testing.T, o Options) *Hub {
	t.Helper()
	o.Dir, o.Attestation = t.TempDir(), chips{}
	h, _ := open(t, o)
	return h
}

func TestADeviceIsBoundToItsTPMWhenItJoins(t *testing.T) {
	h := withChips(t, Options{})
	c, err := enrolled(t, h, EnrolOptions{Name: "ginza-1"}, chip{name: "chip-1", boot: "ours"})
	if err != nil || c.Binding != uplink.BindingFirstUse {
		t.Fatalf("%v, %v", c.Binding, err)
	}
	d := device(t, h, "ginza-1")
	if d.TPM.Binding() != uplink.BindingFirstUse || d.TPM.Changed() || d.TPM.Endorsement != hexOf(sum("chip-1")) || d.TPM.PCR7 != hexOf(sum("ours")) {
		t.Errorf("%+v", d.TPM)
	}
	// A PC without a TPM joins as it always did.
	if c, err = enrolled(t, h, EnrolOptions{Name: "ginza-2"}, nil); err != nil || c.Binding != uplink.BindingNone {
		t.Errorf("%v, %v", c.Binding, err)
	}
	if d := device(t, h, "ginza-2"); d.Name == "" || d.TPM != nil || d.TPM.Binding() != uplink.BindingNone || d.TPM.Changed() {
		t.Errorf("%+v", d)
	}
	// With makers' certificates, one of them must vouch for it.
	if c, err = enrolled(t, h, EnrolOptions{Name: "ginza-3", Roots: [][]byte{[]byte("chip")}}, chip{name: "chip-3", boot: "ours"}); err != nil || c.Binding != uplink.BindingEndorsed {
		t.Errorf("%v, %v", c.Binding, err)
	}
	if !device(t, h, "ginza-3").TPM.Verified {
		t.Error("it is not noted")
	}
}

func sum(text string) []byte { s := sha256.Sum256([]byte(text)); return s[:] }

func TestWhoCannotProveItsTPMDoesNotComeIn(t *testing.T) {
	h := withChips(t, Options{})
	for what, c := range map[string]struct {
		o EnrolOptions
		a uplink.Attestor
	}{
		"none, and the code asks for one":         {EnrolOptions{TPM: true}, nil},
		"none, and the code asks for its maker":   {EnrolOptions{Roots: [][]byte{[]byte("chip")}}, nil},
		"another maker's":                         {EnrolOptions{Roots: [][]byte{[]byte("other")}}, chip{name: "chip-1"}},
		"one that is not believed":                {EnrolOptions{TPM: true}, chip{name: "false"}},
		"a wrong answer":                          {EnrolOptions{TPM: true}, chip{name: "chip-1", answer: []byte("chip-2|x")}},
		"not believed, although it need not be":   {EnrolOptions{}, chip{name: "false"}},
		"a wrong answer, although it need not be": {EnrolOptions{}, chip{name: "chip-1", answer: []byte("x")}},
		"a very long answer":                      {EnrolOptions{TPM: true}, chip{name: "chip-1", answer: make([]byte, 60_000)}},
	} {
		c.o.Name = "ginza-1"
		got, err := enrolled(t, h, c.o, c.a)
		if !errors.Is(err, uplink.ErrRefused) || got.Device != "" {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
		if d := device(t, h, "ginza-1"); d.Name != "" {
			t.Errorf("%s: it is a device", what)
		}
	}
	// The name is still to be had.
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-1"}, chip{name: "chip-1"}); err != nil {
		t.Error(err)
	}
}

func TestAFailedEnrolmentLeavesTheFormerDeviceWhereItsTPMIsAskedFor(t *testing.T) {
	h := withChips(t, Options{})
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-1"}, chip{name: "chip-1", boot: "a"}); err != nil {
		t.Fatal(err)
	}
	before := device(t, h, "ginza-1").Key
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-1", Replace: true, TPM: true}, chip{name: "false"}); !errors.Is(err, uplink.ErrRefused) {
		t.Fatal(err)
	}
	if device(t, h, "ginza-1").Key != before {
		t.Error("who was refused took the place of another")
	}
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-1", Replace: true, TPM: true}, chip{name: "chip-2", boot: "b"}); err != nil {
		t.Fatal(err)
	}
	if d := device(t, h, "ginza-1"); d.Key == before || d.TPM.Endorsement != hexOf(sum("chip-2")) {
		t.Errorf("%+v", d)
	}
}

func TestOneMachineIsOneDevice(t *testing.T) {
	h := withChips(t, Options{})
	first, err := enrolled(t, h, EnrolOptions{Name: "ginza-1"}, chip{name: "chip-1", boot: "a"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-2"}, chip{name: "chip-1", boot: "a"}); err != nil {
		t.Fatal(err)
	}
	if device(t, h, "ginza-1").Name != "" || device(t, h, "ginza-2").TPM == nil {
		t.Error("the machine is two devices")
	}
	if _, err := uplink.Fetch(t.Context(), first, fetching(t, 1)); !errors.Is(err, uplink.ErrRefused) {
		t.Errorf("its former key still comes in: %v", err)
	}
}

func TestADeviceIsBoundOnlyWithACodeAndOnlyOnce(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	h := withChips(t, Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	c, err := enrolled(t, h, EnrolOptions{Name: "ginza-1"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, own := asDevice(t, c)
	nc, err := raw(t, h, own)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	inbox := uplink.Inbox(key) + ".x"
	heard, err := nc.SubscribeSync(inbox)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(kind uplink.AttestKind, text string) byte {
		h.attester.mu.Lock()
		clear(h.attester.limits)
		h.attester.mu.Unlock()
		if err := nc.PublishRequest(uplink.AttestSubject(key), inbox, append([]byte{byte(kind)}, text...)); err != nil {
			t.Fatal(err)
		}
		m, err := heard.NextMsg(5 * time.Second)
		if err != nil || len(m.Data) == 0 {
			t.Fatal(err)
		}
		return m.Data[0]
	}
	mu.Lock()
	now = now.Add(bindWithin + time.Second)
	mu.Unlock()
	if k := ask(uplink.AttestIdentity, "chip-1"); k != byte(uplink.AttestNo) {
		t.Errorf("bound long after it joined: %q", k)
	}
	if k := ask(uplink.AttestQuote, "chip-1|a"); k != byte(uplink.AttestNo) {
		t.Errorf("a quote that nobody asked for: %q", k)
	}
	if d := device(t, h, "ginza-1"); d.Name == "" || d.TPM != nil {
		t.Errorf("%+v", d)
	}
}

func TestAnUnfinishedEnrolmentIsForgotten(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	h := withChips(t, Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-1", TPM: true}, nil); !errors.Is(err, uplink.ErrRefused) {
		t.Fatal(err)
	}
	mu.Lock()
	now = now.Add(bindWithin + time.Second)
	mu.Unlock()
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-2"}, nil); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(h.o.Dir, registryFile))
	if err != nil || bytes.Contains(b, []byte("ginza-1")) {
		t.Errorf("%s, %v", b, err)
	}
}

func TestTheHubAsksHowADeviceWasStartedAndFlagsWhatChanged(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	h := withChips(t, Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	c, err := enrolled(t, h, EnrolOptions{Name: "ginza-1"}, chip{name: "chip-1", boot: "ours"})
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	boot := "ours"
	o := fetching(t, 1)
	o.Quote = func(_ context.Context, nonce []byte, key string) ([]byte, error) {
		asked++
		return []byte("chip-1|" + boot), nil
	}
	fetch := func() {
		t.Helper()
		if _, err := uplink.Fetch(t.Context(), c, o); err != nil {
			t.Fatal(err)
		}
	}
	fetch()
	if asked != 0 {
		t.Error("asked again at once")
	}
	pass := func(d time.Duration) {
		mu.Lock()
		defer mu.Unlock()
		now = now.Add(d)
	}
	pass(quoteEvery)
	fetch()
	if d := device(t, h, "ginza-1"); asked != 1 || d.TPM.Changed() || !d.TPM.Quoted.After(d.TPM.Bound) {
		t.Errorf("%d, %+v", asked, d.TPM)
	}
	boot = "somebody else's keys"
	pass(quoteEvery)
	fetch()
	d := device(t, h, "ginza-1")
	if !d.TPM.Changed() || d.TPM.PCR7 != hexOf(sum("ours")) || d.TPM.Seen7 != hexOf(sum(boot)) {
		t.Errorf("%+v", d.TPM)
	}
	if err := h.Accept(t.Context(), "ginza-1"); err != nil || device(t, h, "ginza-1").TPM.Changed() {
		t.Error(err)
	}
	// A quote that is not believed changes nothing.
	boot = "x"
	o.Quote = func(context.Context, []byte, string) ([]byte, error) { return []byte("chip-2|x"), nil }
	pass(quoteEvery)
	fetch()
	if device(t, h, "ginza-1").TPM.Changed() {
		t.Error("another chip spoke for this one")
	}
	if err := h.Accept(t.Context(), "nobody"); !errors.Is(err, ErrNoDevice) {
		t.Error(err)
	}
}

func TestWhatTheHubKnowsOfATPMOutlivesItAndCrossesItsSocket(t *testing.T) {
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir, Attestation: chips{}})
	if _, err := enrolled(t, h, EnrolOptions{Name: "ginza-1", Roots: [][]byte{[]byte("chip")}}, chip{name: "chip-1", boot: "ours"}); err != nil {
		t.Fatal(err)
	}
	var seen []TPM
	for range 2 {
		a, err := OpenAdmin(t.Context(), Options{Dir: dir, MustExist: true})
		if err != nil {
			t.Fatal(err)
		}
		list, err := a.Devices(t.Context())
		if err != nil || len(list) != 1 || list[0].TPM == nil {
			t.Fatalf("%+v, %v", list, err)
		}
		v := *list[0].TPM
		v.Bound, v.Quoted = v.Bound.Truncate(time.Second).UTC(), v.Quoted.Truncate(time.Second).UTC()
		seen = append(seen, v)
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		stop()
	}
	if seen[0] != seen[1] || !seen[0].Verified {
		t.Errorf("%+v", seen)
	}
}
