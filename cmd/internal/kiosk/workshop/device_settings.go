package workshop

import (
	"context"
	"errors"
	"reflect"
	"time"

	"tenin/firmware/enrol"
	"tenin/ui/technician"
)

// patience is for how long a link and an address are waited for: DHCP takes 1 to 5 s, a radio some more.
const patience = 20 * time.Second

var errNotFlashed = errors.New("this machine was not flashed with Tenin's image: its system looks after this")

// Device, and the four that follow: a machine on which Tenin was installed looks after picture and network itself.
func (m *machine) Device() bool { return false }

func (m *machine) TryTurn(context.Context, int) technician.Turn {
	return technician.Turn{Result: failed(technician.TestFailed, errNotFlashed)}
}

func (m *machine) KeepTurn(context.Context, int) technician.Turn {
	return technician.Turn{Result: failed(technician.TestFailed, errNotFlashed)}
}

func (m *machine) TurnBack(context.Context) technician.Turn { return technician.Turn{} }

func (m *machine) Network(_ context.Context, n technician.Network, _ enrol.SecretText) technician.Network {
	n.Result = failed(technician.TestFailed, errNotFlashed)
	return n
}

func (b *deviceBench) Device() bool { return true }

// Peek adds what the half that is root knows.
func (b *deviceBench) Peek(ctx context.Context, step technician.Step) technician.Screen {
	switch step {
	case technician.StepTurn, technician.StepNetwork:
	case technician.StepHub:
		if h, ok := b.Bench.Peek(ctx, step).(technician.Hub); ok {
			return onNetwork(h)
		}
		return nil
	default:
		return b.Bench.Peek(ctx, step)
	}
	status, err := b.device.Status(ctx)
	if err != nil {
		return nil
	}
	if step == technician.StepTurn {
		return technician.Turn{Kept: status.Settings.Rotation, Shown: status.Settings.Rotation}
	}
	n := networkOf(status.Settings)
	if links, err := b.device.Links(ctx); err == nil {
		n.Links = linksOf(links)
	}
	return n
}

// Hub and Join lead back to the network where the hub does not answer.
func (b *deviceBench) Hub(ctx context.Context) technician.Hub { return onNetwork(b.Bench.Hub(ctx)) }

func (b *deviceBench) Join(ctx context.Context, address, code string) technician.Hub {
	return onNetwork(b.Bench.Join(ctx, address, code))
}

func onNetwork(h technician.Hub) technician.Hub {
	if h.Result.Mark == technician.Bad && h.Result.Problem == technician.HubUnreachable {
		h.Result.Problem = technician.HubNetwork
	}
	return h
}

// restart starts the display anew and waits for the screens on it.
func (b *deviceBench) restart(ctx context.Context, do func() error) error {
	if b.display == nil {
		return do()
	}
	return b.display(ctx, do)
}

func (b *deviceBench) TryTurn(ctx context.Context, degrees int) technician.Turn {
	status, err := b.device.Status(ctx)
	if err != nil {
		return technician.Turn{Result: failed(technician.TestFailed, err)}
	}
	t := technician.Turn{Kept: status.Settings.Rotation, Shown: degrees, Result: technician.Result{Mark: technician.Good}}
	b.tried = true
	// Screens that do not come up in time count all the same: nobody who cannot see them keeps what they show.
	if err := b.restart(ctx, func() error { return again(ctx, b.device, b.device.Turn(ctx, degrees)) }); err != nil {
		t.Shown, t.Result = t.Kept, failed(technician.TestFailed, err)
	}
	return t
}

func (b *deviceBench) KeepTurn(ctx context.Context, degrees int) technician.Turn {
	status, err := b.device.Status(ctx)
	s := status.Settings
	kept := s.Rotation
	// What is kept already is asked of nobody: a kiosk in service would begin its enrolment anew for it.
	if err == nil && (degrees != kept || b.tried) {
		s.Rotation = degrees
		err = again(ctx, b.device, b.device.Set(ctx, s))
	}
	if err != nil {
		return technician.Turn{Kept: kept, Shown: kept, Result: failed(technician.NotSaved, err)}
	}
	b.tried = false
	return technician.Turn{Kept: degrees, Shown: degrees, Result: technician.Result{Mark: technician.Good}}
}

// TurnBack shows the picture as it is kept. Where that fails, the half that is root does so itself before long.
func (b *deviceBench) TurnBack(ctx context.Context) technician.Turn {
	if !b.tried {
		return technician.Turn{}
	}
	b.tried = false
	status, err := b.device.Status(ctx)
	kept := status.Settings.Rotation
	if err == nil {
		err = b.restart(ctx, func() error { return b.device.Turn(ctx, kept) })
	}
	if err != nil {
		return technician.Turn{Kept: kept, Shown: kept, Result: failed(technician.TestFailed, err)}
	}
	return technician.Turn{Kept: kept, Shown: kept, Result: technician.Result{Mark: technician.Fair}}
}

func (b *deviceBench) Network(ctx context.Context, n technician.Network, passphrase enrol.SecretText) technician.Network {
	status, err := b.device.Status(ctx)
	if err != nil {
		n.Result = failed(technician.NotSaved, err)
		return n
	}
	s := settingsOf(status.Settings, n, passphrase)
	if problem, detail := problemIn(s.Check()); problem != technician.NoProblem {
		n.Result = technician.Result{Mark: technician.Bad, Problem: problem, Detail: detail}
		return n
	}
	if n.Radio && n.Passphrase == technician.PassphraseNone && status.Settings.WiFi.SSID == n.Name {
		// The same network without its passphrase: what is kept would be taken for it again.
		without := s
		without.WiFi = enrol.WiFi{}
		err = b.device.Set(ctx, without)
	}
	// In service nothing is changed but by an enrolment that begins anew, and what is as it was is no change.
	if err == nil && !(status.Enrolled && n.Passphrase != technician.PassphraseTyped && reflect.DeepEqual(s, status.Settings)) {
		err = b.device.Set(ctx, s)
	}
	if err = again(ctx, b.device, err); err != nil {
		n.Result = failed(technician.NotSaved, err)
		return n
	}
	if n.Passphrase == technician.PassphraseTyped {
		n.Passphrase = technician.PassphraseKept
	}
	return b.waitForLink(ctx, n)
}

// waitForLink looks at the cards until one is connected as it is wanted.
func (b *deviceBench) waitForLink(ctx context.Context, n technician.Network) technician.Network {
	ctx, stop := context.WithTimeout(ctx, b.patience)
	defer stop()
	for {
		links, err := b.device.Links(ctx)
		if err == nil {
			n.Links, n.Result = linksOf(links), linked(n, links)
			if n.Result.Mark == technician.Good {
				return n
			}
		} else if ctx.Err() == nil {
			// It is saved; what it came to cannot be seen.
			n.Result = technician.Result{Mark: technician.Fair, Problem: technician.TestFailed, Detail: err.Error()}
			return n
		}
		select {
		case <-ctx.Done():
			return n
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func linksOf(links []enrol.Link) (all []technician.Link) {
	for _, l := range links {
		all = append(all, technician.Link{Name: l.Name, Radio: l.Radio, Carrier: l.Carrier, Addresses: l.Addresses})
	}
	return all
}
