package hub

import (
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"golang.org/x/time/rate"

	"tenin/storage/uplink"
)

// What a device may ask for. A kiosk asks some times an hour, and reads with a few
// chunks on the way.
const (
	reportsEvery = 2 * time.Second
	reportsBurst = 10
	readRate     = 16 << 20 // bytes a second of one device
	readBurst    = 4 << 20
)

// handout tells devices what to run, and gives them the bundle that they were offered.
type handout struct {
	h     *Hub
	reply func(subject string, b []byte)
	all   *rate.Limiter // bytes a second of all devices; nil: no bound

	mu     sync.Mutex
	limits map[string]*handoutLimits
}

type handoutLimits struct{ reports, bytes *rate.Limiter }

func newHandout(h *Hub, reply func(string, []byte)) *handout {
	o := &handout{h: h, reply: reply, limits: map[string]*handoutLimits{}}
	if n := h.o.Bandwidth; n > 0 {
		o.all = rate.NewLimiter(rate.Limit(n), max(int(n), 2*uplink.MaxChunk))
	}
	return o
}

func (o *handout) limit(key string) *handoutLimits {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.limits[key]
	if l == nil {
		l = &handoutLimits{rate.NewLimiter(rate.Every(reportsEvery), reportsBurst), rate.NewLimiter(readRate, readBurst)}
		o.limits[key] = l
	}
	return l
}

// who returns the device that sent a message and may have an answer to it.
func (h *Hub) who(m *nats.Msg) (key, name string, ok bool) {
	if key, ok = uplink.SenderOf(m.Subject); !ok || !uplink.IsReply(key, m.Reply) {
		return "", "", false
	}
	name, ok = h.registry.device(key)
	return key, name, ok
}

// report handles a device's report. The front calls it from one goroutine.
func (o *handout) report(m *nats.Msg) {
	key, name, ok := o.h.who(m)
	if !ok || !o.limit(key).reports.Allow() {
		return
	}
	r, err := uplink.DecodeReport(m.Data)
	if err != nil {
		o.h.log.Warn("hub: a device sent what is no report: it was dropped", "device", name)
		return
	}
	reply, err := o.h.fleet.heard(key, name, r)
	if err != nil {
		o.h.log.Error("hub: nothing is offered", "device", name, "why", err)
	}
	reply.Nonce = o.h.attester.ask(key)
	b, err := reply.Encode()
	if err != nil {
		o.h.log.Error("hub: nothing is offered", "device", name, "why", err)
		return
	}
	o.reply(m.Reply, b)
}

// read handles a device's question for a part of its bundle, likewise.
func (o *handout) read(m *nats.Msg) {
	key, _, ok := o.h.who(m)
	if !ok {
		return
	}
	r, err := uplink.DecodeRead(m.Data)
	if err != nil || !o.h.fleet.mayRead(key, r.Version) {
		o.reply(m.Reply, []byte{byte(uplink.ChunkNo)})
		return
	}
	if !o.limit(key).bytes.AllowN(time.Now(), r.Length) || o.all != nil && !o.all.AllowN(time.Now(), r.Length) {
		o.reply(m.Reply, []byte{byte(uplink.ChunkLater)})
		return
	}
	b, err := o.h.shelf.chunk([]byte{byte(uplink.ChunkData)}, r)
	switch {
	case err == nil:
	case errors.Is(err, ErrNoBundle), errors.Is(err, uplink.ErrUpdate):
		b = []byte{byte(uplink.ChunkNo)}
	default:
		o.h.log.Error("hub: a bundle cannot be read", "why", err)
		b = []byte{byte(uplink.ChunkLater)}
	}
	o.reply(m.Reply, b)
}
