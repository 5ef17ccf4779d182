package workshop

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tenin/firmware/enrol"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/technician"
)

// bench is a Bench on which everything works.
type bench struct {
	mu         sync.Mutex
	guarded    bool
	pin        string
	groups     []string
	forgotten  int
	finished   bool
	device     bool
	did        []string
	passphrase string
	listening  chan struct{} // if not nil, Microphone waits for ctx after closing it
}

var good = technician.Result{Mark: technician.Good}

func (b *bench) Lock(context.Context) Lock { return Lock{Guarded: b.guarded, Kiosk: "ginza-1"} }
func (b *bench) CheckPIN(_ context.Context, pin string) Entry {
	if pin != b.pin {
		return Entry{Refusal: technician.PINWrong}
	}
	return Entry{}
}

func (b *bench) SetPIN(_ context.Context, _ technician.Who, pin string) Entry {
	b.pin = pin
	return Entry{}
}
func (b *bench) ResetPIN(context.Context, []string, string) Entry { return Entry{} }
func (b *bench) Peek(_ context.Context, step technician.Step) technician.Screen {
	switch step {
	case technician.StepTurn:
		return technician.Turn{}
	case technician.StepNetwork:
		return technician.Network{}
	case technician.StepShop:
		return technician.Shop{Name: "店"}
	case technician.StepBrand:
		return technician.Brand{}
	case technician.StepHub:
		return technician.Hub{}
	case technician.StepAccess:
		return technician.Access{Managers: 1}
	}
	return nil
}

func (b *bench) Device() bool { return b.device }
func (b *bench) TryTurn(_ context.Context, degrees int) technician.Turn {
	b.did = append(b.did, fmt.Sprint("try ", degrees))
	return technician.Turn{Result: good, Shown: degrees}
}

func (b *bench) KeepTurn(_ context.Context, degrees int) technician.Turn {
	b.did = append(b.did, fmt.Sprint("keep ", degrees))
	return technician.Turn{Result: good, Kept: degrees, Shown: degrees}
}

func (b *bench) TurnBack(context.Context) technician.Turn {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.did = append(b.did, "back")
	return technician.Turn{Result: technician.Result{Mark: technician.Fair}}
}

func (b *bench) Network(_ context.Context, n technician.Network, passphrase enrol.SecretText) technician.Network {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.passphrase = string(passphrase.Bytes())
	n.Result = good
	return n
}

func (b *bench) Shop(_ context.Context, s technician.Shop) technician.Shop {
	s.Result = good
	return s
}

func (b *bench) Brand(_ context.Context, s technician.Brand) technician.Brand {
	s.Result = good
	return s
}
func (b *bench) Clock(context.Context) technician.Clock { return technician.Clock{Result: good} }
func (b *bench) SetClock(context.Context, string) technician.Clock {
	return technician.Clock{Result: good}
}
func (b *bench) ConfirmClock(context.Context) technician.Clock { return technician.Clock{Result: good} }
func (b *bench) Panel(context.Context) technician.Panel {
	return technician.Panel{Result: good, Width: 1080, Height: 1920}
}

func (b *bench) Microphone(ctx context.Context, tell func(technician.Microphone)) technician.Microphone {
	tell(technician.Microphone{Phase: technician.MicrophoneSpeak, Level: 0.5})
	b.mu.Lock()
	listening := b.listening
	b.listening = nil
	b.mu.Unlock()
	if listening != nil {
		close(listening)
		<-ctx.Done()
	}
	return technician.Microphone{Result: good, Heard: "はい"}
}

func (b *bench) Tone(context.Context) technician.Loudspeaker {
	return technician.Loudspeaker{Result: good}
}

func (b *bench) Sentence(context.Context) technician.Loudspeaker {
	return technician.Loudspeaker{Result: good}
}
func (b *bench) Echo(context.Context) technician.Echo { return technician.Echo{Result: good} }
func (b *bench) Hub(context.Context) technician.Hub   { return technician.Hub{Result: good} }
func (b *bench) Join(context.Context, string, string) technician.Hub {
	return technician.Hub{Result: good, Joined: true}
}
func (b *bench) Seal(context.Context, bool) technician.Sealing {
	return technician.Sealing{Result: good}
}

