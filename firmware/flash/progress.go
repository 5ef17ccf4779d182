package flash

import (
	"sync"
	"time"
)

// A Stage is what [Write] is doing.
type Stage string

// The stages, in their order.
const (
	Checking    Stage = "checking"
	Writing     Stage = "writing"
	ReadingBack Stage = "reading back"
	Finishing   Stage = "finishing"
)

// A Progress says how far the work is.
type Progress struct {
	Stage Stage
	// Done of Total bytes are done in this stage.
	Done, Total int64
	// Rate is that of the stage so far, in bytes a second, and 0 until it is known.
	Rate float64
	// Left is how long writing and reading back still take at that rate, and 0 until it is known.
	Left time.Duration
}

// A meter counts the bytes of a stage for whoever wants to know.
type meter struct {
	tell  func(Progress)
	mu    sync.Mutex
	p     Progress
	after int64 // bytes of later stages
	began time.Time
}

func (m *meter) begin(stage Stage, total, after int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p, m.after, m.began = Progress{Stage: stage, Total: total}, after, time.Now()
	m.say()
}

func (m *meter) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.p.Done += n
	if spent := time.Since(m.began).Seconds(); spent > 0.2 {
		m.p.Rate = float64(m.p.Done) / spent
		m.p.Left = time.Duration(float64(m.p.Total-m.p.Done+m.after) / m.p.Rate * float64(time.Second)).Round(time.Second)
	}
	m.say()
}

func (m *meter) say() {
	if m.tell != nil {
		m.tell(m.p)
	}
}
