package workshop

import (
	"context"
	"errors"
	"math"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/clock"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/setup"
	"tenin/storage/seal"
	"tenin/ui"
	"tenin/ui/technician"
)

func (m *machine) Peek(_ context.Context, step technician.Step) technician.Screen {
	w := m.setup.ShopSettings()
	switch step {
	case technician.StepShop:
		return technician.Shop{Name: w.Name, Floor: w.Floor, Speaks: speaks[w.Language]}
	case technician.StepBrand:
		b := technician.Brand{Name: w.Brand}
		if w.HasAccent {
			b.Accent = w.Accent
		}
		return b
	case technician.StepClock:
		return clockOf(m.setup.CheckClock())
	case technician.StepHub:
		return hubOf(m.setup.CheckHub())
	case technician.StepSealing:
		return sealingOf(m.setup.CheckSealing())
	case technician.StepAccess:
		return m.Access(context.Background())
	}
	return nil
}

var (
	speaks    = map[string]technician.Speaks{"auto": technician.SpeaksBoth, "ja": technician.SpeaksJapanese, "en": technician.SpeaksEnglish}
	languages = map[technician.Speaks]string{technician.SpeaksBoth: "auto", technician.SpeaksJapanese: "ja", technician.SpeaksEnglish: "en"}
)

func (m *machine) Shop(_ context.Context, s technician.Shop) technician.Shop {
	w := m.setup.ShopSettings()
	w.Name, w.Floor, w.Language = s.Name, s.Floor, languages[s.Speaks]
	if err := m.setup.SetShop(w); err != nil {
		s.Result = failed(technician.NotSaved, err)
		return s
	}
	f := m.setup.CheckShop()
	w = m.setup.ShopSettings()
	return technician.Shop{Result: resultOf(f), Name: w.Name, Floor: w.Floor, Speaks: speaks[w.Language]}
}

func (m *machine) Brand(_ context.Context, s technician.Brand) technician.Brand {
	w := m.setup.ShopSettings()
	w.Brand, w.Accent, w.HasAccent = s.Name, s.Accent, true
	if err := m.setup.SetShop(w); err != nil {
		s.Result = failed(technician.NotSaved, err)
		return s
	}
	f := m.setup.CheckShop()
	w = m.setup.ShopSettings()
	s.Name, s.Accent = w.Brand, w.Accent
	if s.Result = resultOf(f); s.Result.Problem == technician.NameMissing {
		s.Result = technician.Result{Mark: technician.Good} // that is the shop's step
	}
	if ui.AccentRatio(s.Accent) < ui.LeastContrast {
		s.Result = technician.Result{Mark: technician.Bad, Problem: technician.AccentTooPale}
	}
	return s
}

var sources = map[clock.Reason]technician.Source{
	clock.Kept: technician.SourceNetwork, clock.HubAgrees: technician.SourceHub, clock.Confirmed: technician.SourceHand, clock.Carried: technician.SourceBattery,
}

var refusals = map[clock.Use]technician.Refusal{
	clock.Retention: technician.RefusesExpiry, clock.Today: technician.RefusesDated, clock.Enrolment: technician.RefusesJoin, clock.Receipts: technician.RefusesReceipt,
}

func clockOf(t clock.Trust, f setup.Finding) technician.Clock {
	c := technician.Clock{Result: resultOf(f), Source: sources[t.Reason]}
	if !t.Now.IsZero() {
		c.Now = t.Now.Local().Format("2006-01-02 15:04 MST")
	}
	for _, u := range t.Refused() {
		if r, ok := refusals[u]; ok {
			c.Refused = append(c.Refused, r)
		}
	}
	return c
}

func (m *machine) Clock(context.Context) technician.Clock { return clockOf(m.setup.CheckClock()) }

func (m *machine) ConfirmClock(context.Context) technician.Clock {
	return clockOf(m.setup.ConfirmClock())
}

func (m *machine) SetClock(_ context.Context, digits string) technician.Clock {
	to, err := time.ParseInLocation("200601021504", digits, time.Local)
	if err != nil {
		c := m.Clock(context.Background())
		c.Result = technician.Result{Mark: technician.Bad, Problem: technician.ClockWrong}
		return c
	}
	return clockOf(m.setup.SetClock(to))
}

// densest is the resolution above which the keyboard of a Full HD panel, with keys of 15 mm, is cut off.
const densest = 125

