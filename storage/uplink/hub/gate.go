package hub

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"
	"golang.org/x/time/rate"

	"tenin/storage/uplink"
)

// Tries to join are few: a person types a code. 85 random bits would stand more,
// but a stranger should not even make the disk busy.
const (
	triesEvery  = 12 // seconds, of one address
	triesBurst  = 5
	triesAll    = 1 // a second, of all addresses
	triesAllMax = 20
	maxTryers   = 10_000
	// maxConnections of one device: a kiosk has one, and a second while the first is
	// found to be dead.
	maxConnections = 4
)

// gate decides who may connect, and as what.
type gate struct {
	registry *registry
	log      *slog.Logger
	password string // of this process's own connection
	kick     func(id uint64)

	mu    sync.Mutex
	open  map[string][]uint64 // connections by a device's key, the oldest first
	tries map[string]*rate.Limiter
	all   *rate.Limiter
}

// internalUser is this process itself.
const internalUser = "hub"

func newGate(r *registry, log *slog.Logger) *gate {
	return &gate{registry: r, log: log, password: rand.Text(), open: map[string][]uint64{},
		tries: map[string]*rate.Limiter{}, all: rate.NewLimiter(triesAll, triesAllMax)}
}

// Check implements server.Authentication.
func (g *gate) Check(c server.ClientAuthentication) bool {
	if c.Kind() != server.CLIENT {
		return false
	}
	o := c.GetOpts()
	if o.Nkey == "" {
		if o.Username != internalUser || subtle.ConstantTimeCompare([]byte(o.Password), []byte(g.password)) != 1 {
			return false
		}
		c.RegisterUser(&server.User{Username: internalUser})
		return true
	}
	// Whoever it is must first prove that the key is its own.
	if !signed(o.Nkey, o.Sig, c.GetNonce()) {
		return false
	}
	_, known := g.registry.device(o.Nkey)
	if !known {
		if o.Password == "" || !g.mayTry(c.RemoteAddress()) {
			return false
		}
		replaced, err := g.registry.join(o.Password, o.Nkey)
		if err != nil {
			g.log.Warn("hub: a code was refused")
			return false
		}
		for _, key := range replaced {
			g.close(key)
		}
		g.log.Info("hub: a device has joined")
	}
	c.RegisterUser(&server.User{Username: o.Nkey, Permissions: permissions(o.Nkey)})
	g.enter(o.Nkey, c.GetID())
	// It may have been revoked between the look and the entry. Who has yet to prove its
	// TPM comes in as a guest: all that it may do then is that.
	_, device := g.registry.device(o.Nkey)
	if _, _, guest := g.registry.guest(o.Nkey); !device && !(guest && !known) {
		g.close(o.Nkey)
		return false
	}
	return true
}

// permissions of a device: its own subjects, its own inboxes, nothing else.
func permissions(key string) *server.Permissions {
	return &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: uplink.SubjectsOf(key)},
		Subscribe: &server.SubjectPermission{Allow: []string{uplink.Inbox(key) + ".>"}},
	}
}

func signed(key, signature string, nonce []byte) bool {
	if len(nonce) == 0 || !nkeys.IsValidPublicUserKey(key) {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	public, err := nkeys.FromPublicKey(key)
	return err == nil && public.Verify(nonce, sig) == nil
}

// mayTry counts a try to join.
func (g *gate) mayTry(from net.Addr) bool {
	host := ""
	if from != nil {
		host, _, _ = net.SplitHostPort(from.String())
		// One machine has as many addresses of a /64 as it likes.
		if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
			host = ip.Mask(net.CIDRMask(64, 128)).String()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	limit := g.tries[host]
	if limit == nil {
		if len(g.tries) >= maxTryers {
			clear(g.tries) // the limit of all addresses still holds
		}
		limit = rate.NewLimiter(rate.Limit(1.0/triesEvery), triesBurst)
		g.tries[host] = limit
	}
	if !limit.Allow() || !g.all.Allow() {
		g.log.Warn("hub: too many tries to join")
		return false
	}
	return true
}

// enter notes a connection, and ends the device's oldest when it has too many.
func (g *gate) enter(key string, id uint64) {
	g.mu.Lock()
	ids := append(g.open[key], id)
	var old uint64
	if len(ids) > maxConnections {
		old, ids = ids[0], ids[1:]
	}
	g.open[key] = ids
	g.mu.Unlock()
	if old != 0 {
		g.kick(old)
	}
}

// close ends the connections of a device and returns how many it tried.
func (g *gate) close(key string) int {
	g.mu.Lock()
	ids := g.open[key]
	delete(g.open, key)
	g.mu.Unlock()
	for _, id := range ids {
		g.kick(id)
	}
	return len(ids)
}

// closeSoon is close when what the device was told has had time to reach it.
func (g *gate) closeSoon(key string) { time.AfterFunc(time.Second, func() { g.close(key) }) }

// connections returns the ids that were let in for a device; some may have ended.
func (g *gate) connections(key string) []uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]uint64(nil), g.open[key]...)
}
