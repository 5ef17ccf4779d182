package hub

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	bolt "go.etcd.io/bbolt"

	"tenin/llm/redact"
	"tenin/storage/uplink"
)

// The child process is a hub on the folder that TENIN_TEST_HUB names.
func TestMain(m *testing.M) {
	if dir := os.Getenv("TENIN_TEST_HUB"); dir != "" {
		h, err := Open(context.Background(), Options{Dir: dir, Listen: os.Getenv("TENIN_TEST_LISTEN"), MinFree: -1, Rate: 1e6, Burst: 1e6, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(h.Address())
		if err := h.Serve(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// child starts a hub in a process of its own and returns its address.
func child(t *testing.T, dir, listen string) (*exec.Cmd, string) {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for tries := 0; ; tries++ {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "TENIN_TEST_HUB="+dir, "TENIN_TEST_LISTEN="+listen)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err == nil {
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return cmd, strings.TrimSpace(line)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		// The kernel may still hold the port of the one that was killed.
		if tries == 20 {
			t.Fatal("the hub does not start")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func TestAHubKilledAgainAndAgainLosesNothingAndKeepsNothingTwice(t *testing.T) {
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
	_ = admin.Close()
	c, err := uplink.Join(t.Context(), uplink.JoinOptions{Code: code, Address: address, Path: filepath.Join(t.TempDir(), "hub")})
	if err != nil {
		t.Fatal(err)
	}
	list := someSummaries(t, 4000)
	b := newBox(list...)
	stop := send(t, c, b, uplink.SenderOptions{Window: 32})
	for kills := 0; kills < 5; kills++ {
		// In the middle of it: some are acknowledged, others are on the way.
		for left := b.left(); left > 0 && b.left() > left-200; time.Sleep(time.Millisecond) {
		}
		if err := cmd.Process.Kill(); err != nil { // SIGKILL
			t.Fatal(err)
		}
		_ = cmd.Wait()
		cmd, address = child(t, dir, address)
	}
	b.drained(t)
	stop()
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	h, _ := open(t, Options{Dir: dir})
	hasOnce(t, h, list)
}

func TestAHubThatIsAwayForADayFindsEverythingInTheOutbox(t *testing.T) {
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir})
	c := join(t, h, "ginza-1")
	address := h.Address().String()
	stop()
	list := someSummaries(t, 1000)
	b := newBox(list...)
	send(t, c, b, uplink.SenderOptions{})
	time.Sleep(300 * time.Millisecond)
	if b.left() != len(list) {
		t.Fatal("something left the outbox while there was no hub")
	}
	h, _ = open(t, Options{Dir: dir, Listen: address})
	b.drained(t)
	hasOnce(t, h, list)
}

// forgetful is an outbox whose first acknowledgements are lost, as when the power
// fails between the hub's answer and the disk.
type forgetful struct {
	*box
	mu   sync.Mutex
	lose int
}

func (f *forgetful) Ack(ctx context.Context, id [16]byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lose > 0 {
		f.lose--
		return errors.New("the disk is away")
	}
	return f.box.Ack(ctx, id)
}

func TestWhatIsSentAgainAfterAnyTimeAndAnyRestartIsKnown(t *testing.T) {
	// JetStream's own window of ids is not used: the ledger is asked, whose age does
	// not matter. So a restart stands for the day.
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir})
	c := join(t, h, "ginza-1")
	list := someSummaries(t, 200)
	b := &forgetful{box: newBox(list...), lose: 5}
	stopSending := send(t, c, b, uplink.SenderOptions{})
	b.drained(t)
	stopSending()
	for _, what := range []string{"with its ledger", "without its ledger", "with a ruined ledger", "with an old ledger"} {
		address := h.Address().String()
		old, err := os.ReadFile(filepath.Join(dir, ledgerFile))
		if err != nil {
			t.Fatal(err)
		}
		stop()
		switch what {
		case "without its ledger":
			err = os.Remove(filepath.Join(dir, ledgerFile))
		case "with a ruined ledger":
			err = os.WriteFile(filepath.Join(dir, ledgerFile), []byte(strings.Repeat("ruin", 5000)), 0o600)
		case "with an old ledger":
			err = os.WriteFile(filepath.Join(dir, ledgerFile), old, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		h, stop = open(t, Options{Dir: dir, Listen: address})
		again := newBox(list...)
		stopSending := send(t, c, again, uplink.SenderOptions{})
		again.drained(t)
		stopSending()
		t.Log(what)
		hasOnce(t, h, list)
	}
}

func TestAHubWhoseStreamWasRestoredEmptyTakesWhatWasNotAcknowledged(t *testing.T) {
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir})
	c := join(t, h, "ginza-1")
	address := h.Address().String()
	list := someSummaries(t, 300)
	acked, rest := list[:200], list[200:]
	b := newBox(acked...)
	stopSending := send(t, c, b, uplink.SenderOptions{})
	b.drained(t)
	stopSending()
	stop()
	// The ledger still stands, and must not say that the new stream has the old ids.
	if err := os.RemoveAll(filepath.Join(dir, streamFolder)); err != nil {
		t.Fatal(err)
	}
	h, _ = open(t, Options{Dir: dir, Listen: address})
	b = newBox(rest...)
	b.put(acked[:10]...) // stored once, but the device did not hear of it
	send(t, c, b, uplink.SenderOptions{})
	b.drained(t)
	hasOnce(t, h, append(rest[:len(rest):len(rest)], acked[:10]...))
}

func TestAHubRestoredFromABackupTakesWhatTheBackupLacks(t *testing.T) {
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir})
	c := join(t, h, "ginza-1")
	address := h.Address().String()
	list := someSummaries(t, 300)
	run := func(part []redact.Summary) {
		b := newBox(part...)
		stopSending := send(t, c, b, uplink.SenderOptions{})
		b.drained(t)
		stopSending()
	}
	run(list[:100])
	stop()
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	_, stop = open(t, Options{Dir: dir, Listen: address})
	run(list[100:200])
	stop()
	// The stream goes back, the ledger does not; then both.
	for _, names := range [][]string{{streamFolder}, {streamFolder, ledgerFile}} {
		for _, name := range names {
			if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.CopyFS(filepath.Join(dir, streamFolder), os.DirFS(filepath.Join(backup, streamFolder))); err != nil {
			t.Fatal(err)
		}
		if len(names) == 2 {
			b, err := os.ReadFile(filepath.Join(backup, ledgerFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, ledgerFile), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h, stop = open(t, Options{Dir: dir, Listen: address})
		run(list[50:300])
		hasOnce(t, h, list)
		stop()
	}
}

func TestAPublicationWhoseAnswerGotLostIsNotMadeTwice(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	list := someSummaries(t, 50)
	// It is in the stream, and neither the intake nor the ledger knows.
	var entries []entry
	for _, s := range list[:20] {
		entries = append(entries, entry{"ginza-1", s.ID(), s.Encode()})
	}
	if _, err := h.store.js.Publish(t.Context(), streamSubject, encodeBatch(entries)); err != nil {
		t.Fatal(err)
	}
	b := newBox(list...)
	send(t, c, b, uplink.SenderOptions{})
	b.drained(t)
	hasOnce(t, h, list)
}

func TestAStreamThatFailsInTheMiddleIsOpenedAnewAndNothingIsLostOrDoubled(t *testing.T) {
	h, _ := open(t, Options{Dir: t.TempDir()})
	c := join(t, h, "ginza-1")
	list := someSummaries(t, 2000)
	b := newBox(list...)
	send(t, c, b, uplink.SenderOptions{Window: 16})
	for range 3 {
		for left := b.left(); left > 0 && b.left() > left-100; time.Sleep(time.Millisecond) {
		}
		h.storeMu.Lock()
		h.store.server.Shutdown()
		h.storeMu.Unlock()
	}
	b.drained(t)
	hasOnce(t, h, list)
}

// cluster is a NATS server with JetStream as a chain of shops may have.
func cluster(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, NoSigs: true, NoLog: true})
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(20 * time.Second) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

func TestTwoHubsOnOneClusterKeepASummaryOnce(t *testing.T) {
	url := cluster(t)
	one, _ := open(t, Options{Dir: t.TempDir(), NATS: url})
	two, _ := open(t, Options{Dir: t.TempDir(), NATS: url})
	list := someSummaries(t, 400)
	// The same summaries come to both, at once.
	for _, h := range []*Hub{one, two} {
		b := newBox(list...)
		send(t, join(t, h, "ginza-1"), b, uplink.SenderOptions{Window: 16})
		defer b.drained(t)
	}
	for deadline := time.Now().Add(60 * time.Second); len(stored(t, one)) < len(list) && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
	}
	hasOnce(t, one, list)
	hasOnce(t, two, list)
	if _, err := os.Stat(filepath.Join(one.o.Dir, streamFolder)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it keeps a stream of its own as well: %v", err)
	}
}

func TestAClusterWhoseStreamIsNotOursIsRefused(t *testing.T) {
	_, err := Open(t.Context(), Options{Dir: t.TempDir(), NATS: "nats://" + closedPort(t)})
	if !errors.Is(err, ErrStore) {
		t.Errorf("a cluster that is away: %v", err)
	}
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestTheLedgerHoldsJustTheIdsOfTheStream(t *testing.T) {
	dir := t.TempDir()
	h, stop := open(t, Options{Dir: dir})
	list := someSummaries(t, 500)
	b := newBox(list...)
	stopSending := send(t, join(t, h, "ginza-1"), b, uplink.SenderOptions{})
	b.drained(t)
	stopSending()
	stop()
	db, err := bolt.Open(filepath.Join(dir, ledgerFile), 0o600, &bolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	want := map[string]bool{}
	for _, s := range list {
		id := s.ID()
		want[string(id[:])] = true
	}
	if err := db.View(func(tx *bolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bolt.Bucket) error {
			if string(name) == string(bucketMeta) {
				return nil
			}
			return b.ForEach(func(k, v []byte) error {
				if !want[string(k)] || len(v) != 0 {
					t.Error("it holds something else")
				}
				delete(want, string(k))
				return nil
			})
		})
	}); err != nil {
		t.Fatal(err)
	}
	if len(want) != 0 {
		t.Errorf("%d ids are missing", len(want))
	}
}