func (m *machine) Panel(ctx context.Context) technician.Panel {
	screen, f := m.setup.CheckDisplay(ctx)
	p := technician.Panel{Result: resultOf(f), Width: screen.Width, Height: screen.Height, DPI: m.DPI, Targets: technician.TargetCount}
	if p.Result.Mark == technician.Good && m.DPI > densest {
		p.Result = technician.Result{Mark: technician.Fair, Problem: technician.PanelDense}
	}
	return p
}

func (m *machine) Microphone(ctx context.Context, tell func(technician.Microphone)) technician.Microphone {
	clear(m.heard)
	m.heard = m.heard[:0]
	defer func() {
		clear(m.heard[:cap(m.heard)])
		m.heard = nil
	}()
	began := 0
	shown := technician.Microphone{}
	last := -1
	h := m.setup.CheckMicrophone(ctx, func(l setup.Level) {
		shown.Phase = technician.MicrophoneRoom
		if l.Phase == setup.Speak {
			if began == 0 {
				began = max(len(m.heard), 1)
			}
			shown.Phase = technician.MicrophoneSpeak
		}
		shown.Level = levelOf(l.RMS)
		// A picture for each of 30 levels a second would be drawing for its own sake.
		if bar := int(shown.Level*24)*2 + int(shown.Phase)%2; bar != last {
			last = bar
			tell(shown)
		}
	})
	result := technician.Microphone{Result: resultOf(h.Finding), Device: h.Device, NoiseDB: float32(h.Floor), SpeechDB: float32(h.Speech)}
	if !result.Result.Done() {
		return result
	}
	if m.Recognise == nil {
		result.Result = failed(technician.TestFailed, errNoEngine)
		return result
	}
	shown.Phase, shown.Device, shown.NoiseDB, shown.SpeechDB = technician.MicrophoneThinks, h.Device, result.NoiseDB, result.SpeechDB
	tell(shown)
	text, err := m.Recognise(ctx, audio.Clip{Samples: m.heard[min(began, len(m.heard)):], Rate: audio.SampleRate})
	switch {
	case err != nil:
		result.Result = failed(technician.TestFailed, err)
	case text == "":
		result.Result = technician.Result{Mark: technician.Bad, Problem: technician.SpeechUnheard}
	}
	result.Heard = text
	return result
}

var errNoEngine = errors.New("this program was built without its engines")

// levelOf is a level below full scale as a bar: -60 dB is empty.
func levelOf(db float64) float32 {
	return float32(math.Min(math.Max((db+60)/60, 0), 1))
}

func (m *machine) Tone(ctx context.Context) technician.Loudspeaker {
	t := m.setup.CheckLoudspeaker(ctx)
	return technician.Loudspeaker{Result: resultOf(t.Finding), Device: t.Device, Said: m.sentence()}
}

func (m *machine) sentence() string {
	if m.setup.ShopSettings().Language == "en" {
		return "Hello. Please tell me what you are looking for."
	}
	return "いらっしゃいませ。お探しの物をお話しください。"
}

func (m *machine) Sentence(ctx context.Context) (l technician.Loudspeaker) {
	l.Said = m.sentence()
	if m.Synthesize == nil {
		l.Result = failed(technician.TestFailed, errNoEngine)
		return l
	}
	language := "ja"
	if m.setup.ShopSettings().Language == "en" {
		language = "en"
	}
	clip, err := m.Synthesize(ctx, l.Said, language)
	if err == nil {
		l.Device, err = m.play(ctx, clip)
	}
	if err != nil {
		l.Result = failed(technician.TestFailed, err)
		return l
	}
	l.Result = technician.Result{Mark: technician.Good}
	return l
}

func (m *machine) play(ctx context.Context, clip audio.Clip) (device string, err error) {
	open := m.Setup.Sound.Speaker
	if open == nil {
		open = func(ctx context.Context, o audio.DeviceOptions) (audio.Player, error) {
			return audio.OpenSpeaker(ctx, o)
		}
	}
	player, err := open(ctx, audio.DeviceOptions{Name: m.setup.ShopSettings().Loudspeaker})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, player.Close()) }()
	if d, ok := player.(interface{ Device() audio.Device }); ok {
		device = d.Device().Name
	}
	_, err = player.Play(ctx, clip)
	return device, err
}

func (m *machine) Echo(ctx context.Context) technician.Echo {
	e := m.setup.MeasureEcho(ctx)
	verdict := technician.EchoUnknown
	switch {
	case !e.Heard:
	case e.Code == setup.EchoLoud:
		verdict = technician.EchoTooStrong
	case e.HalfDuplex:
		verdict = technician.EchoInTurns
	default:
		verdict = technician.EchoClear
	}
	return technician.Echo{Result: resultOf(e.Finding), LossDB: float32(e.Attenuation), DelayMS: float32(e.Delay.Seconds() * 1000), Verdict: verdict}
}

