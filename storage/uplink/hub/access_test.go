package hub

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"tenin/llm/redact"
	"tenin/storage/uplink"
)

// raw connects as somebody who writes a client of their own.
func raw(t testing.TB, h *Hub, options ...nats.Option) (*nats.Conn, error) {
	t.Helper()
	return nats.Connect("tls://"+h.Address().String(), append([]nats.Option{
		nats.Secure(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}), nats.TLSHandshakeFirst(),
		nats.MaxReconnects(0), nats.Timeout(5 * time.Second),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}, options...)...)
}

// asDevice returns the option to connect with the key of c.
func asDevice(t testing.TB, c uplink.Credentials) (string, nats.Option) {
	t.Helper()
	pair, err := nkeys.FromRawSeed(nkeys.PrefixByteUser, c.Seed.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	key, err := pair.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	return key, nats.Nkey(key, pair.Sign)
}

func TestNobodyComesInWithoutAKeyThatTheHubKnows(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	key, _ := asDevice(t, c)
	stranger, err := nkeys.CreateUser()
	if err != nil {
		t.Fatal(err)
	}
	strangerKey, _ := stranger.PublicKey()
	for name, o := range map[string]nats.Option{
		"nothing":              nats.Name("x"),
		"an unknown key":       nats.Nkey(strangerKey, stranger.Sign),
		"a key of another":     nats.Nkey(key, stranger.Sign),
		"a signature of old":   nats.Nkey(key, func([]byte) ([]byte, error) { return stranger.Sign([]byte("nonce")) }),
		"a user and password":  nats.UserInfo("ginza-1", "ginza-1"),
		"the hub's own name":   nats.UserInfo(internalUser, ""),
		"a token":              nats.Token("x"),
		"a key and a password": func(o *nats.Options) error { o.User = internalUser; return nats.Nkey(strangerKey, stranger.Sign)(o) },
	} {
		if nc, err := raw(t, h, o); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("%s: %v", name, err)
			if nc != nil {
				nc.Close()
			}
		}
	}
}

func TestAConnectionWithoutTLSHearsNothing(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	conn, err := net.Dial("tcp", h.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("CONNECT {}\r\nPING\r\n")); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	if n, _ := conn.Read(b); n > 0 && b[0] != 21 { // 21: a TLS alert
		t.Errorf("it said %q", b[:n])
	}
}

