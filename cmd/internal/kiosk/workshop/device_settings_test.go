package workshop

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tenin/firmware/enrol"
	"tenin/storage/seal"
	"tenin/ui/technician"
)

func passphrase(text string) enrol.SecretText {
	return enrol.SecretText{Secret: seal.NewSecret([]byte(text))}
}

// impatient is a device's Bench that looks at links once.
func impatient(t *testing.T, f *flashed) *deviceBench {
	b := onDevice(t, f).(*deviceBench)
	b.patience = 0
	return b
}

func TestATurnIsTriedKeptAndTakenBackByTheHalfThatIsRoot(t *testing.T) {
	ctx := context.Background()
	f := &flashed{set: enrol.Settings{Rotation: 180, TimeZone: "Asia/Tokyo"}}
	b := impatient(t, f)
	restarts := 0
	b.display = func(_ context.Context, restart func() error) error {
		restarts++
		return restart()
	}
	if s := b.Peek(ctx, technician.StepTurn); s != (technician.Screen)(technician.Turn{Kept: 180, Shown: 180}) {
		t.Errorf("%+v", s)
	}
	b.TurnBack(ctx) // nothing was tried
	if s := b.TryTurn(ctx, 90); !s.Result.Done() || s.Kept != 180 || s.Shown != 90 || f.set.Rotation != 180 {
		t.Errorf("%+v, %+v", s, f.set)
	}
	if s := b.TurnBack(ctx); s.Result.Mark == technician.Bad || s.Shown != 180 {
		t.Errorf("%+v", s)
	}
	b.TryTurn(ctx, 270)
	if s := b.KeepTurn(ctx, 270); s.Result != good || f.set.Rotation != 270 || f.set.TimeZone != "Asia/Tokyo" {
		t.Errorf("%+v, %+v", s, f.set)
	}
	b.TurnBack(ctx) // it was kept
	if got := strings.Join(f.did, "|"); got != "turn 90|turn 180|turn 270|set  " || restarts != 3 {
		t.Errorf("it did %q, with %d restarts", got, restarts)
	}
	f.refuse = errors.New("the display is gone")
	if s := b.TryTurn(ctx, 0); s.Result.Mark != technician.Bad || s.Shown != 270 {
		t.Errorf("%+v", s)
	}
}

func TestANetworkIsSavedBesideWhatNoScreenAsksFor(t *testing.T) {
	ctx := context.Background()
	f := &flashed{set: enrol.Settings{Rotation: 90, TimeZone: "Asia/Tokyo", Network: enrol.Network{NTP: []string{"192.0.2.1"}, DNS: []string{"192.0.2.53"}}}}
	f.links = []enrol.Link{{Name: "enp1s0", Carrier: true, Addresses: []string{"192.0.2.10/24"}}, {Name: "wlp2s0", Radio: true}}
	b := impatient(t, f)
	n, ok := b.Peek(ctx, technician.StepNetwork).(technician.Network)
	if !ok || n.Radio || n.Fixed || len(n.Links) != 2 {
		t.Fatalf("%+v", n)
	}
	if n = b.Network(ctx, n, enrol.SecretText{}); n.Result != good {
		t.Errorf("%+v", n.Result)
	}
	if s := f.set; s.Rotation != 90 || s.TimeZone != "Asia/Tokyo" || len(s.Network.NTP) != 1 || len(s.Network.DNS) != 1 {
		t.Errorf("something is lost: %+v", s)
	}
	n.Radio, n.Name, n.Country, n.Passphrase = true, "shop", "JP", technician.PassphraseTyped
	n = b.Network(ctx, n, passphrase("correct horse"))
	if n.Result.Problem != technician.NetworkNoRadio || n.Result.Mark != technician.Fair || n.Passphrase != technician.PassphraseKept || f.did[len(f.did)-1] != "set shop correct horse" {
		t.Errorf("%+v after %q", n, f.did)
	}
	if strings.Contains(fmt.Sprintf("%+v %#v", n, n), "horse") {
		t.Error("the passphrase is on the screen")
	}
	n.Passphrase = technician.PassphraseNone
	b.Network(ctx, n, enrol.SecretText{})
	if got := strings.Join(f.did[len(f.did)-2:], "|"); got != "set  |set shop " {
		t.Errorf("the old passphrase stays for an open network: %q", got)
	}
	n.Radio, n.Fixed, n.Address, n.DNS = false, true, "192.0.2.11/24", "192.0.2.53, 192.0.2.54"
	if n = b.Network(ctx, n, enrol.SecretText{}); n.Result.Problem != technician.NetworkNoAddress || strings.Join(f.set.Network.DNS, " ") != "192.0.2.53 192.0.2.54" || f.set.WiFi.SSID != "" {
		t.Errorf("%+v, %+v", n.Result, f.set)
	}
	before := len(f.did)
	n.Address = "here"
	if n = b.Network(ctx, n, enrol.SecretText{}); n.Result.Problem != technician.NetworkAddress || !strings.HasPrefix(n.Result.Detail, "network.address ") || len(f.did) != before {
		t.Errorf("%+v after %q", n.Result, f.did[before:])
	}
}

