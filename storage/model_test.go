package storage

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// modelSession is what a session must hold, kept in a map by the test.
type modelSession struct {
	source SourceKind
	turns  []Turn
	clips  [][]int16
	open   *Session // nil once closed
}

// model is a vault next to the maps that say what must be in it.
type model struct {
	home     string
	vault    *Vault
	sessions map[ID]*modelSession
	erased   []ID
	outbox   map[[16]byte]string
}

func (m *model) pick(t *rapid.T, want func(*modelSession) bool) (ID, *modelSession) {
	var ids []ID
	for id, s := range m.sessions {
		if want(s) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		t.Skip("none")
	}
	slices.SortFunc(ids, func(a, b ID) int { return slices.Compare(a[:], b[:]) })
	id := rapid.SampledFrom(ids).Draw(t, "session")
	return id, m.sessions[id]
}

func isOpen(s *modelSession) bool   { return s.open != nil }
func anySession(*modelSession) bool { return true }

func (m *model) Begin(t *rapid.T) {
	source := rapid.SampledFrom([]SourceKind{File, Text, Microphone}).Draw(t, "source")
	from := map[SourceKind]Source{File: FromFile(), Text: FromText()}[source]
	if source == Microphone {
		c, err := GrantConsent(Grant{Notice: "n", By: ByVoice, At: testTime})
		must(t, err)
		from = FromMicrophone(c)
	}
	s := begin(t, m.vault, from)
	m.sessions[s.ID()] = &modelSession{source: source, open: s}
}

func (m *model) Append(t *rapid.T) {
	_, s := m.pick(t, isOpen)
	turn := testTurn(rapid.String().Draw(t, "words"))
	turn.Score = rapid.Float64Range(0, 1).Draw(t, "score")
	turn.Clip = rapid.IntRange(0, len(s.clips)).Draw(t, "clip")
	must(t, s.open.Append(turn))
	s.turns = append(s.turns, turn)
}

func (m *model) Clip(t *rapid.T) {
	_, s := m.pick(t, func(s *modelSession) bool { return s.open != nil && s.source != Text })
	sound := testSound(rapid.SampledFrom([]int{0, 1, 511, SampleRate - 1, SampleRate, SampleRate + 1, 2*SampleRate + 77}).Draw(t, "samples"), 5)
	c, err := s.open.NewClip()
	must(t, err)
	for part := range slices.Chunk(sound, rapid.SampledFrom([]int{512, 16000, 40000}).Draw(t, "part")) {
		must(t, c.Write(part))
	}
	must(t, c.Close())
	s.clips = append(s.clips, sound)
}

func (m *model) CloseSession(t *rapid.T) {
	_, s := m.pick(t, isOpen)
	must(t, s.open.Close())
	if err := s.open.Append(testTurn("late")); !errors.Is(err, ErrClosed) {
		t.Fatalf("a closed session took a turn: %v", err)
	}
	s.open = nil
}

func (m *model) Erase(t *rapid.T) {
	id, _ := m.pick(t, anySession)
	must(t, m.vault.Erase(id))
	delete(m.sessions, id)
	m.erased = append(m.erased, id)
}

func (m *model) Put(t *rapid.T) {
	id := [16]byte{byte(rapid.IntRange(0, 5).Draw(t, "message"))}
	payload := rapid.StringN(0, 40, -1).Draw(t, "payload")
	must(t, m.vault.Outbox().Put(id, []byte(payload)))
	if _, ok := m.outbox[id]; !ok {
		m.outbox[id] = payload
	}
}

func (m *model) Ack(t *rapid.T) {
	id := [16]byte{byte(rapid.IntRange(0, 5).Draw(t, "message"))}
	must(t, m.vault.Outbox().Ack(id))
	delete(m.outbox, id)
}

func (m *model) Reopen(t *rapid.T) {
	closeVault(t, m.vault)
	m.reopened(t)
}

// Crash opens the files again as they are, as after a kill.
func (m *model) Crash(t *rapid.T) {
	m.vault.db.Close()
	m.vault.lock.Close()
	m.reopened(t)
}

func (m *model) reopened(t *rapid.T) {
	m.vault = openVault(t, m.home)
	for _, s := range m.sessions {
		s.open = nil
	}
}

// Check runs after every step.
func (m *model) Check(t *rapid.T) {
	list, err := m.vault.Sessions()
	must(t, err)
	if len(list) != len(m.sessions) {
		t.Fatalf("%d sessions, want %d", len(list), len(m.sessions))
	}
	for _, l := range list {
		want := m.sessions[l.ID]
		if want == nil || l.Err != nil || l.Source != want.source || l.Turns != len(want.turns) || l.Clips != len(want.clips) || l.Open != (want.open != nil) {
			t.Fatalf("listing %+v, want %+v", l, want)
		}
		saved, err := m.vault.Load(l.ID)
		must(t, err)
		if !sameTurns(saved.Turns, want.turns) {
			t.Fatalf("turns %+v, want %+v", saved.Turns, want.turns)
		}
		for i, sound := range want.clips {
			got, err := m.vault.Sound(l.ID, i+1)
			must(t, err)
			if !slices.Equal(got, sound) {
				t.Fatalf("clip %d changed", i+1)
			}
		}
	}
	for _, id := range m.erased {
		if _, err := m.vault.Load(id); !errors.Is(err, ErrNotFound) {
			t.Fatalf("an erased session: %v", err)
		}
	}
	pending, err := m.vault.Outbox().Pending(-1)
	must(t, err)
	got := map[[16]byte]string{}
	for _, p := range pending {
		got[p.ID] = string(p.Payload)
	}
	if !maps.Equal(got, m.outbox) {
		t.Fatalf("outbox %v, want %v", got, m.outbox)
	}
	must(t, m.vault.Verify())
}

func TestTheVaultBehavesAsAMap(t *testing.T) {
	t.Parallel()
	base := newHome(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		m := &model{home: fmt.Sprintf("%s%d", base, n), sessions: map[ID]*modelSession{}, outbox: map[[16]byte]string{}}
		m.vault = openVault(t, m.home)
		defer func() {
			closeVault(t, m.vault)
			os.RemoveAll(m.home)
		}()
		t.Repeat(map[string]func(*rapid.T){
			"Begin": m.Begin, "Append": m.Append, "Clip": m.Clip, "CloseSession": m.CloseSession, "Erase": m.Erase,
			"Put": m.Put, "Ack": m.Ack, "Reopen": m.Reopen, "Crash": m.Crash, "": m.Check,
		})
	})
}