func (b *bench) MakeRecovery(context.Context) ([]string, [2]int, technician.Result) {
	b.groups = strings.Fields("aaaa bbbb cccc dddd eeee ffff gggg hhhh")
	return b.groups, [2]int{3, 7}, technician.Result{}
}

func (b *bench) ConfirmRecovery(_ context.Context, first, second string) technician.Result {
	if first != b.groups[2] || second != b.groups[6] {
		return technician.Result{Mark: technician.Bad, Problem: technician.RecoveryWrong}
	}
	return good
}

func (b *bench) ForgetRecovery(context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.forgotten++
}

func (b *bench) Access(context.Context) technician.Access {
	return technician.Access{Result: good, Technicians: 1}
}

func (b *bench) Finish(context.Context, []technician.Row) technician.Result {
	b.finished = true
	return good
}
func (b *bench) Health(context.Context) technician.Health { return technician.Health{At: "now"} }
func (b *bench) Bundle(context.Context) technician.Bundle { return technician.Bundle{} }
func (b *bench) WriteBundle(context.Context, technician.Place) technician.Bundle {
	return technician.Bundle{Result: good}
}
func (b *bench) Challenge(context.Context) string       { return "4827" }
func (b *bench) Wipe(context.Context) technician.Result { return good }
func (b *bench) Power(context.Context, technician.PowerKind) technician.Result {
	return good
}

// glass is what a Workshop shows.
type glass struct {
	t      *testing.T
	w      *Workshop
	views  chan technician.View
	closed chan struct{}
	tick   chan time.Time
}

func on(t *testing.T, b Bench) *glass {
	g := &glass{t: t, views: make(chan technician.View, 1000), closed: make(chan struct{}, 10), tick: make(chan time.Time)}
	g.w = New(Options{Bench: b, Show: func(v technician.View, _ ui.Look) { g.views <- v }, Close: func() { g.closed <- struct{}{} }, Tick: g.tick})
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { g.w.Run(ctx) })
	t.Cleanup(func() { stop(); done.Wait() })
	g.w.Open(technician.Japanese)
	return g
}

// until waits for a screen.
func until[S technician.Screen](g *glass, what string, want func(S) bool) S {
	g.t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case v := <-g.views:
			if s, ok := v.Screen.(S); ok && want(s) {
				return s
			}
		case <-limit:
			g.t.Fatalf("never shown: %s", what)
		}
	}
}

func shown[S technician.Screen](S) bool { return true }

func (g *glass) touch(all ...technician.Event) {
	for _, e := range all {
		g.w.Touch(e)
	}
}

func (g *glass) write(text string) {
	for _, r := range text {
		g.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Insert, Text: string(r)}})
	}
	g.touch(technician.Typed{Key: keyboard.Key{Kind: keyboard.Enter}})
}

