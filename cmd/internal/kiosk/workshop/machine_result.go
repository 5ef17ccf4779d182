package workshop

import (
	"tenin/cmd/internal/setup"
	"tenin/ui/technician"
)

// problems say on a screen what a code of the set-up says in a word.
var problems = map[setup.Code]technician.Problem{
	setup.TestFailed:      technician.TestFailed,
	setup.NotSaved:        technician.NotSaved,
	setup.NameMissing:     technician.NameMissing,
	setup.AccentUnusable:  technician.AccentTooPale,
	setup.SettingsBroken:  technician.TestFailed,
	setup.ClockUntrusted:  technician.ClockUnset,
	setup.ClockBehind:     technician.ClockBack,
	setup.ClockAway:       technician.ClockAway,
	setup.ClockAhead:      technician.ClockWrong,
	setup.ClockByHand:     technician.ClockByHand,
	setup.DisplayNone:     technician.PanelNone,
	setup.DisplaySmall:    technician.PanelSmall,
	setup.MicrophoneNone:  technician.MicrophoneNone,
	setup.MicrophoneDead:  technician.MicrophoneDead,
	setup.MicrophoneQuiet: technician.MicrophoneQuiet,
	setup.MicrophoneNoisy: technician.MicrophoneNoisy,
	setup.MicrophoneClips: technician.MicrophoneClips,
	setup.SpeechUnheard:   technician.SpeechUnheard,
	setup.LoudspeakerNone: technician.LoudspeakerNone,
	setup.ToneUnheard:     technician.ToneUnheard,
	setup.EchoUnheard:     technician.EchoNone,
	setup.EchoLoud:        technician.EchoLoud,
	setup.EchoLate:        technician.EchoLate,
	setup.HubNone:         technician.HubNone,
	setup.HubBadCode:      technician.HubBadCode,
	setup.HubUnreachable:  technician.HubUnreachable,
	setup.HubRefused:      technician.HubRefused,
	setup.HubOther:        technician.HubOther,
	setup.SealNone:        technician.SealFailed,
	setup.SealKeyFile:     technician.SealKeyFile,
	setup.SealUnbound:     technician.SealUnbound,
	setup.SealLocked:      technician.SealLocked,
	setup.SealFailed:      technician.SealFailed,
	setup.RecoveryNone:    technician.RecoveryUnsafe,
	setup.RecoveryWrong:   technician.RecoveryWrong,
	setup.StaffNone:       technician.ManagerNone,
	setup.NoTechnician:    technician.TechnicianNone,
	setup.HubJoined:       technician.HubRefused,
	setup.DeviceLost:      technician.TestFailed,
	setup.PINWeak:         technician.TestFailed,
}

// fields are where a mistake of a device's settings is told.
var fields = map[string]technician.Problem{
	"network.address": technician.NetworkAddress,
	"network.gateway": technician.NetworkGateway,
	"network.dns":     technician.NetworkDNS,
	"network.proxy":   technician.NetworkProxy,
	"wifi.ssid":       technician.NetworkName,
	"wifi.psk":        technician.NetworkPassphrase,
	"wifi.country":    technician.NetworkCountry,
}

var marks = map[setup.State]technician.Mark{
	setup.Undone: technician.Undone, setup.Good: technician.Good, setup.Fair: technician.Fair, setup.Bad: technician.Bad,
}

// resultOf is a finding as a screen says it. The finding's own line goes with what is not well.
func resultOf(f setup.Finding) technician.Result {
	r := technician.Result{Mark: marks[f.State]}
	if f.State == setup.Good {
		return r
	}
	if r.Problem = problems[f.Code]; r.Problem == technician.NoProblem && f.State != setup.Undone {
		r.Problem = technician.TestFailed
	}
	r.Detail = f.Text
	return r
}

func failed(p technician.Problem, err error) technician.Result {
	r := technician.Result{Mark: technician.Bad, Problem: p}
	if err != nil {
		r.Detail = err.Error()
	}
	return r
}
