package technician

import (
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/uitest"
)

type state = uitest.State[View]

type variant = uitest.Variant[View]

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
		for i, s := range StepsOf(false) {
			r := undone
			if i < len(results) {
				r = results[i]
			}
			all = append(all, Row{s, r})
		}
		return all
	}
	mixed := rows(good, good, fair(ClockByHand, ""), good, bad(MicrophoneNoisy, "floor -31 dBFS"), good, busy, bad(HubUnreachable, "hub.example.jp:4222"), fair(SealKeyFile, ""), undone, good)
	typewriter := func(text string, layout keyboard.Layout) keyboard.View {
		v := board(text, layout)
		v.Offers = keyboard.Typewriter()
		return v
	}
	device := append([]Row{{StepTurn, good}, {StepNetwork, fair(NetworkNoAddress, "enp1s0")}}, mixed...)
	cable, radio := Link{Name: "enp1s0", Carrier: true, Addresses: []string{"192.0.2.10/24", "2001:db8:1f2e:7::a1b2:c3d4/64"}}, Link{Name: "wlp2s0", Radio: true}
	fixed := Network{Radio: true, Fixed: true, Address: "192.0.2.10/24", Gateway: "192.0.2.1", DNS: "192.0.2.53 192.0.2.54", Name: "TENIN-GINZA-STAFF-5GHz", Country: "JP", Passphrase: PassphraseTyped,
		Proxy: "http://proxy.example.jp:3128", Links: []Link{cable, radio}}
	wrong, let := fixed, fixed
	wrong.Result, wrong.Radio, wrong.Gateway = bad(NetworkGateway, "network.gateway is no other address in the network of network.address"), false, "198.51.100.1"
	let.Result, let.Fixed, let.Passphrase = fair(NetworkNoRadio, "wlp2s0"), false, PassphraseKept
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
		{Name: "pin", View: View{Screen: PIN{Most: 12, Typed: 4}}},
		{Name: "pin-wrong", View: View{Left: 25, Screen: PIN{Most: 12, Refusal: PINWrong}}},
		{Name: "pin-wait", View: View{Screen: PIN{Most: 12, Refusal: PINWait, Wait: 118}}},
		{Name: "pin-shut", View: View{Screen: PIN{Most: 12, Refusal: PINShut}}},
		{Name: "pin-choose", View: View{Screen: PIN{Purpose: PINChoose, Most: 12, Typed: 6}}},
		{Name: "pin-manager", View: View{Screen: PIN{Purpose: PINChoose, Who: Manager, Most: 12, Typed: 3}}},
		{Name: "pin-repeat", View: View{Screen: PIN{Purpose: PINRepeat, Most: 12, Refusal: PINDifferent}}},
		{Name: "menu", View: View{Left: 90, Screen: Menu{SetUp: Bad, Health: Fair}}},
		{Name: "setup-new", View: View{Screen: SetUp{Rows: rows()}}},
		{Name: "setup", View: View{Left: 75, Screen: SetUp{Rows: mixed}}},
		{Name: "setup-device", View: View{Left: 60, Device: true, Screen: SetUp{Rows: device}}},
		{Name: "turn", View: View{Device: true, Screen: Turn{}}},
		{Name: "turn-90", View: View{Left: 60, Device: true, Screen: Turn{Kept: 90, Shown: 90, Result: bad(TurnUnkept, "")}}},
		{Name: "turn-tries", View: View{Device: true, Screen: Turn{Phase: TurnTries, Shown: 90}}},
		{Name: "turn-asks", View: View{Device: true, Screen: Turn{Phase: TurnAsks, Shown: 90, Left: 13}}},
		{Name: "turn-returns", View: View{Device: true, Screen: Turn{Phase: TurnReturns, Shown: 90}}},
		{Name: "turn-good", View: View{Device: true, Screen: Turn{Result: good, Kept: 270, Shown: 270}}},
		{Name: "network", View: View{Device: true, Screen: Network{Links: []Link{{Name: "enp1s0", Carrier: true}}}}},
		{Name: "network-busy", View: View{Device: true, Screen: Network{Result: busy}}},
		{Name: "network-fixed-wifi", View: View{Device: true, Left: 60, Screen: fixed}},
		{Name: "network-wrong", View: View{Device: true, Left: 60, Screen: wrong}},
		{Name: "network-wifi-out", View: View{Device: true, Screen: let}},
		{Name: "network-good", View: View{Device: true, Screen: Network{Result: good, Links: []Link{cable, radio}}}},
		{Name: "shop", View: View{Screen: Shop{Name: shop, Floor: floor}}},
		{Name: "shop-bad", View: View{Left: 60, Screen: Shop{Result: bad(NameUndrawable, "𠮷 🏬"), Name: shop, Floor: floor, Speaks: SpeaksJapanese}}},
		{Name: "brand", View: View{Screen: Brand{Result: good, Name: shop, Accent: 0x165e83, Choices: Accents(), Ratio: ui.AccentRatio(0x165e83), Nearest: 0x165e83}}},
		{Name: "brand-pale", View: View{Left: 60, Screen: Brand{Result: bad(AccentTooPale, "2.1:1"), Name: shop, Accent: 0xf08300, Choices: Accents(), Ratio: ui.AccentRatio(0xf08300), Nearest: ui.NearestAccent(0xf08300)}}},
		{Name: "clock", View: View{Screen: Clock{Result: good, Now: "2026-11-22 19:44 JST", Source: SourceNetwork}}},
		{Name: "clock-unset", View: View{Left: 60, Screen: Clock{Result: bad(ClockUnset, "no time since the start; the vault was last used 2026-11-20 21:03"), Now: "2026-01-01 00:02 JST", Refused: Refusals()}}},
		{Name: "panel", View: View{Screen: Panel{Width: 1080, Height: 1920, DPI: 102, Targets: TargetCount}}},
		{Name: "panel-good", View: View{Screen: Panel{Result: good, Width: 1080, Height: 1920, DPI: 102, Hit: 5, Targets: 5, WorstMM: 2.4}}},
		{Name: "panel-dense", View: View{Left: 60, Screen: Panel{Result: fair(PanelDense, "15.6 inches"), Width: 1920, Height: 1080, DPI: 141, Hit: 5, Targets: 5, WorstMM: 3.8}}},
		{Name: "targets", View: View{Screen: Targets{Next: 2}}},
		{Name: "targets-missed", View: View{Screen: Targets{Next: 4, Missed: 2}}},
		{Name: "microphone", View: View{Screen: Microphone{Device: "USB PnP Sound Device: Audio (hw:1,0)"}}},
		{Name: "microphone-room", View: View{Screen: Microphone{Phase: MicrophoneRoom, Device: "USB PnP Sound Device", Level: 0.2}}},
		{Name: "microphone-speak", View: View{Screen: Microphone{Phase: MicrophoneSpeak, Device: "USB PnP Sound Device", Level: 0.7, NoiseDB: -58}}},
		{Name: "microphone-asks", View: View{Left: 60, Screen: Microphone{Phase: MicrophoneAsks, Device: "USB PnP Sound Device", NoiseDB: -58, SpeechDB: -21, Heard: pick("今日はとても良い天気です", "It is a very fine day today")}}},
		{Name: "microphone-noisy", View: View{Screen: Microphone{Result: bad(MicrophoneNoisy, "-31 dBFS, 9 dB below the voice"), Device: "USB PnP Sound Device", NoiseDB: -31, SpeechDB: -22}}},
		{Name: "microphone-good", View: View{Screen: Microphone{Result: good, Device: "USB PnP Sound Device", NoiseDB: -58, SpeechDB: -21, Heard: pick("今日はとても良い天気です", "It is a very fine day today")}}},
		{Name: "loudspeaker", View: View{Screen: Loudspeaker{Phase: LoudspeakerTone, Device: "HDMI 0"}}},
		{Name: "loudspeaker-asks", View: View{Left: 60, Screen: Loudspeaker{Phase: LoudspeakerAsksSentence, Device: "HDMI 0", Said: pick("いらっしゃいませ。ご用件をお話しください。", "Welcome. How can I help you?")}}},
		{Name: "loudspeaker-bad", View: View{Screen: Loudspeaker{Result: bad(ToneUnheard, ""), Device: "HDMI 0"}}},
		{Name: "echo-busy", View: View{Screen: Echo{Result: busy}}},
		{Name: "echo", View: View{Left: 60, Screen: Echo{Result: good, LossDB: 18, DelayMS: 142, Verdict: EchoInTurns}}},
		{Name: "echo-loud", View: View{Screen: Echo{Result: bad(EchoLoud, "it comes back 3 dB louder"), LossDB: -3, DelayMS: 96, Verdict: EchoTooStrong}}},
		{Name: "hub", View: View{Screen: Hub{}}},
		{Name: "hub-refused", View: View{Left: 60, Screen: Hub{Result: bad(HubRefused, "the code of ginza-1 was used on 2026-11-20"), Address: "hub.example.jp:4222"}}},
		{Name: "hub-network", View: View{Device: true, Left: 60, Screen: Hub{Result: bad(HubNetwork, "hub.example.jp:4222: i/o timeout"), Address: "hub.example.jp:4222"}}},
		{Name: "hub-unasked", View: View{Device: true, Screen: Hub{Result: fair(HubUnasked, ""), Address: "hub.example.jp:4222", Joined: true, Name: "ginza-1", Fingerprint: fingerprint}}},
		{Name: "hub-good", View: View{Screen: Hub{Result: good, Address: "hub.example.jp:4222", Joined: true, Name: "ginza-1", Fingerprint: fingerprint, Reachable: true, RoundTripMS: 23}}},
		{Name: "sealing", View: View{Screen: Sealing{By: SealTPM, Against: []Threat{StolenDisk, OtherSystem, OlderCopy}, NotAgainst: []Threat{StolenMachine, RootUser}}}},
		{Name: "sealing-file", View: View{Left: 60, Screen: Sealing{Result: fair(SealKeyFile, "no TPM at /dev/tpmrm0"), By: SealFile, Sealed: true, NotAgainst: Threats()}}},
		{Name: "sealing-failed", View: View{Screen: Sealing{Result: bad(SealFailed, "/dev/tpmrm0: permission denied"), By: SealTPM}}},
		{Name: "recovery", View: View{Screen: Recovery{}}},
		{Name: "recovery-shown", View: View{Left: 120, Screen: Recovery{Phase: RecoveryShown, Groups: recovery}}},
		{Name: "recovery-wrong", View: View{Screen: Recovery{Result: bad(RecoveryWrong, "")}}},
		{Name: "recovery-kept", View: View{Left: 60, Screen: Recovery{Result: good, Phase: RecoveryKept}}},
		{Name: "access", View: View{Screen: Access{Result: bad(TechnicianNone, ""), Managers: 1}}},
		{Name: "access-good", View: View{Left: 60, Screen: Access{Result: good, Managers: 1, Technicians: 1, Staff: 4}}},
		{Name: "finish-left", View: View{Left: 60, Screen: Finish{Result: bad(StepsLeft, ""), Rows: mixed[:11]}}},
		{Name: "finish", View: View{Screen: Finish{Result: good, Rows: rows(good, good, fair(ClockByHand, ""), good, good, good, good, fair(HubNone, ""), good, good, good)[:11]}}},
		{Name: "edit-name", View: View{Left: 60, Screen: Edit{Field: FieldShopName, Board: board(shop, either(l == English, keyboard.Gojuon, keyboard.Latin))}}},
		{Name: "edit-code", View: View{Screen: Edit{Field: FieldHubCode, Board: board("7K3QD-M9X2A-PZ8", keyboard.Latin), Problem: HubBadCode}}},
		{Name: "edit-time", View: View{Screen: Edit{Field: FieldTime, Board: board("2026112219", keyboard.Digits)}}},
		{Name: "edit-group", View: View{Left: 60, Screen: Edit{Field: FieldRecoveryGroup, Board: board("PZ8", keyboard.Latin), Group: 3, Groups: 8}}},
		{Name: "edit-address", View: View{Device: true, Left: 60, Screen: Edit{Field: FieldAddress, Board: typewriter("192.0.2.10/24", keyboard.Numbers)}}},
		{Name: "edit-gateway-wrong", View: View{Device: true, Screen: Edit{Field: FieldGateway, Problem: NetworkGateway, Board: typewriter("198.51.100.1", keyboard.Numbers)}}},
		{Name: "edit-ssid", View: View{Device: true, Left: 60, Screen: Edit{Field: FieldNetworkName, Board: func() keyboard.View {
			v := board("TENIN-GINZA", keyboard.Latin)
			v.Offers = append(keyboard.Layouts(), keyboard.Signs)
			return v
		}()}}},
		{Name: "edit-passphrase", View: View{Device: true, Screen: Edit{Field: FieldPassphrase, Secret: true, Hidden: true, Board: typewriter("••••••••••••", keyboard.Signs)}}},
		{Name: "edit-passphrase-shown", View: View{Device: true, Left: 60, Screen: Edit{Field: FieldPassphrase, Secret: true, Problem: NetworkPassphrase, Board: typewriter("a#Zl1|O0~`\\", keyboard.Latin)}}},
		{Name: "health", View: View{Left: 60, Screen: Health{Lines: lines, At: "19:44"}}},
		{Name: "health-looks", View: View{Screen: Health{}}},
		{Name: "bundle", View: View{Left: 60, Screen: Bundle{Contents: items, Places: places, Chosen: 0}}},
		{Name: "bundle-none", View: View{Screen: Bundle{Contents: items, Chosen: -1}}},
		{Name: "bundle-good", View: View{Screen: Bundle{Result: good, Contents: items, Places: places, Chosen: -1, Path: "KINGSTON/tenin-ginza-1-20261122-1944.zip"}}},
		{Name: "wipe", View: View{Left: 60, Screen: Wipe{}}},
		{Name: "wipe-types", View: View{Left: 60, Screen: Wipe{Phase: WipeTypes, Challenge: "4827", Typed: "48", Differs: true}}},
		{Name: "wipe-holds", View: View{Left: 60, Screen: Wipe{Phase: WipeHolds, Need: 3}}},
		{Name: "wipe-held", View: View{Screen: Wipe{Phase: WipeHolds, Held: 2, Need: 3}}},
		{Name: "wipe-lift", View: View{Screen: Wipe{Phase: WipeHolds, Held: 3, Need: 3}}},
		{Name: "wipe-runs", View: View{Screen: Wipe{Phase: WipeRuns}}},
		{Name: "wipe-done", View: View{Screen: Wipe{Phase: WipeDone}}},
		{Name: "power", View: View{Left: 60, Screen: Power{}}},
		{Name: "power-asks", View: View{Screen: Power{Phase: PowerAsks, What: PowerOff}}},
		{Name: "power-goes", View: View{Screen: Power{Phase: PowerGoes, What: PowerRestart}}},
	}
	for i := range all {
		all[i].View.Language, all[i].View.Kiosk = l, "ginza-1"
	}
	return all
}