func TestADeviceMayPublishItsOwnSubjectAndHearItsOwnInboxOnly(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	other, _ := asDevice(t, join(t, h, "ginza-2"))
	key, own := asDevice(t, join(t, h, "ginza-1"))
	var mu sync.Mutex
	refused := 0
	nc, err := raw(t, h, own, nats.CustomInboxPrefix(uplink.Inbox(key)), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			mu.Lock()
			refused++
			mu.Unlock()
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	count := func() int {
		if err := nc.Flush(); err != nil {
			t.Fatal(err)
		}
		// Errors are handed over by a goroutine of the client.
		time.Sleep(50 * time.Millisecond)
		mu.Lock()
		defer mu.Unlock()
		return refused
	}
	for _, subject := range []string{
		uplink.Subject(other), uplink.Subject("ginza-1"), uplink.Subject(key) + ".x", "tenin.summary", streamSubject, uplink.Inbox(other) + ".x",
		uplink.Inbox(key) + ".x", "$JS.API.STREAM.DELETE." + streamName, "$JS.API.INFO", "$SYS.REQ.SERVER.PING", "_INBOX.x", "x",
	} {
		before := count()
		if err := nc.Publish(subject, []byte("x")); err != nil {
			t.Fatal(err)
		}
		if count() == before {
			t.Errorf("it may publish %s", subject)
		}
	}
	for _, subject := range []string{
		">", "*", "tenin.>", uplink.AllSummaries, uplink.Subject(key), uplink.Subject(other), "tenin.inbox.>", uplink.Inbox(other) + ".>",
		"tenin.inbox.*.x", "$SYS.>", "$JS.>", "_INBOX.>",
	} {
		before := count()
		if _, err := nc.SubscribeSync(subject); err != nil {
			t.Fatal(err)
		}
		if count() == before {
			t.Errorf("it may hear %s", subject)
		}
	}
	before := count()
	if m, err := nc.Request(uplink.Subject(key), nil, 5*time.Second); err != nil || string(m.Data) != "hginza-1" {
		t.Errorf("its own subject and inbox: %v", err)
	}
	if count() != before {
		t.Error("its own subject is refused")
	}
}

func TestTheHubAnswersToNoSubjectButTheDevicesOwn(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	otherKey, other := asDevice(t, join(t, h, "ginza-2"))
	key, own := asDevice(t, join(t, h, "ginza-1"))
	victim, err := raw(t, h, other)
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close()
	heard, err := victim.SubscribeSync(uplink.Inbox(otherKey) + ".>")
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Flush(); err != nil {
		t.Fatal(err)
	}
	all, err := h.front.nc.SubscribeSync("$JS.>")
	if err != nil {
		t.Fatal(err)
	}
	nc, err := raw(t, h, own, nats.CustomInboxPrefix(uplink.Inbox(key)))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	s := someSummaries(t, 1)[0]
	for _, reply := range []string{uplink.Inbox(otherKey) + ".x", "$JS.API.STREAM.DELETE." + streamName, uplink.Subject(otherKey)} {
		if err := nc.PublishRequest(uplink.Subject(key), reply, s.Encode()); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Publish(uplink.Subject(key), s.Encode()); err != nil {
		t.Fatal(err)
	}
	// The hub takes a device's messages one after the other.
	if _, err := nc.Request(uplink.Subject(key), nil, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if n, _, _ := heard.Pending(); n != 0 {
		t.Error("another device got its answer")
	}
	if n, _, _ := all.Pending(); n != 0 {
		t.Error("the hub was made to ask JetStream")
	}
	if len(stored(t, h)) != 0 {
		t.Error("what cannot be answered was kept")
	}
}

func TestWhatIsNoSummaryIsRefusedAndNotKept(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	key, own := asDevice(t, join(t, h, "ginza-1"))
	nc, err := raw(t, h, own, nats.CustomInboxPrefix(uplink.Inbox(key)))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	good := someSummaries(t, 1)[0].Encode()
	random := make([]byte, 300)
	_, _ = rand.Read(random)
	for name, b := range map[string][]byte{
		"words":          []byte(`{"text":"田中と申します"}`),
		"a space":        append([]byte(" "), good...),
		"a line end":     append(good[:len(good):len(good)], '\n'),
		"two":            append(good[:len(good):len(good)], good...),
		"a cut one":      good[:len(good)-1],
		"random bytes":   random,
		"too long":       make([]byte, redact.MaxSize+1),
		"a zero":         {0},
		"an empty thing": []byte("{}"),
	} {
		m, err := nc.Request(uplink.Subject(key), b, 5*time.Second)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if status, _, ok := uplink.DecodeStatus(m.Data); !ok || status != uplink.StatusRefused {
			t.Errorf("%s: the answer is %q", name, m.Data)
		}
	}
	if len(stored(t, h)) != 0 {
		t.Error("something was kept")
	}
}

func TestADeviceThatSendsTooFastIsPutOffAndLosesNothing(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir(), Rate: 200, Burst: 10})
	list := someSummaries(t, 60)
	b := newBox(list...)
	send(t, join(t, h, "ginza-1"), b, uplink.SenderOptions{})
	b.drained(t)
	hasOnce(t, h, list)
}

func TestARevokedDeviceIsCutOffAndStaysOut(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	key, own := asDevice(t, c)
	closed := make(chan struct{})
	nc, err := raw(t, h, own, nats.CustomInboxPrefix(uplink.Inbox(key)), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	devices, err := h.Devices(t.Context())
	if err != nil || len(devices) != 1 || !devices[0].Connected || !devices[0].Revoked.IsZero() {
		t.Errorf("%+v, %v", devices, err)
	}
	if _, err := h.Revoke(t.Context(), "ginza-1"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Error("its connection is still open")
	}
	if _, err := raw(t, h, own); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("it came back: %v", err)
	}
	if devices, _ := h.Devices(t.Context()); devices[0].Revoked.IsZero() || devices[0].Connected {
		t.Errorf("%+v", devices)
	}
	if _, err := h.Revoke(t.Context(), "ginza-1"); !errors.Is(err, ErrNoDevice) {
		t.Errorf("revoked twice: %v", err)
	}
	// Its outbox keeps everything, and the machine comes back with a new key.
	b := newBox(someSummaries(t, 5)...)
	stop := send(t, c, b, uplink.SenderOptions{})
	time.Sleep(200 * time.Millisecond)
	stop()
	if b.left() != 5 {
		t.Errorf("%d messages are left of 5", b.left())
	}
	send(t, join(t, h, "ginza-1"), b, uplink.SenderOptions{})
	b.drained(t)
}

func TestACodeLetsOneDeviceInOnce(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	o := uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub")}
	if _, err := uplink.Join(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := uplink.Join(t.Context(), o); !errors.Is(err, uplink.ErrEnrolled) {
		t.Errorf("joined over credentials: %v", err)
	}
	o.Replace = true
	if _, err := uplink.Join(t.Context(), o); !errors.Is(err, uplink.ErrRefused) {
		t.Errorf("the code was used twice: %v", err)
	}
	if _, err := uplink.ReadCredentials(o.Path, nil); err != nil {
		t.Errorf("the credentials did not outlive a failed join: %v", err)
	}
	if devices, _ := h.Devices(t.Context()); len(devices) != 1 {
		t.Errorf("%d devices", len(devices))
	}
	if _, _, err := h.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute}); !errors.Is(err, ErrTaken) {
		t.Errorf("a name was given twice: %v", err)
	}
}

