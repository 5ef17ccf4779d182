package hub

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"tenin/storage/uplink"
)

// someBundle returns a bundle of so many bytes.
func someBundle(version int64, size int) (Bundle, []byte) {
	b := make([]byte, size)
	_, _ = rand.Read(b)
	sum := sha256.Sum256(b)
	return Bundle{Version: version, Name: fmt.Sprintf("1.%d.0", version), Size: int64(size), SHA256: sum[:]}, b
}

// publish puts a bundle on the shelf.
func publish(t testing.TB, a Admin, version int64, size int) []byte {
	t.Helper()
	b, data := someBundle(version, size)
	if err := a.Publish(t.Context(), b, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return data
}

func rollOut(t testing.TB, a Admin, version int64) {
	t.Helper()
	if _, err := a.StartRollout(t.Context(), Plan{Version: version, Stages: []int{whole}, Share: 90, Silence: time.Hour}); err != nil {
		t.Fatal(err)
	}
}

// fetching returns the options of a device that runs a version, in a drop folder of its own.
func fetching(t testing.TB, version int64) uplink.FetchOptions {
	t.Helper()
	return uplink.FetchOptions{Folder: t.TempDir(), Report: running(version), Rate: 1 << 30, Pause: 10 * time.Millisecond}
}

func parts(t testing.TB, folder string) (list []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(folder, ".*.part"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// arrived fails unless the whole bundle is in the folder, and no part.
func arrived(t testing.TB, folder string, got uplink.Fetched, version int64, want []byte) {
	t.Helper()
	if got.Path != filepath.Join(folder, fmt.Sprintf("tenin_%d.bundle", version)) {
		t.Errorf("it is at %q", got.Path)
	}
	b, err := os.ReadFile(got.Path)
	if err != nil || !bytes.Equal(b, want) {
		t.Errorf("what arrived is not what was published: %d bytes of %d, %v", len(b), len(want), err)
	}
	if n := parts(t, folder); len(n) != 0 {
		t.Errorf("%v are left", n)
	}
}

func TestABundleReachesADeviceAndItsResultTheHub(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	o := fetching(t, 1)
	got, err := uplink.Fetch(t.Context(), c, o)
	if err != nil || got.Offered != 0 || got.Device != "ginza-1" {
		t.Fatalf("with nothing published: %+v, %v", got, err)
	}
	want := publish(t, h, 2, 5<<20+12345)
	if got, err := uplink.Fetch(t.Context(), c, o); err != nil || got.Offered != 0 {
		t.Fatalf("published and not rolled out: %+v, %v", got, err)
	}
	rollOut(t, h, 2)
	got, err = uplink.Fetch(t.Context(), c, o)
	if err != nil || got.Bytes != int64(len(want)) || got.Resumed != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	arrived(t, o.Folder, got, 2, want)
	if got, err = uplink.Fetch(t.Context(), c, o); err != nil || got.Path != "" || got.Why == "" {
		t.Errorf("what is there is fetched again: %+v, %v", got, err)
	}
	s, err := h.Rollout(t.Context())
	if err != nil || s.Tally.Trying != 1 || s.Devices[0].Standing != "trying" {
		t.Errorf("%+v, %v", s, err)
	}
	o.Report = running(2)
	if got, err := uplink.Fetch(t.Context(), c, o); err != nil || got.Offered != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if s, err = h.Rollout(t.Context()); err != nil || s.Tally.Healthy != 1 || s.Phase != PhaseDone || s.Devices[0].Running != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestADeviceSpeaksForItselfAloneAboutUpdatesToo(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	other, _ := asDevice(t, join(t, h, "ginza-2"))
	c := join(t, h, "ginza-1")
	key, own := asDevice(t, c)
	publish(t, h, 2, 100_000)
	rollOut(t, h, 2)
	var mu sync.Mutex
	refused := 0
	nc, err := raw(t, h, own, nats.CustomInboxPrefix(uplink.Inbox(key)), nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		mu.Lock()
		defer mu.Unlock()
		if errors.Is(err, nats.ErrPermissionViolation) {
			refused++
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	report, err := running(1).Encode()
	if err != nil {
		t.Fatal(err)
	}
	subjects := []string{uplink.ReportSubject(other), uplink.ReadSubject(other), uplink.AttestSubject(other), uplink.ReportSubject(key) + ".x", "tenin.update", "tenin.bundle"}
	for _, s := range subjects {
		if err := nc.Publish(s, report); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []string{uplink.AllReports, uplink.AllReads, uplink.AllAttests, uplink.ReadSubject(other)} {
		if _, err := nc.SubscribeSync(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		mu.Lock()
		n := refused
		mu.Unlock()
		if n == len(subjects)+4 {
			break
		}
	}
	if refused != len(subjects)+4 {
		t.Errorf("%d of %d tries were refused", refused, len(subjects)+4)
	}
	s, err := h.Rollout(t.Context())
	if err != nil || s.Tally.Trying != 0 {
		t.Errorf("it spoke for another: %+v, %v", s.Tally, err)
	}
	// Before it was offered the bundle it reads nothing, and never another one.
	read := func(r uplink.Read) byte {
		m, err := nc.Request(uplink.ReadSubject(key), r.Encode(), 5*time.Second)
		if err != nil || len(m.Data) == 0 {
			t.Fatal(err)
		}
		return m.Data[0]
	}
	if k := read(uplink.Read{Version: 2, Length: 100}); k != byte(uplink.ChunkNo) {
		t.Errorf("read before the offer: %q", k)
	}
	if _, err := nc.Request(uplink.ReportSubject(key), report, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	publish(t, h, 3, 100_000)
	for what, r := range map[string]uplink.Read{
		"another version": {Version: 3, Length: 100}, "none": {Version: 9, Length: 1}, "after the end": {Version: 2, Offset: 100_000, Length: 1},
		"far after the end": {Version: 2, Offset: 1 << 40, Length: 1}, "too much": {Version: 2, Length: uplink.MaxChunk + 1}, "nothing": {Version: 2},
	} {
		if k := read(r); k != byte(uplink.ChunkNo) {
			t.Errorf("%s: %q", what, k)
		}
	}
	if k := read(uplink.Read{Version: 2, Offset: 99_999, Length: 100}); k != byte(uplink.ChunkData) {
		t.Errorf("its own: %q", k)
	}
	// A report with a word too many is dropped.
	if _, err := nc.Request(uplink.ReportSubject(key), append(report[:len(report)-1:len(report)-1], `,"text":"田中"}`...), 300*time.Millisecond); !errors.Is(err, nats.ErrTimeout) {
		t.Errorf("a report with words: %v", err)
	}
}

func TestARevokedDeviceGetsNothingAndSaysSo(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	publish(t, h, 2, 100_000)
	rollOut(t, h, 2)
	if _, err := h.Revoke(t.Context(), "ginza-1"); err != nil {
		t.Fatal(err)
	}
	o := fetching(t, 1)
	if got, err := uplink.Fetch(t.Context(), c, o); !errors.Is(err, uplink.ErrRefused) || got.Offered != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	// Revoked in the middle.
	c = join(t, h, "ginza-2")
	o.Rate = 100_000
	o.Progress = func(int64, int64) { _, _ = h.Revoke(t.Context(), "ginza-2") }
	publish(t, h, 3, 1<<20)
	if _, err := h.UndoRollout(t.Context()); err != nil {
		t.Fatal(err)
	}
	rollOut(t, h, 3)
	if got, err := uplink.Fetch(t.Context(), c, o); !errors.Is(err, uplink.ErrRefused) || got.Path != "" {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestWhileTheRolloutIsHaltedNothingIsReadAndThenItGoesOn(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	want := publish(t, h, 2, 12<<20)
	rollOut(t, h, 2)
	o := fetching(t, 1)
	var once sync.Once
	o.Progress = func(have, _ int64) {
		if have > 2<<20 {
			once.Do(func() {
				if _, err := h.HaltRollout(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
	}
	got, err := uplink.Fetch(t.Context(), c, o)
	if !errors.Is(err, uplink.ErrWithdrawn) || got.Path != "" || got.Bytes < 2<<20 || got.Bytes == int64(len(want)) {
		t.Fatalf("%+v, %v", got, err)
	}
	if got, err := uplink.Fetch(t.Context(), c, o); err != nil || got.Offered != 0 {
		t.Errorf("halted: %+v, %v", got, err)
	}
	if _, err := h.ResumeRollout(t.Context(), -1, false); err != nil {
		t.Fatal(err)
	}
	again, err := uplink.Fetch(t.Context(), c, o)
	if err != nil || again.Resumed != got.Bytes || again.Resumed+again.Bytes != int64(len(want)) {
		t.Errorf("%+v after %+v, %v", again, got, err)
	}
	arrived(t, o.Folder, again, 2, want)
}

func TestWhatWasFetchedOfAVersionThatIsUndoneIsThrownAway(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	publish(t, h, 2, 12<<20)
	rollOut(t, h, 2)
	o := fetching(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(have, _ int64) {
		if have > 1<<20 {
			cancel()
		}
	}
	if _, err := uplink.Fetch(ctx, c, o); !errors.Is(err, context.Canceled) || len(parts(t, o.Folder)) != 1 {
		t.Fatalf("%v, %v", parts(t, o.Folder), err)
	}
	if _, err := h.UndoRollout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := uplink.Fetch(t.Context(), c, o); err != nil || got.Offered != 0 || len(parts(t, o.Folder)) != 0 {
		t.Errorf("%+v, %v, %v", got, parts(t, o.Folder), err)
	}
	if err := h.RemoveBundle(t.Context(), 2); err != nil {
		t.Error(err)
	}
}

func TestADeviceGoesOnWhereAHubWasKilledAgainAndAgain(t *testing.T) {
	dir := t.TempDir()
	cmd, address := child(t, dir, "127.0.0.1:0")
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	admin, err := OpenAdmin(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	code, _, err := admin.Enrol(t.Context(), EnrolOptions{Name: "ginza-1", Valid: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	c, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: address, Path: filepath.Join(t.TempDir(), "hub")})
	if err != nil {
		t.Fatal(err)
	}
	want := publish(t, admin, 2, 40<<20)
	rollOut(t, admin, 2)
	if err := admin.Close(); err != nil {
		t.Fatal(err)
	}
	o := fetching(t, 1)
	o.Rate = 16 << 20
	kills := 0
	o.Progress = func(have, size int64) {
		if have > int64(kills+1)*size/5 && kills < 3 {
			kills++
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			cmd, _ = child(t, dir, address)
		}
	}
	got, err := uplink.Fetch(t.Context(), c, o)
	if err != nil || kills != 3 {
		t.Fatalf("%+v, %d kills, %v", got, kills, err)
	}
	// Nothing was fetched twice but what was on its way.
	if over := got.Bytes - int64(len(want)); over < 0 || over > 3*16*uplink.MaxChunk {
		t.Errorf("%d bytes came of %d", got.Bytes, len(want))
	}
	arrived(t, o.Folder, got, 2, want)
	if admin, err = OpenAdmin(t.Context(), Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if s, err := admin.Rollout(t.Context()); err != nil || s.Phase != PhaseRunning || s.Tally.Trying != 1 {
		t.Errorf("the hub forgot what it had offered: %+v, %v", s.Tally, err)
	}
}

func TestAHubThatIsGoneForADayLosesNothingOfADownload(t *testing.T) {
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir})
	address := h.Address().String()
	c := join(t, h, "ginza-1")
	want := publish(t, h, 2, 20<<20)
	rollOut(t, h, 2)
	o := fetching(t, 1)
	now := time.Now()
	o.Now = func() time.Time { return now }
	var once sync.Once
	o.Progress = func(have, _ int64) {
		if have > 10<<20 {
			once.Do(stop)
		}
	}
	got, err := uplink.Fetch(t.Context(), c, o)
	if err == nil || got.Path != "" || !strings.Contains(err.Error(), "cannot be reached") {
		t.Fatalf("%+v, %v", got, err)
	}
	now = now.Add(24 * time.Hour)
	if _, err := uplink.Fetch(t.Context(), c, o); err == nil {
		t.Fatal("no hub is there")
	}
	open(t, Options{Dir: dir, Listen: address})
	again, err := uplink.Fetch(t.Context(), c, o)
	if err != nil || again.Resumed < 10<<20 || again.Resumed+again.Bytes != int64(len(want)) {
		t.Errorf("%+v, %v", again, err)
	}
	arrived(t, o.Folder, again, 2, want)
}

func TestAHubThatWasNeverThereIsLeftForTheNextTime(t *testing.T) {
	h, stop := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	stop()
	o := fetching(t, 1)
	o.Pause = 24 * time.Hour // it would be felt
	if _, err := uplink.Fetch(t.Context(), c, o); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}

func TestAPowerCutCostsADownloadOnlyWhatWasNotSynced(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	want := publish(t, h, 2, 24<<20)
	rollOut(t, h, 2)
	o := fetching(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(have, _ int64) {
		if have > 20<<20 {
			cancel()
		}
	}
	if _, err := uplink.Fetch(ctx, c, o); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	part := parts(t, o.Folder)[0]
	for what, damage := range map[string]func(b []byte) []byte{
		"bytes after the end that nobody wrote": func(b []byte) []byte { return append(b, make([]byte, 1<<20)...) },
		"less than was synced":                  func(b []byte) []byte { return b[:3<<20] },
	} {
		b, err := os.ReadFile(part)
		if err != nil {
			t.Fatal(err)
		}
		state, err := os.ReadFile(filepath.Join(o.Folder, ".tenin_fetch"))
		if err != nil {
			t.Fatal(err)
		}
		dir := o
		dir.Folder = t.TempDir()
		dir.Progress = nil
		if err := errors.Join(os.WriteFile(filepath.Join(dir.Folder, filepath.Base(part)), damage(b), 0o600), os.WriteFile(filepath.Join(dir.Folder, ".tenin_fetch"), state, 0o600)); err != nil {
			t.Fatal(err)
		}
		got, err := uplink.Fetch(t.Context(), c, dir)
		if err != nil || got.Resumed == 0 {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
		arrived(t, dir.Folder, got, 2, want)
	}
}

// liar is a hub whose answers about updates are the test's.
func liar(t *testing.T, report, read func(m *nats.Msg) []byte) (*Hub, uplink.Credentials) {
	t.Helper()
	h, err := Open(t.Context(), Options{Dir: t.TempDir(), Listen: "127.0.0.1:0", MinFree: -1, Rate: 1e6, Burst: 1e6})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	answer := func(f func(*nats.Msg) []byte) func(*nats.Msg) {
		return func(m *nats.Msg) { _ = h.front.nc.Publish(m.Reply, f(m)) }
	}
	if err := h.front.listen(map[string]func(*nats.Msg){uplink.AllSummaries: h.intake.take, uplink.AllReports: answer(report), uplink.AllReads: answer(read)}); err != nil {
		t.Fatal(err)
	}
	return h, join(t, h, "ginza-1")
}

func offering(t *testing.T, o uplink.Offer) func(*nats.Msg) []byte {
	t.Helper()
	b, err := uplink.Reply{Offer: &o}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return func(*nats.Msg) []byte { return b }
}

func TestAHubThatLiesIsNotBelieved(t *testing.T) {
	hash := make([]byte, 32)
	zeros := func(m *nats.Msg) []byte {
		r, err := uplink.DecodeRead(m.Data)
		if err != nil {
			return nil
		}
		return append([]byte{byte(uplink.ChunkData)}, make([]byte, r.Length)...)
	}
	for what, hub := range map[string]struct{ report, read func(*nats.Msg) []byte }{
		"another hash":     {offering(t, uplink.Offer{Version: 2, Size: 3 << 20, SHA256: hash}), zeros},
		"an older version": {offering(t, uplink.Offer{Version: 1, Size: 3 << 20, SHA256: hash}), zeros},
		"chunks that are longer": {offering(t, uplink.Offer{Version: 2, Size: 3 << 20, SHA256: hash}), func(m *nats.Msg) []byte {
			return append(zeros(m), 0)
		}},
		"chunks that are shorter": {offering(t, uplink.Offer{Version: 2, Size: 3 << 20, SHA256: hash}), func(m *nats.Msg) []byte {
			return zeros(m)[:10]
		}},
		"an answer of no kind": {offering(t, uplink.Offer{Version: 2, Size: 3 << 20, SHA256: hash}), func(*nats.Msg) []byte { return []byte("x") }},
		"an endless bundle": {func(*nats.Msg) []byte {
			return []byte(`{"offer":{"version":2,"size":9223372036854775807,"sha256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}}`)
		}, zeros},
		"an offer with no hash": {func(*nats.Msg) []byte { return []byte(`{"offer":{"version":2,"size":1000,"sha256":null}}`) }, zeros},
		"an offer with words":   {func(*nats.Msg) []byte { return []byte(`{"text":"x"}`) }, zeros},
		"garbage for an answer": {func(*nats.Msg) []byte { return []byte{0xff} }, zeros},
		"a very long answer":    {func(*nats.Msg) []byte { return make([]byte, 60_000) }, zeros},
		"nothing for an answer": {func(*nats.Msg) []byte { return nil }, zeros},
	} {
		_, c := liar(t, hub.report, hub.read)
		o := fetching(t, 1)
		got, err := uplink.Fetch(t.Context(), c, o)
		if !errors.Is(err, uplink.ErrLied) || got.Path != "" || got.Bytes > 3<<20 {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
		if entries, _ := filepath.Glob(filepath.Join(o.Folder, "*.bundle")); len(entries) != 0 {
			t.Errorf("%s: %v", what, entries)
		}
	}
}

func TestAHubThatLiesEveryTimeIsReadFromOnlySoMuchADay(t *testing.T) {
	_, c := liar(t, offering(t, uplink.Offer{Version: 2, Size: 3 << 20, SHA256: make([]byte, 32)}), func(m *nats.Msg) []byte {
		r, _ := uplink.DecodeRead(m.Data)
		return append([]byte{byte(uplink.ChunkData)}, make([]byte, r.Length)...)
	})
	o := fetching(t, 1)
	now := time.Date(2026, 11, 2, 0, 0, 1, 0, time.UTC)
	o.Now = func() time.Time { return now }
	o.Budget = 10 << 20
	total := int64(0)
	for range 6 {
		got, err := uplink.Fetch(t.Context(), c, o)
		if err == nil {
			t.Fatal("it was believed")
		}
		total += got.Bytes
	}
	if total > 10<<20 || total < 9<<20 {
		t.Errorf("%d bytes came", total)
	}
	now = now.Add(24 * time.Hour)
	if got, err := uplink.Fetch(t.Context(), c, o); !errors.Is(err, uplink.ErrLied) || got.Bytes+got.Resumed != 3<<20 {
		t.Errorf("the day after: %+v, %v", got, err)
	}
}

func TestADeviceDoesNotFetchWhatItTookBack(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	publish(t, h, 2, 100_000)
	rollOut(t, h, 2)
	o := fetching(t, 1)
	o.Refused = func(v int64) bool { return v == 2 }
	if got, err := uplink.Fetch(t.Context(), c, o); err != nil || got.Path != "" || got.Why == "" {
		t.Errorf("%+v, %v", got, err)
	}
	// It says so, and the hub halts by itself.
	o.Report.Last = uplink.Outcome{Version: 2, Outcome: "taken-back", Reason: "boot", At: 5}
	if got, err := uplink.Fetch(t.Context(), c, o); err != nil || got.Offered != 0 {
		t.Errorf("%+v, %v", got, err)
	}
	if s, err := h.Rollout(t.Context()); err != nil || s.Phase != PhaseHalted || !strings.Contains(s.Why, "ginza-1") || s.Devices[0].Reason != "boot" {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestFiftyDevicesFetchAtOnce(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	want := publish(t, h, 2, 4<<20)
	rollOut(t, h, 2)
	const n = 50
	all := make([]uplink.Credentials, n)
	for i := range all {
		// Joining is limited by an address; these come from many.
		code, _, err := h.Enrol(t.Context(), EnrolOptions{Name: fmt.Sprintf("kiosk-%d", i), Valid: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		h.front.gate.forgetTries()
		if all[i], err = uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: h.Address().String(), Path: filepath.Join(t.TempDir(), "hub")}); err != nil {
			t.Fatal(err)
		}
	}
	var group sync.WaitGroup
	for _, c := range all {
		o := fetching(t, 1)
		group.Go(func() {
			got, err := uplink.Fetch(t.Context(), c, o)
			if err != nil {
				t.Errorf("%+v, %v", got, err)
				return
			}
			arrived(t, o.Folder, got, 2, want)
			o.Report = running(2)
			if _, err := uplink.Fetch(t.Context(), c, o); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if s, err := h.Rollout(t.Context()); err != nil || s.Tally.Healthy != n || s.Phase != PhaseDone {
		t.Errorf("%+v, %v", s.Tally, err)
	}
}

func TestTheHubsLineIsBoundedForAllDevicesTogether(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir(), Bandwidth: 1 << 20})
	c := join(t, h, "ginza-1")
	want := publish(t, h, 2, 2<<20)
	rollOut(t, h, 2)
	o := fetching(t, 1)
	began := time.Now()
	got, err := uplink.Fetch(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	arrived(t, o.Folder, got, 2, want)
	// A second's worth may come at once; no more than that can have been earned sooner.
	if took := time.Since(began); took < 900*time.Millisecond {
		t.Errorf("2 MB came in %v at 1 MB/s", took)
	}
}
