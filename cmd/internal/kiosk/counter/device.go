package counter

import (
	"context"
	"sync"

	"tenin/audio"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

// Device is d with the screen's switch for the voice: while that is off nothing is played, and what sounds when it is turned
// off ends there. The answer is shown as always.
func (c *Counter) Device(d kiosk.Device) kiosk.Device { return switched{d, &c.mouths} }

type switched struct {
	device kiosk.Device
	mouths *mouths
}

// Listen implements kiosk.Device.
func (s switched) Listen(ctx context.Context, from storage.SourceKind) (kiosk.Ear, error) {
	return s.device.Listen(ctx, from)
}

// Speak implements kiosk.Device.
func (s switched) Speak(ctx context.Context) kiosk.Mouth {
	mouth := s.device.Speak(ctx)
	if mouth == nil {
		return nil
	}
	return s.mouths.open(mouth)
}

// mouths knows whether the voice is off, and what sounds. It has a lock of its own: a mouth is used from any goroutine.
type mouths struct {
	mu     sync.Mutex
	silent bool
	last   *mouth
}

func (m *mouths) open(inner kiosk.Mouth) *mouth {
	opened := &mouth{Mouth: inner, of: m}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = opened
	return opened
}

func (m *mouths) silence(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.silent = on
}

// hush stops what sounds.
func (m *mouths) hush() {
	m.mu.Lock()
	last := m.last
	sounds := last != nil && last.sounds
	m.mu.Unlock()
	if sounds {
		last.Stop()
	}
}

// mouth plays an answer while the voice is on. One that was opened early, while the shopper still spoke, is asked only when
// there is sound.
type mouth struct {
	kiosk.Mouth
	of     *mouths
	sounds bool // under of.mu
}

// Add implements kiosk.Mouth.
func (m *mouth) Add(clip audio.Clip) {
	m.of.mu.Lock()
	silent := m.of.silent
	m.sounds = m.sounds || !silent
	m.of.mu.Unlock()
	if !silent {
		m.Mouth.Add(clip)
	}
}

// Finish implements kiosk.Mouth.
func (m *mouth) Finish() {
	m.Mouth.Finish()
	m.of.mu.Lock()
	defer m.of.mu.Unlock()
	if m.of.last == m {
		m.of.last = nil
	}
}
