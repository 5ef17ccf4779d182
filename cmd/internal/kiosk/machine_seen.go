package kiosk

// SendIn gives the runner events that belong together, if it is still where seen was when it takes them: what somebody
// touches is meant for the screen that they saw, and one Touch means something else in each state. It does not wait for
// their effect. Nothing is lost silently: a runner that has moved on has shown its new state.
func (r *Runner) SendIn(seen State, events ...Event) {
	r.mail.post(letter{deliver: func() { r.handleIn(seen, events) }})
}

func (r *Runner) handleIn(seen State, events []Event) {
	if !Alike(r.state, seen) {
		return
	}
	for _, e := range events {
		r.handle(letter{event: e})
	}
}

// Alike says whether two states are the same to somebody who stands before the kiosk: the same kind, and the same turn
// where one is open.
func Alike(a, b State) bool { return Word(a) == Word(b) && OpenTurnOf(a) == OpenTurnOf(b) }

// Prefer says what the shopper at the counter has chosen to speak: "ja", "en" or "auto"; empty is the settings' own. It holds
// from the next question on, until something else is preferred. It does not wait.
func (r *Runner) Prefer(language string) {
	r.mail.post(letter{deliver: func() { r.prefer(language) }, aside: true})
}

func (r *Runner) prefer(language string) {
	if !KnownLanguage(language) {
		return
	}
	r.language = language
	if r.visit != nil {
		r.visit.prefers.Store(&language)
	}
}

// receive begins a visit at the counter, or whosever the runner's manner is.
func (r *Runner) receive(visit *Visit) {
	visit.manner = r.manner
	language := r.language
	visit.prefers.Store(&language)
	r.visit = visit
}

// Stay begins the waiting for somebody who touches nothing anew: they have touched something that is no event.
func (r *Runner) Stay() { r.mail.post(letter{deliver: func() {}}) }

// SendIn gives the kiosk events of the counter, as Runner.SendIn does. During somebody's inquiry it is a touch, which is
// remembered: whoever stands at the counter goes before the next question.
func (d *Desk) SendIn(seen State, events ...Event) {
	d.do(func() {
		if d.serving != nil {
			d.touched = true
			d.yield()
			return
		}
		if len(events) > 0 && d.turnedAway(events[0]) {
			d.front.Trouble(TroubleClosed, nil)
			return
		}
		d.runner.handleIn(seen, events)
	})
}

// Prefer is Runner.Prefer: whoever inquires has said what they speak.
func (d *Desk) Prefer(language string) { d.do(func() { d.runner.prefer(language) }) }

// Stay is Runner.Stay.
func (d *Desk) Stay() { d.do(func() {}) }