func TestATechnicianDoesTheWholeSetUpStepByStep(t *testing.T) {
	b := &bench{}
	g := on(t, b)
	until(g, "the menu", shown[technician.Menu])
	g.touch(technician.Open{Page: technician.PageSetUp}, technician.OpenStep{Step: technician.StepShop})
	until(g, "the shop", func(s technician.Shop) bool { return s.Name != "" })
	g.touch(technician.Test{})
	until(g, "the shop done", func(s technician.Shop) bool { return s.Result == good })
	g.touch(technician.Next{})
	until(g, "the brand", func(s technician.Brand) bool { return s.Accent != 0 })
	g.touch(technician.Test{})
	until(g, "the brand done", func(s technician.Brand) bool { return s.Result == good })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "the clock done", func(s technician.Clock) bool { return s.Result == good })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "the targets", shown[technician.Targets])
	for i := range technician.TargetCount {
		x, y := technician.TargetAt(i)
		g.touch(technician.Touched{X: x, Y: y})
	}
	until(g, "the panel done", func(s technician.Panel) bool { return s.Result == good })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "a level", func(s technician.Microphone) bool { return s.Level > 0 })
	until(g, "the question", func(s technician.Microphone) bool { return s.Phase == technician.MicrophoneAsks && s.Heard == "はい" })
	g.touch(technician.Answer{Yes: true})
	until(g, "the microphone done", func(s technician.Microphone) bool { return s.Result == good && s.Phase == technician.MicrophoneIdle })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "the tone's question", func(s technician.Loudspeaker) bool { return s.Phase == technician.LoudspeakerAsksTone })
	g.touch(technician.Answer{Yes: true})
	until(g, "the sentence's question", func(s technician.Loudspeaker) bool { return s.Phase == technician.LoudspeakerAsksSentence })
	g.touch(technician.Answer{Yes: true})
	until(g, "the loudspeaker done", func(s technician.Loudspeaker) bool { return s.Result == good && s.Phase == technician.LoudspeakerIdle })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "the echo done", func(s technician.Echo) bool { return s.Result == good })
	g.touch(technician.Next{}, technician.EditField{Field: technician.FieldHubAddress})
	until(g, "the hub", shown[technician.Hub])
	g.touch(technician.Without{})
	until(g, "no hub", func(s technician.Hub) bool { return s.Result.Problem == technician.HubNone })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "the seal done", func(s technician.Sealing) bool { return s.Result == good })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "the recovery key", func(s technician.Recovery) bool { return len(s.Groups) == 8 })
	g.touch(technician.WrittenDown{})
	g.write("cccc")
	g.write("gggg")
	until(g, "the recovery key kept", func(s technician.Recovery) bool { return s.Phase == technician.RecoveryKept })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "a PIN", shown[technician.PIN])
	for range 2 {
		for _, n := range []int{3, 1, 4, 1, 5, 9} {
			g.touch(technician.Digit{N: n})
		}
		g.touch(technician.Enter{})
	}
	until(g, "the PIN set", func(s technician.Access) bool { return s.Result == good })
	g.touch(technician.Next{}, technician.Test{})
	until(g, "the end", func(s technician.Finish) bool { return s.Result == good })
	g.touch(technician.Leave{})
	<-g.closed
	if !b.finished || b.pin != "314159" {
		t.Errorf("finished %t, PIN %q", b.finished, b.pin)
	}
}

func TestATestThatIsLeftEndsAndTheNextOneRuns(t *testing.T) {
	b := &bench{listening: make(chan struct{})}
	listening := b.listening
	g := on(t, b)
	until(g, "the menu", shown[technician.Menu])
	g.touch(technician.Open{Page: technician.PageSetUp}, technician.OpenStep{Step: technician.StepMicrophone}, technician.Test{})
	<-listening
	g.touch(technician.Back{}, technician.OpenStep{Step: technician.StepEcho}, technician.Test{})
	until(g, "the echo done", func(s technician.Echo) bool { return s.Result == good })
}

func TestARecoveryKeyIsForgottenByTheBenchWhenTheScreensAreLeft(t *testing.T) {
	b := &bench{}
	g := on(t, b)
	until(g, "the menu", shown[technician.Menu])
	g.touch(technician.Open{Page: technician.PageSetUp}, technician.OpenStep{Step: technician.StepRecovery}, technician.Test{})
	until(g, "the recovery key", func(s technician.Recovery) bool { return len(s.Groups) == 8 })
	g.touch(technician.Leave{})
	<-g.closed
	for {
		b.mu.Lock()
		n := b.forgotten
		b.mu.Unlock()
		if n > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
}

func TestAWrongPINLeadsNowhere(t *testing.T) {
	g := on(t, &bench{guarded: true, pin: "314159"})
	until(g, "the lock", shown[technician.PIN])
	g.w.Touch(technician.Open{Page: technician.PageWipe})
	for {
		// The lock takes digits once it knows that it guards.
		g.touch(technician.Digit{N: 1})
		if s := until(g, "a digit", shown[technician.PIN]); s.Typed > 0 {
			break
		}
	}
	g.touch(technician.Enter{})
	until(g, "a refusal", func(s technician.PIN) bool { return s.Refusal == technician.PINWrong })
	for _, n := range []int{3, 1, 4, 1, 5, 9} {
		g.touch(technician.Digit{N: n})
	}
	g.touch(technician.Enter{})
	until(g, "the menu", shown[technician.Menu])
}