// errCannotAsk means that nobody here can ask the hub, which says nothing of the hub.
var errCannotAsk = errors.New("it was joined at an earlier start, and these screens have no network to ask it by")

func hubOf(j setup.Joined) technician.Hub {
	return technician.Hub{Result: resultOf(j.Finding), Address: j.Address, Joined: j.Name != "", Name: j.Name, Fingerprint: j.Key}
}

func (m *machine) Hub(ctx context.Context) technician.Hub { return m.reached(ctx, m.setup.CheckHub()) }

func (m *machine) Join(ctx context.Context, address, code string) technician.Hub {
	j := m.setup.Join(ctx, code, address, true)
	h := m.reached(ctx, j)
	if h.Address == "" {
		h.Address = address
	}
	return h
}

// reached asks the hub that was joined for an answer: a green one has given it.
func (m *machine) reached(ctx context.Context, j setup.Joined) technician.Hub {
	h := hubOf(j)
	if h.Result.Mark != technician.Good {
		return h
	}
	if m.Reach == nil {
		h.Result = technician.Result{Mark: technician.Fair, Problem: technician.HubUnreachable, Detail: "nothing here can ask it"}
		return h
	}
	took, err := m.Reach(ctx)
	if errors.Is(err, errCannotAsk) {
		h.Result = technician.Result{Mark: technician.Fair, Problem: technician.HubUnasked}
		return h
	}
	if err != nil {
		h.Result = failed(technician.HubUnreachable, err)
		return h
	}
	h.Reachable, h.RoundTripMS = true, float32(took.Seconds()*1000)
	return h
}

var seals = map[seal.Kind]technician.Seal{seal.KindTPM: technician.SealTPM, seal.KindKeyFile: technician.SealFile, seal.KindPassphrase: technician.SealPhrase}

func sealingOf(k kiosk.KeyState, f setup.Finding) technician.Sealing {
	s := technician.Sealing{Result: resultOf(f), By: seals[k.Kind], Sealed: k.Vault && k.Open, Asks: k.PIN}
	bound := len(k.SignedPCRs) > 0 || kiosk.OnDevice()
	counted := k.Keys != nil && k.Keys.Counter != nil
	protects := map[technician.Threat]bool{technician.OlderCopy: counted}
	switch k.Kind {
	case seal.KindTPM:
		protects[technician.StolenDisk] = true
		protects[technician.StolenMachine] = k.PIN
		protects[technician.OtherSystem] = bound || k.PIN
	case seal.KindPassphrase:
		protects[technician.StolenDisk], protects[technician.StolenMachine], protects[technician.OtherSystem] = true, true, true
	}
	if s.By == technician.SealUnknown {
		return s
	}
	for _, t := range technician.Threats() {
		if protects[t] {
			s.Against = append(s.Against, t)
		} else {
			s.NotAgainst = append(s.NotAgainst, t)
		}
	}
	return s
}

func (m *machine) Seal(_ context.Context, file bool) technician.Sealing {
	settings, err := m.settings()
	if err != nil {
		return technician.Sealing{Result: failed(technician.SealFailed, err)}
	}
	kind := seal.KindKeyFile
	if !file {
		kind = kiosk.SealKind(m.Setup.Home, settings.Seal)
	}
	return sealingOf(m.setup.Seal(kind, settings.Seal.PIN, m.Setup.Unlock.PIN))
}

func (m *machine) MakeRecovery(context.Context) ([]string, [2]int, technician.Result) {
	groups := m.setup.MakeRecovery()
	first, second := m.setup.AskedGroups()
	return groups, [2]int{first, second}, technician.Result{}
}

func (m *machine) ConfirmRecovery(_ context.Context, first, second string) technician.Result {
	return resultOf(m.setup.ConfirmRecovery(first, second))
}

func (m *machine) ForgetRecovery(context.Context) { m.setup.ForgetRecovery() }

// Finish looks once more at all that has to be there after the next start.
func (m *machine) Finish(_ context.Context, _ []technician.Row) technician.Result {
	_, sealed := m.setup.CheckSealing()
	_, staffed := m.setup.CheckStaff()
	for _, f := range []setup.Finding{m.setup.CheckShop(), sealed, m.setup.CheckRecovery(), staffed, m.setup.CheckHub().Finding} {
		if !f.State.Done() {
			return resultOf(f)
		}
	}
	return technician.Result{Mark: technician.Good}
}
