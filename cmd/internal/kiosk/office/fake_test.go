package office

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

var _ House = kiosk.House(nil)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.Local)

// fakeHouse remembers what it was asked for.
type fakeHouse struct {
	mu       sync.Mutex
	staff    []storage.StaffMember
	pin      string
	in       bool
	state    kiosk.Situation
	asked    []string
	fail     error // what everything behind a PIN answers
	watchers chan kiosk.Situation
	over     chan struct{}
}

func newFake(names ...string) *fakeHouse {
	f := &fakeHouse{pin: "482913", watchers: make(chan kiosk.Situation, 8), over: make(chan struct{})}
	for _, n := range names {
		f.staff = append(f.staff, storage.StaffMember{Name: n, Role: storage.RoleManager})
	}
	f.state = situation()
	f.in = len(names) == 0
	return f
}

func situation() kiosk.Situation {
	return kiosk.Situation{
		Kiosk: "案内機 1", Shop: "てんいん百貨店", Topics: []string{"修理", "営業時間"},
		Calls: []kiosk.Call{{ID: "c1", Kiosk: "案内機 1", Topic: "修理", Language: "ja", Since: noon.Add(-time.Minute)}},
	}
}

func (f *fakeHouse) ask(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
	if !f.in {
		return control.ErrPINNeeded
	}
	return f.fail
}

func (f *fakeHouse) heard() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.asked...)
}

func (f *fakeHouse) Staff(context.Context) ([]storage.StaffMember, error) { return f.staff, nil }

func (f *fakeHouse) Login(_ context.Context, name string, pin seal.Secret) (m control.Member, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, "login "+name)
	err = storage.ErrWrongPIN
	if string(pin.Bytes()) == f.pin {
		err, f.in = nil, true
		m = control.Member{Name: f.staff[0].Name, Role: "manager"}
	}
	return m, err
}

func (f *fakeHouse) Lock(context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.in = len(f.staff) == 0
	f.asked = append(f.asked, "lock")
	return nil
}

func (f *fakeHouse) Watch(ctx context.Context, tell func(kiosk.Situation)) error {
	tell(f.state)
	for {
		select {
		case s := <-f.watchers:
			tell(s)
		case <-f.over:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *fakeHouse) call(format string, args ...any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, fmt.Sprintf(format, args...))
	return nil
}

func (f *fakeHouse) Take(_ context.Context, call string) error    { return f.call("take %s", call) }
func (f *fakeHouse) Handled(_ context.Context, call string) error { return f.call("handled %s", call) }

func (f *fakeHouse) Today(_ context.Context, days int) ([]storage.Tally, error) {
	return []storage.Tally{{Day: "2026-11-22", Topics: map[string]storage.Counts{"修理": {Answered: 2, HandedOff: 1}, "": {Answered: 1}}}}, f.ask("today %d", days)
}

func (f *fakeHouse) Unanswered(_ context.Context, days int) ([]kiosk.Gap, error) {
	return gaps(), f.ask("unanswered")
}

func gaps() []kiosk.Gap {
	return []kiosk.Gap{{ID: "g1", Question: "傘は直せますか", Others: []string{"傘の修理"}, Language: "ja", Topic: "修理", Count: 3, Last: noon}}
}

func near() []kiosk.Approved {
	return []kiosk.Approved{{ID: "a1", Question: "靴は直せますか", Answer: "はい。1階で承ります。", Topic: "修理"}}
}

func (f *fakeHouse) Similar(_ context.Context, question string, n int) ([]kiosk.Approved, error) {
	return near(), f.ask("similar %s", question)
}

func (f *fakeHouse) Try(_ context.Context, t kiosk.Trial) (kiosk.Tried, error) {
	return kiosk.Tried{Words: []kiosk.Spelling{{Text: "傘", Kana: "カサ"}, {Text: "修理", Kana: "シューリ"}}, Sound: audio.Clip{Samples: make([]float32, 10), Rate: 16000}},
		f.ask("try %s sound=%v play=%v", t.Text, t.Sound, t.Play)
}

func (f *fakeHouse) FixReading(_ context.Context, r kiosk.Reading) error {
	return f.ask("reading %s=%s", r.Word, r.Kana)
}

func (f *fakeHouse) Publish(_ context.Context, d kiosk.Draft, preview bool) (knowledge.Diff, error) {
	return knowledge.Diff{}, f.ask("publish id=%s %s → %s preview=%v", d.ID, d.Question, d.Answer, preview)
}

func (f *fakeHouse) TakeBack(context.Context) (knowledge.Diff, error) {
	return knowledge.Diff{}, f.ask("takeback")
}

func (f *fakeHouse) Conversations(_ context.Context, filter kiosk.Filter) ([]kiosk.Conversation, error) {
	return talks(), f.ask("conversations %s", filter.Topic)
}

func talks() []kiosk.Conversation {
	return []kiosk.Conversation{{Listing: storage.Listing{ID: storage.ID{7}, Started: noon, Turns: 2, Sound: 3 * time.Second}, Topics: []string{"修理"}}}
}

func saved() *storage.Saved {
	return &storage.Saved{ID: storage.ID{7}, Turns: []storage.Turn{{Transcript: "傘は直せますか", Answer: "はい。", Clip: 1}, {Transcript: "いつまで", Kind: "handoff"}},
		Clips: []storage.ClipInfo{{Number: 1, Samples: 3 * storage.SampleRate, Complete: true}}}
}

func (f *fakeHouse) Read(_ context.Context, id storage.ID, reason string) (*storage.Saved, error) {
	return saved(), f.ask("read %s because %s", id.String()[:2], reason)
}

func (f *fakeHouse) Sound(_ context.Context, id storage.ID, clip int, reason string) (audio.Clip, error) {
	return audio.Clip{Samples: make([]float32, 10), Rate: storage.SampleRate}, f.ask("sound %d because %s", clip, reason)
}

func (f *fakeHouse) Change(_ context.Context, c kiosk.Change) (kiosk.Settings, error) {
	s := kiosk.Settings{}
	if c.Notice != nil {
		s.Notice = *c.Notice
	}
	return s, f.ask("change %s off=%v", c.Topic, c.TopicOff)
}

// fakePlayer plays until it is stopped, or nothing at all.
type fakePlayer struct{ held bool }

func (p fakePlayer) Play(ctx context.Context, c audio.Clip) error {
	if !p.held {
		return nil
	}
	<-ctx.Done()
	return ctx.Err()
}

var errBroken = errors.New("the disk is gone")
