package kiosk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/llm/dialogue"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

// fakeMachine is one whose state a test sets.
type fakeMachine struct {
	mu    sync.Mutex
	state string
	tell  func(string)
}

func (s *fakeMachine) State() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

func (s *fakeMachine) Subscribe(f func(string)) func() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell = f
	return func() {}
}

func (s *fakeMachine) enter(state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = state
	s.tell(state)
}

// serveFake serves a fake clerk's home, and returns the owner that a command would have.
func serveFake(t *testing.T, o ControlOptions) (*Clerk, Owner) {
	t.Helper()
	clerk, _ := openFake(t, parking, nil)
	c, err := ServeControl(t.Context(), clerk, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	owner := openOwner(t, clerk.options.Home)
	if !owner.Running() {
		t.Fatal("the kiosk was not found")
	}
	return clerk, owner
}

func openOwner(t *testing.T, home string) Owner {
	t.Helper()
	owner, err := OpenOwner(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { owner.Close() })
	return owner
}

func converse(t *testing.T, c *Clerk) storage.ID {
	t.Helper()
	visit := begin(t, c, storage.FromText())
	for _, question := range []string{parking, "返品できますか"} {
		if _, err := visit.AskText(t.Context(), question, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := visit.Close(); err != nil {
		t.Fatal(err)
	}
	id, err := storage.ParseID(visit.Session())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

const managersPIN, staffsPIN, techniciansPIN = "835261", "774411", "kanda-7"

func pin(s string) seal.Secret { return seal.NewSecret([]byte(s)) }

func TestARunningKioskAndAnOpenedVaultAnswerTheSame(t *testing.T) {
	clerk, far := serveFake(t, ControlOptions{})
	id := converse(t, clerk)
	if err := far.AddStaff(t.Context(), "佐藤", storage.RoleManager, pin(managersPIN)); err != nil {
		t.Fatal(err)
	}
	if err := far.Login(t.Context(), "佐藤", pin(managersPIN)); err != nil {
		t.Fatal(err)
	}
	near := &local{home: clerk.options.Home, vault: clerk.vault}
	for name, ask := range map[string]func(Owner) (any, error){
		"sessions":          func(o Owner) (any, error) { return o.Sessions(t.Context()) },
		"load":              func(o Owner) (any, error) { return o.Load(t.Context(), id, "") },
		"load what is not":  func(o Owner) (any, error) { return o.Load(t.Context(), storage.ID{1}, "") },
		"erase what is not": func(o Owner) (any, error) { return nil, o.Erase(t.Context(), storage.ID{1}) },
		"no such receipt":   func(o Owner) (any, error) { return o.EraseReceipt(t.Context(), storage.Receipt(0).String()) },
		"no receipt":        func(o Owner) (any, error) { return o.EraseReceipt(t.Context(), "what was said") },
		"keys":              func(o Owner) (any, error) { return o.Keys(t.Context()) },
		"staff":             func(o Owner) (any, error) { return o.Staff(t.Context()) },
		"staff twice": func(o Owner) (any, error) {
			return nil, o.AddStaff(t.Context(), "佐藤", storage.RoleStaff, pin(staffsPIN))
		},
		"an easy PIN":    func(o Owner) (any, error) { return nil, o.AddStaff(t.Context(), "a", storage.RoleStaff, pin("111111")) },
		"disable nobody": func(o Owner) (any, error) { return nil, o.DisableStaff(t.Context(), "nobody") },
		"knowledge": func(o Owner) (any, error) {
			batch, isDemo, err := o.Knowledge(t.Context())
			return []any{batch.Entries, batch.Products, isDemo}, err
		},
		"preview": func(o Owner) (any, error) {
			return o.Import(t.Context(), knowledge.Batch{Entries: []knowledge.Entry{{ID: "x", Question: "傘はありますか", Answer: "はい。", Language: "ja"}}}, ImportPreview, nil)
		},
		"redo nothing": func(o Owner) (any, error) { return o.Step(t.Context(), true, nil) },
	} {
		want, wantErr := ask(near)
		got, gotErr := ask(far)
		if wantErr != nil {
			if gotErr == nil || wantErr.Error() != gotErr.Error() || reasonOf(wantErr) == "" || !errors.Is(gotErr, sentinelOf(reasonOf(wantErr))) {
				t.Errorf("%s: %v, and from the kiosk %v", name, wantErr, gotErr)
			}
			continue
		}
		if gotErr != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("%s: %+v, and from the kiosk %+v, %v", name, want, got, gotErr)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if !bytes.Equal(a, b) {
			t.Errorf("%s as JSON: %s, and from the kiosk %s", name, a, b)
		}
	}
}

func TestWhoReadASessionIsLoggedAndWhatItHoldsIsNot(t *testing.T) {
	var log bytes.Buffer
	clerk, owner := serveFake(t, ControlOptions{Log: slog.New(slog.NewTextHandler(&log, nil))})
	id := converse(t, clerk)
	ctx := t.Context()
	for _, m := range []struct {
		name string
		role storage.Role
		pin  string
	}{{"sato", storage.RoleManager, managersPIN}, {"suzuki", storage.RoleStaff, staffsPIN}, {"tanaka", storage.RoleTechnician, techniciansPIN}} {
		if err := owner.AddStaff(ctx, m.name, m.role, pin(m.pin)); err != nil {
			t.Fatal(err)
		}
		// From the first account on the next need a manager.
		if err := owner.Login(ctx, "sato", pin(managersPIN)); err != nil {
			t.Fatal(err)
		}
	}
	suzuki, tanaka, nobody := openOwner(t, clerk.options.Home), openOwner(t, clerk.options.Home), openOwner(t, clerk.options.Home)
	if _, err := nobody.Load(ctx, id, "苦情の確認"); !errors.Is(err, control.ErrPINNeeded) {
		t.Error(err)
	}
	if err := nobody.AddStaff(ctx, "me", storage.RoleManager, pin("990077")); !errors.Is(err, control.ErrPINNeeded) {
		t.Error(err)
	}
	if err := suzuki.Login(ctx, "suzuki", pin("000001")); !errors.Is(err, storage.ErrWrongPIN) {
		t.Error(err)
	}
	if err := errors.Join(suzuki.Login(ctx, "suzuki", pin(staffsPIN)), tanaka.Login(ctx, "tanaka", pin(techniciansPIN))); err != nil {
		t.Fatal(err)
	}
	if _, err := tanaka.Load(ctx, id, "苦情の確認"); !errors.Is(err, control.ErrNotAllowed) {
		t.Error(err)
	}
	saved, err := suzuki.Load(ctx, id, "苦情の確認")
	if err != nil || len(saved.Turns) != 2 || saved.Turns[0].Transcript != parking {
		t.Fatalf("%+v, %v", saved, err)
	}
	if err := suzuki.Erase(ctx, id); !errors.Is(err, control.ErrNotAllowed) {
		t.Error(err)
	}
	if err := owner.DisableStaff(ctx, "suzuki"); err != nil {
		t.Fatal(err)
	}
	if _, err := suzuki.Load(ctx, id, "苦情の確認"); !errors.Is(err, control.ErrPINNeeded) {
		t.Errorf("after the account's end: %v", err)
	}
	if err := owner.Erase(ctx, id); err != nil {
		t.Fatal(err)
	}
	if _, err := clerk.vault.Load(id); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	text := log.String()
	for _, want := range []string{`msg="a session was read" staff=suzuki`, "session=" + id.String(), `msg="a session was erased" staff=sato`, `msg="a staff account was disabled" staff=sato`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the log", want)
		}
	}
	for _, secret := range []string{parking, parkingAnswer, "駐車", managersPIN, staffsPIN, techniciansPIN, "000001"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q is in the log: %s", secret, text)
		}
	}
}

func TestAnImportThroughTheKioskIsAnsweredFromAtOnceAndUndone(t *testing.T) {
	reloaded := make(chan struct{}, 10)
	events := control.NewEvents("attract")
	clerk, owner := serveFake(t, ControlOptions{Events: events, Reloaded: func() { reloaded <- struct{}{} }})
	ask := func(want string) {
		t.Helper()
		turn, err := begin(t, clerk, storage.FromText()).AskText(t.Context(), parking, nil)
		if err != nil || turn.Reply.Kind != dialogue.Approved || turn.Reply.Text != want {
			t.Errorf("%+v, %v", turn.Reply, err)
		}
	}
	ask(parkingAnswer)
	batch := knowledge.Batch{Entries: []knowledge.Entry{
		{ID: "parking", Question: parking, Answer: "地下3階にございます。", Language: "ja"},
		{ID: "returns", Question: "返品できますか", Answer: "レシートをお持ちください。", Language: "ja"},
	}, Source: "faq.csv"}
	read := 0
	diff, err := owner.Import(t.Context(), batch, ImportReplace, func(done, _ int) { read = done })
	if err != nil || len(diff.Entries.Changed) != 1 || diff.Entries.Unchanged != 1 {
		t.Fatalf("%+v, %v", diff, err)
	}
	ask("地下3階にございます。")
	if read == 0 || len(reloaded) != 1 {
		t.Errorf("%d texts were read, reloaded %d times", read, len(reloaded))
	}
	if diff, err = owner.Step(t.Context(), false, nil); err != nil || len(diff.Entries.Changed) != 1 {
		t.Fatalf("%+v, %v", diff, err)
	}
	ask(parkingAnswer)
	if diff, err = owner.Step(t.Context(), true, nil); err != nil || len(diff.Entries.Changed) != 1 {
		t.Fatalf("%+v, %v", diff, err)
	}
	ask("地下3階にございます。")
}

func TestABatchThatComesInManyPiecesArrivesWhole(t *testing.T) {
	clerk, owner := serveFake(t, ControlOptions{})
	batch := knowledge.Batch{}
	for i := range 150 {
		batch.Entries = append(batch.Entries, knowledge.Entry{
			ID: fmt.Sprint("q", i), Question: fmt.Sprintf("%d番の売場はどこですか", i), Answer: strings.Repeat("答。", 450), Language: "ja",
		})
	}
	diff, err := owner.Import(t.Context(), batch, ImportAdd, nil)
	if err != nil || len(diff.Entries.Added) != 150 {
		t.Fatalf("%d added: %v", len(diff.Entries.Added), err)
	}
	got, _, err := owner.Knowledge(t.Context())
	if err != nil || len(got.Entries) != 152 {
		t.Fatalf("%d entries: %v", len(got.Entries), err)
	}
	if answers, _ := clerk.Known(); answers != 152 {
		t.Errorf("the clerk knows %d", answers)
	}
}

func TestTheStatusTellsStateKnowledgeAndProcesses(t *testing.T) {
	now := time.Now()
	machine := &fakeMachine{state: "attract"}
	clerk, _ := serveFake(t, ControlOptions{Version: "1.2", Machine: machine, Processes: func() []ControlProcess {
		return []ControlProcess{{Role: "asr", PID: 7, Since: now, Restarts: 2}}
	}})
	read := func() *pb.StatusReply {
		t.Helper()
		c, err := DialKiosk(t.Context(), clerk.options.Home)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.Status()
	}
	s := read()
	if s.State != "attract" || s.Version != "1.2" || int(s.Pid) != os.Getpid() || s.Home != clerk.options.Home || s.Answers != 2 || s.Products != 1 || s.Demo || s.Staffed {
		t.Errorf("%+v", s)
	}
	if len(s.Processes) != 1 || s.Processes[0].Role != "asr" || s.Processes[0].Pid != 7 || s.Processes[0].Restarts != 2 || !control.Time(s.Processes[0].SinceNs).Equal(now) {
		t.Errorf("%+v", s.Processes)
	}
	machine.enter("listening")
	if s := read(); s.State != "listening" || s.StateSinceNs < s.StartedNs {
		t.Errorf("%+v", s)
	}
}

func TestASecondKioskOnAHomeIsToldWhichOneRuns(t *testing.T) {
	clerk, _ := serveFake(t, ControlOptions{})
	err := AlreadyRuns(clerk.options.Home)
	if !errors.Is(err, control.ErrRunning) || !strings.Contains(err.Error(), clerk.options.Home) {
		t.Error(err)
	}
	if _, err := ServeControl(t.Context(), clerk, ControlOptions{}); !errors.Is(err, control.ErrRunning) {
		t.Error(err)
	}
	if err := AlreadyRuns(t.TempDir()); err != nil {
		t.Error(err)
	}
}

func TestTheSocketGoesWithTheContextAndTheVaultCanBeOpenedThen(t *testing.T) {
	clerk, _ := openFake(t, "", nil)
	ctx, cancel := context.WithCancel(t.Context())
	c, err := ServeControl(ctx, clerk, ControlOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := clerk.Close(); err != nil {
		t.Fatal(err)
	}
	owner := openOwner(t, clerk.options.Home)
	if owner.Running() {
		t.Error("a kiosk still runs")
	}
	if _, err := owner.Sessions(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestReadingMakesNoVault(t *testing.T) {
	home := t.TempDir()
	owner := openOwner(t, home)
	if list, err := owner.Sessions(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := owner.Load(t.Context(), storage.ID{1}, ""); !errors.Is(err, storage.ErrNotFound) {
		t.Error(err)
	}
	if list, err := owner.Staff(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if err := owner.DisableStaff(t.Context(), "sato"); !errors.Is(err, storage.ErrStaff) {
		t.Error(err)
	}
	if names, err := os.ReadDir(home); err != nil || len(names) != 0 {
		t.Errorf("%v, %v", names, err)
	}
}

func TestEveryReasonNamesOneErrorAndComesBackAsIt(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range reasons {
		if seen[r.name] {
			t.Errorf("%s stands for two errors", r.name)
		}
		seen[r.name] = true
		if got := reasonOf(r.err); got != r.name || sentinelOf(got) != r.err {
			t.Errorf("%v crosses as %s", r.err, got)
		}
	}
	if reasonOf(errors.New("else")) != "" || sentinelOf("else") != nil {
		t.Error("an unknown error has a reason")
	}
}

func anyTime(t *rapid.T, what string) time.Time {
	return time.Unix(rapid.Int64Range(1, 9_000_000_000).Draw(t, what), rapid.Int64Range(0, 999_999_999).Draw(t, what)).UTC()
}

func TestWhatCrossesTheSocketComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := func(what string) string { return rapid.String().Draw(t, what) }
		turn := storage.Turn{
			At: anyTime(t, "at"), Transcript: text("transcript"), Language: text("language"), Answer: text("answer"), Detail: text("detail"),
			Kind: text("kind"), Score: rapid.Float64Range(0, 1).Draw(t, "score"), Clip: rapid.IntRange(0, 1<<20).Draw(t, "clip"),
			Timings: storage.Timings{VAD: 1, ASR: time.Duration(rapid.Int64().Draw(t, "asr")), Retrieve: 3, Generate: 4, FirstAudio: 5, Total: 6},
		}
		if rapid.Bool().Draw(t, "sources") {
			turn.Sources = []string{text("source"), text("source")}
		}
		if got := turnFromWire(turnToWire(turn)); !reflect.DeepEqual(got, turn) {
			t.Fatalf("%+v, and back %+v", turn, got)
		}
		listing := storage.Listing{ID: storage.ID{1, 2}, Started: anyTime(t, "started"), Source: storage.Microphone, Language: "ja", Turns: 3, Clips: 2, Sound: time.Minute, Open: true}
		if got, err := listingFromWire(listingToWire(listing)); err != nil || !reflect.DeepEqual(got, listing) {
			t.Fatalf("%+v, and back %+v, %v", listing, got, err)
		}
		saved := &storage.Saved{ID: storage.ID{3}, Started: anyTime(t, "started"), Source: storage.File, Language: text("language"), Open: rapid.Bool().Draw(t, "open"),
			Clips: []storage.ClipInfo{{Number: 1, Samples: 16000, Complete: true}, {Number: 2, Samples: 3}}}
		if rapid.Bool().Draw(t, "consent") {
			saved.Consent = &storage.Grant{Notice: text("notice"), By: storage.ByTouch, At: anyTime(t, "agreed")}
		}
		if got, err := savedFromWire(savedToWire(saved)); err != nil || !reflect.DeepEqual(got, saved) {
			t.Fatalf("%+v, and back %+v, %v", saved, got, err)
		}
		member := storage.StaffMember{Name: text("name"), Role: storage.RoleStaff, Added: anyTime(t, "added"), Disabled: true}
		if got := memberFromWire(memberToWire(member)); got != member {
			t.Fatalf("%+v, and back %+v", member, got)
		}
	})
}

func TestADamagedSessionIsListedAsSuch(t *testing.T) {
	l := storage.Listing{ID: storage.ID{9}, Err: errors.Join(storage.ErrDamaged)}
	got, err := listingFromWire(listingToWire(l))
	if err != nil || !errors.Is(got.Err, storage.ErrDamaged) || got.Err.Error() != l.Err.Error() {
		t.Errorf("%+v, %v", got, err)
	}
}

// FuzzBatch: whatever comes in place of a batch is refused, or is one that an import takes.
func FuzzBatch(f *testing.F) {
	f.Add([]byte(`{"Entries":[{"id":"a","question":"駐車場","answer":"はい。","language":"ja"}],"Source":"faq.csv"}`))
	f.Add([]byte(`{"Entries":[{"id":"","question":"","answer":""}]}`))
	f.Add([]byte(`{"Products":[{"id":"p","name":"傘","price":-1}]} {}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		batch, err := checkedBatch(t.Context(), text)
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q", err)
			}
			return
		}
		for _, e := range batch.Entries {
			if e.ID == "" || e.Question == "" || e.Answer == "" || e.Language == "" {
				t.Errorf("%+v was taken", e)
			}
		}
	})
}