func TestManyMachinesWithOneCodeAndOneComesIn(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute, Replace: true})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	var mu sync.Mutex
	in := 0
	for range 4 {
		path := filepath.Join(t.TempDir(), "hub")
		group.Go(func() {
			_, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: path})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				in++
			} else if !errors.Is(err, uplink.ErrRefused) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if in != 1 {
		t.Errorf("%d came in", in)
	}
}

func TestAnExpiredCodeIsRefusedAlsoWhenTheHubsClockWasSetBack(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	h, _ := open(t, Options{Dir: t.TempDir(), Now: clock})
	for name, shift := range map[string]time.Duration{"expired": 61 * time.Second, "set back": -time.Hour} {
		code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		now = now.Add(shift)
		mu.Unlock()
		_, err = uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub")})
		if !errors.Is(err, uplink.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestGuessingSoonMeetsTheLimitAndDevicesStillComeIn(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1") // the first try
	code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: "ginza-2", Valid: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	for range triesBurst {
		guess := uplink.NewCode(h.Fingerprint())
		_, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: guess, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub")})
		if !errors.Is(err, uplink.ErrRefused) {
			t.Fatalf("a guess: %v", err)
		}
	}
	_, err = uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub")})
	if !errors.Is(err, uplink.ErrRefused) {
		t.Errorf("the right code after too many tries: %v", err)
	}
	list := someSummaries(t, 3)
	b := newBox(list...)
	send(t, c, b, uplink.SenderOptions{})
	b.drained(t)
}

func TestADeviceTellsItsCodeAndItsSummariesToNoOtherHub(t *testing.T) {
	mine, stop := open(t, Options{Dir: t.TempDir()})
	code, _, err := mine.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	other, _ := open(t, Options{Dir: t.TempDir()})
	_, err = uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: other.Address().String(), Path: filepath.Join(t.TempDir(), "hub")})
	if !errors.Is(err, uplink.ErrOtherHub) {
		t.Errorf("joined: %v", err)
	}
	c := join(t, mine, "ginza-1")
	stop()
	c.Address = other.Address().String()
	b := newBox(someSummaries(t, 3)...)
	var sent tap
	stopSending := send(t, c, b, uplink.SenderOptions{Tap: &sent})
	time.Sleep(300 * time.Millisecond)
	stopSending()
	if b.left() != 3 || sent.n() != 0 {
		t.Errorf("%d messages are left, %d bytes were sent", b.left(), sent.n())
	}
}

// tap counts bytes.
type tap struct {
	mu   sync.Mutex
	size int
}

func (s *tap) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.size += len(b)
	return len(b), nil
}

func (s *tap) n() int { s.mu.Lock(); defer s.mu.Unlock(); return s.size }

func TestADevicesClockDoesNotMatterForTheConnection(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	for _, year := range []int{1970, 2000, 2150} {
		clock := func() time.Time { return time.Date(year, 1, 2, 0, 0, 0, 0, time.UTC) }
		code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute, Replace: true})
		if err != nil {
			t.Fatal(err)
		}
		c, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub"), Now: clock})
		if err != nil {
			t.Fatalf("%d: %v", year, err)
		}
		b := newBox(someSummaries(t, 2)...)
		stop := send(t, c, b, uplink.SenderOptions{Now: clock})
		b.drained(t)
		stop()
	}
}

func TestADeviceHasAFewConnectionsAtMost(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	key, own := asDevice(t, join(t, h, "ginza-1"))
	var all []*nats.Conn
	for range maxConnections + 3 {
		nc, err := raw(t, h, own)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		all = append(all, nc)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		open := 0
		for _, nc := range all {
			if nc.IsConnected() {
				open++
			}
		}
		if open <= maxConnections {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are open", open)
		}
	}
	if n := len(h.front.gate.connections(key)); n > maxConnections {
		t.Errorf("%d are noted", n)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := all[len(all)-1].FlushWithContext(ctx); err != nil {
		t.Errorf("the newest was closed: %v", err)
	}
}
