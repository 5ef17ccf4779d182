package kiosk

import (
	"context"
	"errors"
	"time"

	"tenin/audio"
	"tenin/storage"
)

var (
	// ErrServing means that the kiosk served somebody else for as long as an inquiry waited.
	ErrServing = errors.New("the kiosk serves somebody else: ask once more when they have left")
	// ErrVisitOver means that the kiosk has ended the visit that a question belongs to.
	ErrVisitOver = errors.New("the visit is over: the kiosk was stopped, or somebody came to the counter, or nothing was asked for too long")
)

// deskPatience is how long an inquiry waits for whoever is served.
const deskPatience = 20 * time.Second

// A Desk is a kiosk that also takes inquiries: questions that come from another process, and go through the same machine
// as a shopper's, one visit at a time. Whoever stands at the counter goes first. What happens in the visit of an inquiry
// is neither shown nor played at the counter.
type Desk struct {
	clerk *Clerk
	mail  *mailbox
	begun chan struct{} // closed when there is a runner
	over  chan struct{} // closed when it serves no more

	patience time.Duration

	// What follows belongs to the runner's goroutine.
	runner  *Runner
	front   Front
	waiting []waitingInquiry // in the order in which they came
	serving *Inquiry         // nil: whoever is served stands at the counter
	touched bool             // somebody touched the kiosk meanwhile
}

type waitingInquiry struct {
	inquiry *Inquiry
	first   *asking
}

// NewDesk returns the desk of a clerk that is open. Inquiries wait until Run is called.
func NewDesk(clerk *Clerk) *Desk {
	return &Desk{clerk: clerk, mail: newMailbox(), begun: make(chan struct{}), over: make(chan struct{}), patience: deskPatience}
}

// Run serves as a Runner does, with the counter's device and front, and returns when nobody is to be served any more. It
// is called once.
func (d *Desk) Run(ctx context.Context, device Device, front Front, o RunnerOptions) {
	d.front = front
	d.runner = NewRunner(d.clerk, device, d, o)
	d.runner.mail = d.mail
	if room := d.clerk.backroom; room != nil {
		defer room.Follow(func(s Situation) {
			if s.Settings.Muted {
				d.do(d.hush)
			}
		})()
	}
	close(d.begun)
	defer close(d.over)
	d.runner.Run(ctx)
}

// Answers returns true when the runner has taken a letter that was posted now, and false when ctx ends first.
func (d *Desk) Answers(ctx context.Context) bool {
	select {
	case <-d.begun:
		return d.runner.Answers(ctx)
	case <-ctx.Done():
		return false
	}
}

// do has work done by the runner's goroutine.
func (d *Desk) do(work func()) { d.mail.post(letter{deliver: work}) }

func (d *Desk) handle(e Event) { d.runner.handle(letter{event: e}) }

// AnswersChanged has the approved answers spoken ahead anew, at once if nobody is served.
func (d *Desk) AnswersChanged() {
	d.do(func() {
		d.runner.ahead.anew = true
		switch d.runner.state.(type) {
		case Attract, Ready, StaffCalled, MessageTaken:
			d.runner.perform(RenderAhead{})
		}
	})
}

// hush stops what sounds at the counter.
func (d *Desk) hush() {
	if t := d.runner.turn; t != nil && d.serving == nil {
		t.hush()
	}
}

// turnedAway says whether e would begin a visit while staff have paused the kiosk, or closed it for today.
func (d *Desk) turnedAway(e Event) bool {
	switch d.runner.state.(type) {
	case Attract, Resetting:
	default:
		return false
	}
	switch e.(type) {
	case Touch, Brought, Typed:
		return d.clerk.backroom != nil && !d.clerk.backroom.Settings().Serving()
	}
	return false
}

