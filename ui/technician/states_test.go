package technician

import (
	"os"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"tenin/ui"
	"tenin/ui/keyboard"
)

func TestMain(m *testing.M) {
	os.Setenv("LANG", "ja_JP.UTF-8")
	os.Exit(m.Run())
}

var (
	portrait  = fyne.NewSize(1080, 1920)
	landscape = fyne.NewSize(1920, 1080)
)

type state struct {
	name string
	view View
}

// states are all the screens in one language, with words as long as a shop's own.
func states(l Language) []state {
	pick := func(ja, en string) string { return either(l == English, ja, en) }
	shop := pick("てんいん百貨店 銀座本店", "Tenin Department Store Ginza")
	floor := pick("6階 エスカレーター前", "6F, by the escalators")
	board := func(text string, layout keyboard.Layout) keyboard.View {
		return keyboard.View{State: keyboard.State{Layout: layout, Text: text}, Enter: pick("決定", "Done"), English: l == English}
	}
	good, undone, busy := Result{Mark: Good}, Result{}, Result{Mark: Busy}
	bad := func(p Problem, detail string) Result { return Result{Bad, p, detail} }
	fair := func(p Problem, detail string) Result { return Result{Fair, p, detail} }
	rows := func(results ...Result) []Row {
		var all []Row
		for i, s := range Steps() {
			r := undone
			if i < len(results) {
				r = results[i]
			}
			all = append(all, Row{s, r})
		}
		return all
	}
	mixed := rows(good, good, fair(ClockByHand, ""), good, bad(MicrophoneNoisy, "floor -31 dBFS"), good, busy, bad(HubUnreachable, "hub.example.jp:4222"), fair(SealKeyFile, ""), undone, good)
	fingerprint := "3f9a1c77d0e24b5a88c1f2e39d6b70415ac9e8d2b3f40617a1b2c3d4e5f60718"
	recovery := []string{"7K3Q", "M9X2", "PZ84", "0HVR", "W5N6", "EB1Y", "4SKQ", "D8MX"}
	lines := []Line{
		{PartProcesses, Good, "asr 412 MB, llm 301 MB, voice 388 MB, audio 41 MB, uplink 38 MB"}, {PartSandbox, Good, "5 of 5 workers"},
		{PartWeights, Good, "whisper-base, e5-small, kokoro: sha256"}, {PartDisk, Fair, "/var/lib/tenin: 1.9 GB of 58 GB free"},
		{PartMemory, Good, "5.1 GB of 7.7 GB free"}, {PartTPM, Good, "IFX, 0 of 32 wrong tries"}, {PartHub, Bad, "hub.example.jp: certificate of another hub"},
		{PartClock, Good, "NTP, ±3 ms"}, {PartSound, Fair, "2 interruptions today"}, {PartDisplay, Good, "1080×1920, llvmpipe"}, {PartHeat, Undone, ""}, {PartData, Good, "412 answers, 1903 products; every record is whole"},
	}
	items := []Item{{ItemVersion, 1}, {ItemHealth, 4}, {ItemSettings, 2}, {ItemLog, 812}, {ItemSetUp, 3}, {ItemCounts, 25}}
	places := []Place{{"USB KINGSTON", 28120}, {"/var/lib/tenin/support", 1946}}
	all := []state{
		{"pin", View{Screen: PIN{Most: 12, Typed: 4}}},
		{"pin-wrong", View{Left: 25, Screen: PIN{Most: 12, Refusal: PINWrong}}},
		{"pin-wait", View{Screen: PIN{Most: 12, Refusal: PINWait, Wait: 118}}},
		{"pin-shut", View{Screen: PIN{Most: 12, Refusal: PINShut}}},
		{"pin-choose", View{Screen: PIN{Purpose: PINChoose, Most: 12, Typed: 6}}},
		{"pin-manager", View{Screen: PIN{Purpose: PINChoose, Who: Manager, Most: 12, Typed: 3}}},
		{"pin-repeat", View{Screen: PIN{Purpose: PINRepeat, Most: 12, Refusal: PINDifferent}}},
		{"menu", View{Left: 90, Screen: Menu{SetUp: Bad, Health: Fair}}},
		{"setup-new", View{Screen: SetUp{Rows: rows()}}},
		{"setup", View{Left: 75, Screen: SetUp{Rows: mixed}}},
		{"shop", View{Screen: Shop{Name: shop, Floor: floor}}},
		{"shop-bad", View{Left: 60, Screen: Shop{Result: bad(NameUndrawable, "𠮷 🏬"), Name: shop, Floor: floor, Speaks: SpeaksJapanese}}},
		{"brand", View{Screen: Brand{Result: good, Name: shop, Accent: 0x165e83, Choices: Accents(), Ratio: ui.AccentRatio(0x165e83), Nearest: 0x165e83}}},
		{"brand-pale", View{Left: 60, Screen: Brand{Result: bad(AccentTooPale, "2.1:1"), Name: shop, Accent: 0xf08300, Choices: Accents(), Ratio: ui.AccentRatio(0xf08300), Nearest: ui.NearestAccent(0xf08300)}}},
		{"clock", View{Screen: Clock{Result: good, Now: "2026-11-22 19:44 JST", Source: SourceNetwork}}},
		{"clock-unset", View{Left: 60, Screen: Clock{Result: bad(ClockUnset, "no time since the start; the vault was last used 2026-11-20 21:03"), Now: "2026-01-01 00:02 JST", Refused: Refusals()}}},
		{"panel", View{Screen: Panel{Width: 1080, Height: 1920, DPI: 102, Targets: TargetCount}}},
		{"panel-good", View{Screen: Panel{Result: good, Width: 1080, Height: 1920, DPI: 102, Hit: 5, Targets: 5, WorstMM: 2.4}}},
		{"panel-dense", View{Left: 60, Screen: Panel{Result: fair(PanelDense, "15.6 inches"), Width: 1920, Height: 1080, DPI: 141, Hit: 5, Targets: 5, WorstMM: 3.8}}},
		{"targets", View{Screen: Targets{Next: 2}}},
		{"targets-missed", View{Screen: Targets{Next: 4, Missed: 2}}},
		{"microphone", View{Screen: Microphone{Device: "USB PnP Sound Device: Audio (hw:1,0)"}}},
		{"microphone-room", View{Screen: Microphone{Phase: MicrophoneRoom, Device: "USB PnP Sound Device", Level: 0.2}}},
		{"microphone-speak", View{Screen: Microphone{Phase: MicrophoneSpeak, Device: "USB PnP Sound Device", Level: 0.7, NoiseDB: -58}}},
		{"microphone-asks", View{Left: 60, Screen: Microphone{Phase: MicrophoneAsks, Device: "USB PnP Sound Device", NoiseDB: -58, SpeechDB: -21, Heard: pick("今日はとても良い天気です", "It is a very fine day today")}}},
		{"microphone-noisy", View{Screen: Microphone{Result: bad(MicrophoneNoisy, "-31 dBFS, 9 dB below the voice"), Device: "USB PnP Sound Device", NoiseDB: -31, SpeechDB: -22}}},
		{"microphone-good", View{Screen: Microphone{Result: good, Device: "USB PnP Sound Device", NoiseDB: -58, SpeechDB: -21, Heard: pick("今日はとても良い天気です", "It is a very fine day today")}}},
		{"loudspeaker", View{Screen: Loudspeaker{Phase: LoudspeakerTone, Device: "HDMI 0"}}},
		{"loudspeaker-asks", View{Left: 60, Screen: Loudspeaker{Phase: LoudspeakerAsksSentence, Device: "HDMI 0", Said: pick("いらっしゃいませ。ご用件をお話しください。", "Welcome. How can I help you?")}}},
		{"loudspeaker-bad", View{Screen: Loudspeaker{Result: bad(ToneUnheard, ""), Device: "HDMI 0"}}},
		{"echo-busy", View{Screen: Echo{Result: busy}}},
		{"echo", View{Left: 60, Screen: Echo{Result: good, LossDB: 18, DelayMS: 142, Verdict: EchoInTurns}}},
		{"echo-loud", View{Screen: Echo{Result: bad(EchoLoud, "it comes back 3 dB louder"), LossDB: -3, DelayMS: 96, Verdict: EchoTooStrong}}},
		{"hub", View{Screen: Hub{}}},
		{"hub-refused", View{Left: 60, Screen: Hub{Result: bad(HubRefused, "the code of ginza-1 was used on 2026-11-20"), Address: "hub.example.jp:4222"}}},
		{"hub-good", View{Screen: Hub{Result: good, Address: "hub.example.jp:4222", Joined: true, Name: "ginza-1", Fingerprint: fingerprint, Reachable: true, RoundTripMS: 23}}},
		{"sealing", View{Screen: Sealing{By: SealTPM, Against: []Threat{StolenDisk, OtherSystem, OlderCopy}, NotAgainst: []Threat{StolenMachine, RootUser}}}},
		{"sealing-file", View{Left: 60, Screen: Sealing{Result: fair(SealKeyFile, "no TPM at /dev/tpmrm0"), By: SealFile, Sealed: true, NotAgainst: Threats()}}},
		{"sealing-failed", View{Screen: Sealing{Result: bad(SealFailed, "/dev/tpmrm0: permission denied"), By: SealTPM}}},
		{"recovery", View{Screen: Recovery{}}},
		{"recovery-shown", View{Left: 120, Screen: Recovery{Phase: RecoveryShown, Groups: recovery}}},
		{"recovery-wrong", View{Screen: Recovery{Result: bad(RecoveryWrong, "")}}},
		{"recovery-kept", View{Left: 60, Screen: Recovery{Result: good, Phase: RecoveryKept}}},
		{"access", View{Screen: Access{Result: bad(TechnicianNone, ""), Managers: 1}}},
		{"access-good", View{Left: 60, Screen: Access{Result: good, Managers: 1, Technicians: 1, Staff: 4}}},
		{"finish-left", View{Left: 60, Screen: Finish{Result: bad(StepsLeft, ""), Rows: mixed[:11]}}},
		{"finish", View{Screen: Finish{Result: good, Rows: rows(good, good, fair(ClockByHand, ""), good, good, good, good, fair(HubNone, ""), good, good, good)[:11]}}},
		{"edit-name", View{Left: 60, Screen: Edit{Field: FieldShopName, Board: board(shop, either(l == English, keyboard.Gojuon, keyboard.Latin))}}},
		{"edit-code", View{Screen: Edit{Field: FieldHubCode, Board: board("7K3QD-M9X2A-PZ8", keyboard.Latin), Problem: HubBadCode}}},
		{"edit-time", View{Screen: Edit{Field: FieldTime, Board: board("2026112219", keyboard.Digits)}}},
		{"edit-group", View{Left: 60, Screen: Edit{Field: FieldRecoveryGroup, Board: board("PZ8", keyboard.Latin), Group: 3, Groups: 8}}},
		{"health", View{Left: 60, Screen: Health{Lines: lines, At: "19:44"}}},
		{"health-looks", View{Screen: Health{}}},
		{"bundle", View{Left: 60, Screen: Bundle{Contents: items, Places: places, Chosen: 0}}},
		{"bundle-none", View{Screen: Bundle{Contents: items, Chosen: -1}}},
		{"bundle-good", View{Screen: Bundle{Result: good, Contents: items, Places: places, Chosen: -1, Path: "KINGSTON/tenin-ginza-1-20261122-1944.zip"}}},
		{"wipe", View{Left: 60, Screen: Wipe{}}},
		{"wipe-types", View{Left: 60, Screen: Wipe{Phase: WipeTypes, Challenge: "4827", Typed: "48", Differs: true}}},
		{"wipe-holds", View{Left: 60, Screen: Wipe{Phase: WipeHolds, Need: 3}}},
		{"wipe-held", View{Screen: Wipe{Phase: WipeHolds, Held: 2, Need: 3}}},
		{"wipe-lift", View{Screen: Wipe{Phase: WipeHolds, Held: 3, Need: 3}}},
		{"wipe-runs", View{Screen: Wipe{Phase: WipeRuns}}},
		{"wipe-done", View{Screen: Wipe{Phase: WipeDone}}},
		{"power", View{Left: 60, Screen: Power{}}},
		{"power-asks", View{Screen: Power{Phase: PowerAsks, What: PowerOff}}},
		{"power-goes", View{Screen: Power{Phase: PowerGoes, What: PowerRestart}}},
	}
	for i := range all {
		all[i].view.Language, all[i].view.Kiosk = l, "ginza-1"
	}
	return all
}