// everyProblem are the steps with each problem that there is, for the audit: texts of any length must fit.
func everyProblem(l Language) []state {
	var all []state
	for _, p := range Problems() {
		r := Result{Bad, p, "what the program says of it: a line of the length that errors have when they name a file, /var/lib/tenin/vault.db"}
		all = append(all,
			state{Name: "problem-hub-" + In(l).Problems[p][0], View: View{Language: l, Left: 60, Screen: Hub{Result: r, Address: "hub.example.jp:4222"}}},
			state{Name: "problem-clock-" + In(l).Problems[p][0], View: View{Language: l, Left: 60, Screen: Clock{Result: r, Now: "2026-01-01 00:02 JST", Refused: Refusals()}}},
			state{Name: "problem-network-" + In(l).Problems[p][0], View: View{Language: l, Device: true, Left: 60, Screen: Network{Result: r, Radio: true, Fixed: true, Links: []Link{{Name: "enp1s0"}, {Name: "wlp2s0", Radio: true}}}}},
			state{Name: "problem-edit-secret-" + In(l).Problems[p][0], View: View{Language: l, Device: true, Left: 60, Screen: Edit{Field: FieldPassphrase, Secret: true, Problem: p}}},
			state{Name: "problem-edit-" + In(l).Problems[p][0], View: View{Language: l, Left: 60, Screen: Edit{Field: FieldHubCode, Problem: p}}})
	}
	return all
}

// variant is one way to draw a state.
// variants are every state in both orientations, both languages and both sizes of text, and some in high contrast.
func variants() (all []variant) {
	for _, l := range Languages() {
		all = append(all, drawn(states(l), l)...)
	}
	for _, s := range states(Japanese) {
		switch s.Name {
		case "setup", "clock-unset", "microphone-speak", "wipe-held", "brand":
			all = append(all, variant{Name: s.Name + "-ja-portrait-contrast", Look: ui.Look{HighContrast: true}, Size: uitest.Portrait, View: s.View})
		}
	}
	return all
}

func drawn(list []state, l Language) []variant {
	return uitest.Variants(list, [...]string{"ja", "en"}[l])
}
