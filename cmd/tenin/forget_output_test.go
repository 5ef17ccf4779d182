package main

import (
	"testing"

	"tenin/cmd/internal/config"
)

func TestOfAVisitThatIsNotKeptNothingGoesIntoAFileOrAPipe(t *testing.T) {
	for name, terminal := range map[string]bool{"shown at the terminal": true, "with no terminal at all": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := openBooth(t, func(c *booth, _ *config.Config, _ *flags) { c.piped, c.live.console.elsewhere = true, !terminal })
			c.welcome("")
			c.ask()
			if terminal {
				c.talk.waitFor(t, "answer  "+parkingAnswer)
			}
			c.talk.waitFor(t, "ask again")
			c.press("n")
			c.talk.waitFor(t, "leave\n")
			if c.results.String() != "" {
				t.Errorf("the results hold %q", c.results)
			}
			c.welcome("y")
			c.ask()
			c.results.waitFor(t, "answer  "+parkingAnswer)
			c.press("q")
			c.waitForEnd()
		})
	}
}
