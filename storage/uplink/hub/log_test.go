package hub

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tenin/storage/uplink"
)

// lines is a log in memory.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(b) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func TestTheLogHoldsNothingThatADeviceOrAStrangerChose(t *testing.T) {
	var log lines
	h, stop := open(t, Options{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	key, own := asDevice(t, join(t, h, "ginza-1"))
	const word = "himitsunokotoba"
	if _, err := raw(t, h, nats.Name(word), nats.UserInfo(word, word)); err == nil {
		t.Error("a stranger came in")
	}
	nc, err := raw(t, h, own, nats.Name(word), nats.CustomInboxPrefix(uplink.Inbox(key)))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.Publish(word, []byte(word))
	_, _ = nc.SubscribeSync(word)
	_, _ = nc.Request(uplink.Subject(key), []byte(word), 5*time.Second)
	_ = nc.Publish(uplink.Subject(key), bytes.Repeat([]byte(word), 1000))
	_ = nc.FlushTimeout(time.Second)
	stop()
	if strings.Contains(log.String(), word) {
		t.Errorf("it is in the log:\n%s", log.String())
	}
	if !strings.Contains(log.String(), "what is no summary") {
		t.Error("the refusal is not in the log")
	}
}
