package counter

import "tenin/cmd/internal/kiosk"

// Situation shows what the staff have set and what they do about the shopper's call: it is what kiosk.House's Watch is
// given in the kiosk's own process.
func (c *Counter) Situation(s kiosk.Situation) {
	stage := callStage(0)
	c.mu.Lock()
	outside := Outside{
		Closed: !s.Settings.Serving(), Notice: s.Settings.Notice, Muted: s.Settings.Muted, MicrophoneOff: c.state.outside.MicrophoneOff,
	}
	was := c.call
	c.call = ""
	for _, call := range s.Calls {
		if call.Earlier {
			continue // of before this kiosk was started: no screen speaks of it
		}
		switch c.call = call.ID; {
		case call.Coming():
			stage = callTaken
		case call.Late:
			stage = callLate
		}
	}
	if was != "" && c.call == "" {
		stage = callHandled
	}
	c.mu.Unlock()
	c.happen(told{outside})
	if stage != 0 {
		c.happen(called{stage})
	}
}