// everyProblem are the steps with each problem that there is, for the audit: texts of any length must fit.
func everyProblem(l Language) []state {
	var all []state
	for _, p := range Problems() {
		r := Result{Bad, p, "what the program says of it: a line of the length that errors have when they name a file, /var/lib/tenin/vault.db"}
		all = append(all,
			state{"problem-hub-" + In(l).Problems[p][0], View{Language: l, Left: 60, Screen: Hub{Result: r, Address: "hub.example.jp:4222"}}},
			state{"problem-clock-" + In(l).Problems[p][0], View{Language: l, Left: 60, Screen: Clock{Result: r, Now: "2026-01-01 00:02 JST", Refused: Refusals()}}},
			state{"problem-edit-" + In(l).Problems[p][0], View{Language: l, Left: 60, Screen: Edit{Field: FieldHubCode, Problem: p}}})
	}
	return all
}

// variant is one way to draw a state.
type variant struct {
	name  string
	look  ui.Look
	size  fyne.Size
	state state
}

// variants are every state in both orientations, both languages and both sizes of text, and some in high contrast.
func variants() []variant {
	var all []variant
	for _, l := range Languages() {
		all = append(all, drawn(states(l), l)...)
	}
	for _, s := range states(Japanese) {
		switch s.name {
		case "setup", "clock-unset", "microphone-speak", "wipe-held", "brand":
			all = append(all, variant{s.name + "-ja-portrait-contrast", ui.Look{HighContrast: true}, portrait, s})
		}
	}
	return all
}

func drawn(list []state, l Language) (all []variant) {
	for _, s := range list {
		for i, size := range []fyne.Size{portrait, landscape} {
			for _, big := range []bool{false, true} {
				name := s.name + [...]string{"-ja", "-en"}[l] + [...]string{"-portrait", "-landscape"}[i]
				if big {
					name += "-big"
				}
				all = append(all, variant{name, ui.Look{BigText: big}, size, s})
			}
		}
	}
	return all
}

func app(t *testing.T) {
	t.Helper()
	a := test.NewTempApp(t)
	a.Settings().SetTheme(ui.Theme(ui.Look{}))
}