func TestAKioskInServiceIsToldToStartAnewForAnotherNetwork(t *testing.T) {
	f := &flashed{refuse: enrol.ErrEnrolled}
	b := impatient(t, f)
	if s := b.KeepTurn(context.Background(), 0); s.Result != good || len(f.did) != 0 {
		t.Errorf("a picture that is right begins the enrolment anew: %+v, %q", s, f.did)
	}
	f.enrolled = true
	if n := b.Network(context.Background(), technician.Network{}, enrol.SecretText{}); !n.Result.Done() || len(f.did) != 0 {
		t.Errorf("a network that is right begins the enrolment anew: %+v, %q", n.Result, f.did)
	}
	if n := b.Network(context.Background(), technician.Network{Proxy: "http://192.0.2.1:3128"}, enrol.SecretText{}); n.Result.Mark != technician.Bad || !strings.Contains(n.Result.Detail, "restart the machine") || f.did[len(f.did)-1] != "reopen" {
		t.Errorf("%+v after %q", n.Result, f.did)
	}
}

func TestALinkIsJudgedByWhatWasWanted(t *testing.T) {
	cable, radio := technician.Network{}, technician.Network{Radio: true}
	fixed := technician.Network{Fixed: true, Address: "192.0.2.10/24"}
	up := enrol.Link{Name: "a", Carrier: true, Addresses: []string{"192.0.2.10/24"}}
	for _, c := range []struct {
		wants technician.Network
		links []enrol.Link
		want  technician.Problem
	}{
		{cable, nil, technician.NetworkNoCable},
		{cable, []enrol.Link{{Name: "a"}}, technician.NetworkNoCable},
		{cable, []enrol.Link{{Name: "a", Carrier: true}}, technician.NetworkNoAddress},
		{cable, []enrol.Link{{Name: "b"}, up}, technician.NoProblem},
		{fixed, []enrol.Link{up}, technician.NoProblem},
		{fixed, []enrol.Link{{Name: "a", Carrier: true, Addresses: []string{"192.0.2.99/24"}}}, technician.NetworkNoAddress},
		{radio, []enrol.Link{up}, technician.NetworkNoCard},
		{radio, []enrol.Link{up, {Name: "w", Radio: true}}, technician.NetworkNoRadio},
		{radio, []enrol.Link{{Name: "w", Radio: true, Carrier: true, Addresses: []string{"192.0.2.7/24"}}}, technician.NoProblem},
	} {
		if r := linked(c.wants, c.links); r.Problem != c.want || !r.Done() {
			t.Errorf("%+v with %+v: %+v", c.wants, c.links, r)
		}
	}
}

func TestAHubThatDoesNotAnswerADeviceIsToldWithTheNetwork(t *testing.T) {
	unreachable := technician.Hub{Result: technician.Result{Mark: technician.Bad, Problem: technician.HubUnreachable}}
	if h := onNetwork(unreachable); h.Result.Problem != technician.HubNetwork {
		t.Errorf("%+v", h)
	}
	refused := technician.Hub{Result: technician.Result{Mark: technician.Bad, Problem: technician.HubRefused}}
	if h := onNetwork(refused); h != refused {
		t.Errorf("%+v", h)
	}
}

func TestAHubThatLetTheDeviceInAnswersAndOneFromBeforeCannotBeAsked(t *testing.T) {
	f := &flashed{}
	b := impatient(t, f)
	m := b.Bench.(*machine)
	if _, err := m.Reach(context.Background()); !errors.Is(err, errCannotAsk) {
		t.Errorf("a process without a network has asked: %v", err)
	}
	b.answered = true
	if _, err := m.Reach(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestAMachineThatWasNotFlashedSaysSo(t *testing.T) {
	b, _ := here(t)
	ctx := context.Background()
	if b.Device() || b.TryTurn(ctx, 90).Result.Done() || b.KeepTurn(ctx, 90).Result.Done() || b.Network(ctx, technician.Network{}, enrol.SecretText{}).Result.Done() {
		t.Error("it does a device's steps")
	}
}
