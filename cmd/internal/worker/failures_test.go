package worker

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/cmd/internal/worker/sandbox"
)

// What workertest's engines obey; that package cannot be imported from inside this one.
const (
	crash    = "<crash>"
	panicked = "<panic>"
	segfault = "<fault>"
	hang     = "<hang>"
	eat      = "<eat>"
)

func TestACallWhoseWorkerEndsIsLostAndTheNextOneWorks(t *testing.T) {
	p := start(t, nil, LLM)
	e := p.Embedder()
	before := p.Processes()[0].PID
	for _, text := range []string{crash, panicked} {
		if _, err := e.Embed(bounded(t), text); !errors.Is(err, ErrLost) {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := e.Embed(bounded(t), "query: 傘"); err != nil {
			t.Errorf("after %s: %v", text, err)
		}
	}
	after := p.Processes()[0]
	if after.PID == before || after.Restarts != 2 {
		t.Errorf("pid %d, then %+v", before, after)
	}
}

func TestASegmentationFaultInAnEngineIsLost(t *testing.T) {
	p := start(t, nil, Voice)
	v := p.Voice()
	if _, err := speech.Whole(v.Synthesize(bounded(t), segfault+"はい", speech.Options{})); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if c, err := speech.Whole(v.Synthesize(bounded(t), "はい", speech.Options{})); err != nil || len(c.Samples) == 0 {
		t.Errorf("afterwards: %v", err)
	}
}

func TestAKilledWorkerIsLostInTheMiddleOfACall(t *testing.T) {
	p := start(t, nil, LLM)
	done := make(chan error, 1)
	go func() {
		_, err := p.Embedder().Embed(bounded(t), hang)
		done <- err
	}()
	time.Sleep(50 * time.Millisecond)
	syscall.Kill(p.Processes()[0].PID, syscall.SIGKILL)
	if err := <-done; !errors.Is(err, ErrLost) {
		t.Error(err)
	}
}

func TestAnEngineThatDoesNotComeBackIsReplaced(t *testing.T) {
	p := start(t, func(o *Options) { o.limits.embed = 300 * time.Millisecond }, LLM)
	if _, err := p.Embedder().Embed(bounded(t), hang); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if _, err := p.Embedder().Embed(bounded(t), "query: 傘"); err != nil {
		t.Error(err)
	}
}

func TestAnEngineThatIgnoresItsCancellationIsReplaced(t *testing.T) {
	p := start(t, func(o *Options) { o.limits.settle = 200 * time.Millisecond }, ASR)
	ctx, cancel := context.WithTimeout(bounded(t), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Recognizer().Transcribe(ctx, tone(time.Second), asr.Options{Prompt: hang}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if got, err := p.Recognizer().Transcribe(bounded(t), tone(time.Second), asr.Options{}); err != nil || got.Text == "" {
		t.Errorf("afterwards: %v", err)
	}
	if n := p.Processes()[0].Restarts; n != 1 {
		t.Errorf("%d restarts", n)
	}
}

func TestAStoppedProcessIsReplacedThoughNobodyCallsIt(t *testing.T) {
	p := start(t, func(o *Options) { o.limits.ping = 300 * time.Millisecond }, LLM)
	before := p.Processes()[0].PID
	syscall.Kill(before, syscall.SIGSTOP)
	waitFor(t, "a new process", func() bool { q := p.Processes()[0]; return q.PID != before && q.PID != 0 })
	if _, err := p.Embedder().Embed(bounded(t), "query: 傘"); err != nil {
		t.Error(err)
	}
}

func TestAWorkerThatEatsMemoryIsReplaced(t *testing.T) {
	p := start(t, func(o *Options) { o.Memory = map[Role]uint64{LLM: 200 << 20} }, LLM)
	if _, err := p.Embedder().Embed(bounded(t), eat); !errors.Is(err, ErrLost) {
		t.Error(err)
	}
	if _, err := p.Embedder().Embed(bounded(t), "query: 傘"); err != nil {
		t.Error(err)
	}
}

func TestManyCrashesAlertOnceAndCallsFailAtOnceMeanwhile(t *testing.T) {
	stopped := &stoppedClock{}
	var mu sync.Mutex
	var alerts []Alert
	p := start(t, func(o *Options) {
		o.clock = stopped
		o.Alert = func(a Alert) { mu.Lock(); defer mu.Unlock(); alerts = append(alerts, a) }
	}, LLM)
	e := p.Embedder()
	for range CrashMost {
		if _, err := e.Embed(bounded(t), crash); !errors.Is(err, ErrLost) {
			t.Error(err)
		}
	}
	waitFor(t, "the alert", func() bool { mu.Lock(); defer mu.Unlock(); return len(alerts) > 0 })
	waitFor(t, "the pause", func() bool { s := p.slots[LLM]; s.mu.Lock(); defer s.mu.Unlock(); return s.pause })
	if _, err := e.Embed(bounded(t), "query: 傘"); !errors.Is(err, ErrLost) {
		t.Errorf("during the pause: %v", err)
	}
	stopped.release()
	waitFor(t, "the new process", func() bool { _, err := e.Embed(bounded(t), "query: 傘"); return err == nil })
	mu.Lock()
	defer mu.Unlock()
	if len(alerts) != 1 || alerts[0] != (Alert{LLM, Crashed, CrashMost, firstPause}) {
		t.Errorf("%+v", alerts)
	}
}

// stoppedClock never comes to the end of a pause before release, and stands still.
type stoppedClock struct {
	mu      sync.Mutex
	waiting []chan time.Time
}

func (c *stoppedClock) now() time.Time { return time.Unix(1e9, 0) }

func (c *stoppedClock) after(d time.Duration) <-chan time.Time {
	if d < firstPause {
		return time.After(d)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time, 1)
	c.waiting = append(c.waiting, ch)
	return ch
}

func (c *stoppedClock) release() {
	waitForPause := time.Now().Add(patience)
	for time.Now().Before(waitForPause) {
		c.mu.Lock()
		if n := len(c.waiting); n > 0 {
			c.waiting[n-1] <- time.Time{}
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
}

func waitFor(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come", what)
		}
	}
}

func TestAWorkerThatCannotStartIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		spawn spawner
		want  error
	}{
		"a program that ends at once": {func(_ Role, socket *os.File) (*exec.Cmd, error) {
			cmd := exec.Command("/proc/self/exe", "-test.run=^$")
			cmd.ExtraFiles = []*os.File{socket}
			return cmd, nil
		}, ErrStart},
		"a program that is not there": {func(Role, *os.File) (*exec.Cmd, error) { return exec.Command("/nonexistent"), nil }, ErrStart},
	} {
		o := Options{spawn: c.spawn, limits: quick()}
		if _, err := Start(bounded(t), o, LLM); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Start(bounded(t), Options{}, "cook"); !errors.Is(err, ErrStart) {
		t.Error(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Start(over, Options{Mode: sandbox.Warn}, LLM); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestARefreshReplacesWhoHeardAShopperAndNobodyElse(t *testing.T) {
	p := start(t, nil, ASR, LLM, Audio)
	before := p.Processes()
	vad := p.VAD()
	defer vad.Close()
	if _, err := vad.Probabilities(make([]float32, audio.FrameSamples)); err != nil {
		t.Fatal(err)
	}
	if err := p.Refresh(bounded(t)); err != nil {
		t.Fatal(err)
	}
	after := p.Processes()
	if after[0].PID == before[0].PID || after[1].PID != before[1].PID || after[2].PID != before[2].PID {
		t.Errorf("%v\n%v", before, after)
	}
	if after[0].Restarts != 0 {
		t.Error("a refresh was counted as a crash")
	}
	// In the middle of a stream the VAD has lost something, and says so once.
	if _, err := vad.Probabilities(make([]float32, audio.FrameSamples)); !errors.Is(err, ErrLost) {
		t.Errorf("a VAD in the middle of a stream: %v", err)
	}
	vad.Reset()
	if _, err := vad.Probabilities(make([]float32, audio.FrameSamples)); err != nil {
		t.Error(err)
	}
	vad.Reset()
	if err := p.Refresh(bounded(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := vad.Probabilities(make([]float32, audio.FrameSamples)); err != nil {
		t.Errorf("a VAD between two shoppers: %v", err)
	}
}

func TestCallsThatComeDuringARefreshWaitForTheNewProcess(t *testing.T) {
	p := start(t, nil, LLM)
	e := p.Embedder()
	var calls sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		calls.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := e.Embed(bounded(t), "query: 傘"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 5 {
		time.Sleep(10 * time.Millisecond)
		if err := p.Refresh(bounded(t)); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	calls.Wait()
}

func TestAClosedPoolRefusesCallsAndLeavesNoProcess(t *testing.T) {
	p := start(t, nil, LLM, Audio)
	pids := p.Processes()
	e := p.Embedder()
	if err := errors.Join(p.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	if _, err := e.Embed(bounded(t), "query: 傘"); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	for _, q := range pids {
		if err := syscall.Kill(q.PID, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s worker %d is still there: %v", q.Role, q.PID, err)
		}
	}
}

func TestAClientWithoutItsWorkerSaysSo(t *testing.T) {
	p := start(t, nil, LLM)
	_, err1 := p.Recognizer().Transcribe(bounded(t), nil, asr.Options{})
	_, err2 := p.VAD().Probabilities(make([]float32, audio.FrameSamples))
	_, err3 := speech.Whole(p.Voice().Synthesize(bounded(t), "はい", speech.Options{}))
	_, err4 := p.OpenMicrophone(bounded(t), audio.DeviceOptions{})
	_, err5 := p.OpenSpeaker(bounded(t), audio.DeviceOptions{})
	_, err6 := p.Probe(bounded(t), ASR, sandbox.Targets{})
	for i, err := range []error{err1, err2, err3, err4, err5, err6} {
		if !errors.Is(err, ErrStart) {
			t.Errorf("%d: %v", i+1, err)
		}
	}
}
