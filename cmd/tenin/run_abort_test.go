package main

import (
	"testing"
)

func TestNothingIsKeptWithoutAYesWhereverTheKioskIsLeft(t *testing.T) {
	states := map[string]func(*booth){
		"asking":    func(c *booth) { c.talk.waitFor(c.t, "leave\n"); c.press(""); c.talk.waitFor(c.t, "いいえ no") },
		"listening": func(c *booth) { c.welcome("") },
		"hearing":   func(c *booth) { c.welcome(""); c.ask() },
		"answering": func(c *booth) { c.welcome(""); c.ask(); c.results.waitFor(c.t, "answer  ") },
		"speaking":  func(c *booth) { c.welcome(""); c.ask(); c.talk.waitFor(c.t, "first sound after") },
		"answered": func(c *booth) {
			c.welcome("")
			c.ask()
			c.talk.waitFor(c.t, "first sound after")
			c.press("")
			c.talk.waitFor(c.t, "ask again")
		},
		"a message is refused": func(c *booth) {
			c.welcome("")
			c.ask()
			c.talk.waitFor(c.t, "first sound after")
			c.press("")
			c.talk.waitFor(c.t, "ask again")
			c.press("m")
			c.talk.waitFor(c.t, "a conversation that may be kept")
		},
		"staff are called": func(c *booth) {
			c.welcome("")
			c.ask()
			c.talk.waitFor(c.t, "first sound after")
			c.press("s")
			c.talk.waitFor(c.t, "on their way")
		},
		"the next shopper": func(c *booth) {
			c.welcome("")
			c.ask()
			c.talk.waitFor(c.t, "first sound after")
			c.press("n")
			c.talk.waitFor(c.t, "leave\n")
		},
	}
	ends := map[string]func(*booth){
		"q":         func(c *booth) { c.press("q") },
		"Ctrl-D":    func(c *booth) { c.keys.Close() },
		"interrupt": func(c *booth) { c.stop() },
	}
	for state, reach := range states {
		for name, end := range ends {
			t.Run(state+" "+name, func(t *testing.T) {
				t.Parallel()
				c := openBooth(t, nil)
				reach(c)
				end(c)
				c.waitForEnd()
				if s := c.sessions(); len(s) != 0 {
					t.Errorf("%+v", s)
				}
				if n, err := c.clerk.Vault().Outbox().Len(); n != 0 || err != nil {
					t.Errorf("%d summaries wait: %v", n, err)
				}
			})
		}
	}
}

func TestAMessageThatWasConfirmedIsKeptForTheStaff(t *testing.T) {
	t.Parallel()
	c := openBooth(t, nil)
	c.welcome("y")
	c.ask()
	c.talk.waitFor(t, "first sound after")
	c.press("")
	c.talk.waitFor(t, "ask again")
	c.press("m")
	c.talk.waitFor(t, "your message, please")
	c.ask()
	c.talk.waitFor(t, "伝言 message: "+parking)
	c.talk.waitFor(t, "いいえ no")
	c.press("y")
	c.talk.waitFor(t, "your message is taken")
	c.press("q")
	c.waitForEnd()
	sessions := c.sessions()
	if len(sessions) != 1 || sessions[0].Turns != 2 || sessions[0].Clips != 1 {
		t.Fatalf("%+v", sessions)
	}
	saved, err := c.clerk.Vault().Load(sessions[0].ID)
	if err != nil || saved.Turns[1].Kind != "message" || saved.Turns[1].Transcript != parking {
		t.Errorf("%+v, %v", saved.Turns, err)
	}
}
