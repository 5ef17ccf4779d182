package uplink

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
)

// JoinOptions are what a device needs to join a hub.
type JoinOptions struct {
	Code Code
	// Address is the hub's host or host:port.
	Address string
	// Path is where the credentials go: HOME/hub.
	Path string
	// Seal guards the seed in that file; nil stores it as it is.
	Seal Seal
	// Replace allows to join although there are credentials already.
	Replace bool
	// Attestor is this machine's TPM, which the hub is to bind the device to; nil joins
	// without one.
	Attestor Attestor
	// Now is the clock for the hub's certificate; nil is the machine's.
	Now func() time.Time
}

// Join makes a key for this device, has the hub take its public half in exchange
// for the code, and writes the credentials. The seed never leaves the device. The
// code is shown to nobody but a hub whose authority it names. With an Attestor it
// returns credentials only when the hub has bound the device to its TPM. The error
// wraps ErrRefused, ErrOtherHub or ErrEnrolled.
func Join(ctx context.Context, o JoinOptions) (Credentials, error) {
	if _, err := os.Lstat(o.Path); err == nil && !o.Replace {
		return Credentials{}, fmt.Errorf("%w: --replace joins another in its place", ErrEnrolled)
	}
	address, err := hostPort(o.Address)
	if err != nil {
		return Credentials{}, err
	}
	c := Credentials{Address: address, Seed: Seed{make([]byte, seedSize)}}
	_, _ = rand.Read(c.Seed.b)
	// A folder that cannot be written is found before the code is spent.
	if err := probe(o.Path); err != nil {
		return Credentials{}, err
	}
	key, err := c.Key()
	if err != nil {
		return Credentials{}, err
	}
	// So is a TPM that does not answer.
	var identity []byte
	if o.Attestor != nil {
		if identity, err = o.Attestor.Identity(); err != nil {
			return Credentials{}, err
		}
	}
	var authority []byte
	config := pinned(
		func(a *x509.Certificate) bool { return o.Code.Names(FingerprintOf(a)) },
		func(a *x509.Certificate) { authority = a.Raw }, o.Now)
	d := &dialer{ctx: ctx, address: address, config: config}
	nc, err := connect(c, d, nats.UserInfo("", o.Code.Secret()), nats.MaxReconnects(0))
	if err != nil {
		return Credentials{}, explain(address, err, d.lastError())
	}
	defer nc.Close()
	c.Authority = authority
	if o.Attestor != nil {
		if c.Binding, err = attest(ctx, nc, key, identity, o.Attestor); err != nil {
			return Credentials{}, fmt.Errorf("hub %s: it took the code, but the device is not bound to its TPM, so make a new code there: %w", address, err)
		}
	}
	if c.Device, err = hello(ctx, nc, key); err != nil {
		return Credentials{}, fmt.Errorf("hub %s: it took the code but does not answer: %w", address, err)
	}
	if err := WriteCredentials(o.Path, c, o.Seal); err != nil {
		return Credentials{}, fmt.Errorf("hub %s: it took the code, but the credentials cannot be kept, so make a new code there: %w", address, err)
	}
	return c, nil
}

// probe writes and removes a file beside path.
func probe(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".join-*")
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, maxCredentials))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(f.Name()))
}

// connect opens a NATS connection as the device of c.
func connect(c Credentials, d *dialer, more ...nats.Option) (*nats.Conn, error) {
	key, err := c.Key()
	if err != nil {
		return nil, err
	}
	options := append([]nats.Option{
		nats.SetCustomDialer(d),
		nats.Secure(&tls.Config{MinVersion: tls.VersionTLS13}), // the dialer did it; this refuses a server without
		nats.TLSHandshakeFirst(),
		nats.Nkey(key, c.sign),
		nats.CustomInboxPrefix(Inbox(key)),
		nats.IgnoreDiscoveredServers(),
		nats.ReconnectBufSize(-1), // what cannot be sent now stays in the outbox
		nats.Timeout(dialTimeout),
		nats.PingInterval(time.Minute),
		nats.MaxPingsOutstanding(2),
		nats.NoEcho(),
		// Its default prints to standard error.
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
	}, more...)
	host, port, err := net.SplitHostPort(d.address)
	if err != nil {
		return nil, err
	}
	return nats.Connect("nats://"+net.JoinHostPort(host, port), options...)
}

// hello asks the hub for this device's name, and so proves the way there and back.
func hello(ctx context.Context, nc *nats.Conn, key string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	reply, err := request(ctx, nc, Subject(key), nil)
	if err != nil {
		return "", err
	}
	status, name, ok := DecodeStatus(reply)
	if ok && status == StatusRefused {
		return "", fmt.Errorf("%w: the code is for a machine that is bound to its TPM", ErrRefused)
	}
	if !ok || status != StatusHello {
		return "", errors.New("its answer is not understood")
	}
	return name, nil
}

// explain turns what nats.go and the dialer say into one of our errors.
func explain(address string, err, dialed error) error {
	switch {
	case isOtherHub(dialed):
		return fmt.Errorf("hub %s: %w", address, dialed)
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return fmt.Errorf("hub %s: %w: the code is wrong, used or expired, or there were too many tries: make a new one with `tenin hub enrol NAME` there", address, ErrRefused)
	case dialed != nil:
		return fmt.Errorf("hub %s cannot be reached: %w", address, dialed)
	}
	return fmt.Errorf("hub %s cannot be reached: %w", address, err)
}
