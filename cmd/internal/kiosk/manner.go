package kiosk

import (
	"time"

	"tenin/asr"
)

// A manner is how a visit differs from one at the counter, which has the zero value.
type manner struct {
	language string // of its questions; empty: the clerk's own
	whole    bool   // a recording is one question: no pause in it ends that
	mute     bool   // replies are not spoken
	device   Device // nil: the counter's
}

// language is that of the visit's questions: "ja", "en" or "auto".
func (v *Visit) language() string {
	if chosen := v.prefers.Load(); chosen != nil && *chosen != "" && v.manner.device == nil {
		return *chosen
	}
	if v.manner.language != "" {
		return v.manner.language
	}
	return v.clerk.options.Language
}

// config is how the visit's shopper is listened to. partial is told the words while they are spoken.
func (v *Visit) config(partial func(string)) asr.ListenerConfig {
	config := v.clerk.patientConfig(partial)
	if v.manner.whole {
		config = v.clerk.wholeConfig()
	}
	config.Language = v.language()
	return config
}

// patientConfig is how a shopper is listened to: for as long as the settings wait for speech.
func (c *Clerk) patientConfig(partial func(string)) asr.ListenerConfig {
	config := c.listenerConfig()
	config.Endpoint.NoSpeech = time.Duration(c.options.Config.Audio.QuietSeconds * float64(time.Second))
	config.OnPartial = func(t asr.Transcript) {
		if partial != nil {
			partial(t.Text)
		}
	}
	return config
}

// wholeConfig is how a recording of one question is listened to: to its end.
func (c *Clerk) wholeConfig() asr.ListenerConfig {
	config := c.listenerConfig()
	config.PartialEvery = -1
	config.Endpoint.EndWhole, config.Endpoint.EndUnknown, config.Endpoint.EndBrokenOff = asr.MaxUtterance, asr.MaxUtterance, asr.MaxUtterance
	return config
}