// Send gives the kiosk an event of the counter, from any goroutine, and does not wait for its effect. A touch during
// somebody's inquiry is remembered. While staff have paused or closed the kiosk nobody's visit begins: TroubleClosed.
func (d *Desk) Send(e Event) {
	d.do(func() {
		q := d.serving
		_, touch := e.(Touch)
		_, leave := e.(Leave)
		switch {
		case q == nil && d.turnedAway(e):
			d.front.Trouble(TroubleClosed, nil)
		case q == nil, leave:
			d.handle(e)
		case touch:
			d.touched = true
			if q.open == nil {
				d.handle(NextShopper{})
			}
		}
	})
}

// next begins the visit of the inquiry that has waited longest, if nobody is served.
func (d *Desk) next() {
	if _, free := d.runner.state.(Attract); !free || len(d.waiting) == 0 {
		return
	}
	q, first := d.waiting[0].inquiry, d.waiting[0].first
	d.waiting = d.waiting[1:]
	d.serving, q.begun = q, true
	brought := Brought{Via: storage.Text, Source: first.question.source(q.terms.Keep)}
	if first.question.Clip != nil {
		brought.Via = storage.File
	}
	d.runner.manner = manner{language: q.terms.Language, whole: true, mute: !q.terms.Speak, device: carried{first.question}}
	d.handle(brought)
	d.runner.manner = manner{}
	q.open = first
	if first.question.Clip == nil {
		d.handle(Typed{Text: Words(first.question.Text)})
	}
}

// dismiss ends the inquiry that is being served: its visit is over.
func (d *Desk) dismiss() {
	q := d.serving
	d.serving, q.over = nil, true
	q.settle()
	if d.touched {
		d.touched = false
		d.Send(Touch{})
	}
}

// Show implements Front.
func (d *Desk) Show(s State) {
	if d.serving != nil {
		switch s.(type) {
		case Ready, StaffCalled, MessageTaken:
			d.serving.settle()
			if d.touched {
				d.do(func() { d.yield() })
			}
			return
		case Attract, Consenting, Resetting, Gone:
			d.dismiss()
		default:
			return
		}
	}
	d.front.Show(s)
	if _, free := s.(Attract); free {
		// Whoever touched the kiosk before now goes first.
		d.do(d.next)
	}
}

// yield ends an inquiry between two questions for somebody at the counter.
func (d *Desk) yield() {
	if q := d.serving; q != nil && q.open == nil {
		d.handle(NextShopper{})
	}
}

// Partial implements Front.
func (d *Desk) Partial(words string) {
	if d.serving == nil {
		d.front.Partial(words)
	}
}

// Reply implements Front.
func (d *Desk) Reply(turn Turn) {
	if d.serving == nil {
		d.front.Reply(turn)
	}
}

// Message implements Front.
func (d *Desk) Message(words string) {
	if d.serving == nil {
		d.front.Message(words)
	}
}

// Staff implements Front.
func (d *Desk) Staff() { d.front.Staff() }

// Result implements Front.
func (d *Desk) Result(turn Turn, o Outcome) {
	if d.serving == nil {
		d.front.Result(turn, o)
		return
	}
	if a := d.serving.open; a != nil {
		a.turn, a.outcome, a.answered = turn, o, true
	}
}

// Trouble implements Front.
func (d *Desk) Trouble(trouble Trouble, err error) {
	if d.serving == nil {
		d.front.Trouble(trouble, err)
		return
	}
	if a := d.serving.open; a != nil && err != nil {
		a.err = errors.Join(a.err, err)
	}
}

// carried is the device of a visit whose shopper is a recording, or nobody to be heard.
type carried struct{ brief Brief }

// Listen implements Device.
func (c carried) Listen(context.Context, storage.SourceKind) (Ear, error) {
	if c.brief.Clip == nil {
		return nil, errors.New("this visit brought no recording")
	}
	return audio.NewFileSource(*c.brief.Clip, false), nil
}

// Speak implements Device: the sound is handed over whole.
func (carried) Speak(context.Context) Mouth { return nil }

// forget wipes the recording.
func (c carried) forget() { c.brief.wipe() }
