package kiosk

import (
	"context"
	"errors"
	"sync"
	"time"

	"tenin/audio"
	"tenin/llm/dialogue"
)

// longestTurn is when a turn that does not move is given up: a device or an engine hangs.
const longestTurn = 3 * time.Minute

// resetAgain is when engines that could not be made anew are tried once more without a touch: the pause after three crashes
// is 2 s at first.
const resetAgain = 5 * time.Second

// A Runner applies Next: it alone holds the state, takes one event after the other, and performs the effects on a clerk,
// a device and a front.
type Runner struct {
	clerk   *Clerk
	device  Device
	front   Front
	options RunnerOptions
	mail    *mailbox
	ahead   *ahead
	observe func(step State, e Event, to State, effects []Effect) // tests look on; may be nil

	// What follows belongs to the goroutine of Run.
	ctx    context.Context
	state  State
	visit  *Visit
	manner manner // of the next visit
	// language is what whoever stands at the counter prefers.
	language string
	turn     *liveTurn
	turns    <-chan struct{} // closed when all work of the turns that ended is over
	vault    <-chan struct{} // closed when the vault has done all that was asked
	working  sync.WaitGroup
}

// NewRunner returns a runner for a clerk that is open. Run starts it.
func NewRunner(clerk *Clerk, device Device, front Front, o RunnerOptions) *Runner {
	over := make(chan struct{})
	close(over)
	r := &Runner{
		clerk: clerk, device: device, front: front, options: o, mail: newMailbox(),
		state: Attract{}, turns: over, vault: over,
	}
	r.ahead = &ahead{work: o.Ahead, failed: func(err error) {
		r.mail.post(letter{deliver: func() { r.front.Trouble(TroubleAhead, err) }, aside: true})
	}}
	return r
}

// Send gives the runner an event, from any goroutine, and does not wait for its effect.
func (r *Runner) Send(e Event) { r.mail.post(letter{event: e}) }

func (r *Runner) post(e Event, deliver func()) { r.mail.post(letter{event: e, deliver: deliver}) }

// Answers returns true when the runner has taken a letter that was posted now, and false when ctx ends first: it does not
// run, or hangs.
func (r *Runner) Answers(ctx context.Context) bool {
	taken := make(chan struct{})
	r.mail.post(letter{deliver: func() { close(taken) }, aside: true})
	select {
	case <-taken:
		return true
	case <-ctx.Done():
		return false
	}
}

// Run serves until an event leads to Gone; the end of ctx is a Leave. It returns when everything that it started is over.
// It is called once.
func (r *Runner) Run(ctx context.Context) {
	done := ctx.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.ctx = ctx
	r.show()
	r.perform(RenderAhead{})
	patience := time.NewTimer(time.Hour)
	defer patience.Stop()
	r.rearm(patience)
	for {
		if l, ok := r.mail.take(); ok {
			r.handle(l)
			if !l.aside {
				r.rearm(patience)
			}
		} else {
			select {
			case <-r.mail.some:
			case <-done:
				done = nil
				r.handle(letter{event: Leave{}})
			case <-patience.C:
				r.handle(letter{event: Idle{}})
				r.rearm(patience)
			}
		}
		if _, gone := r.state.(Gone); gone {
			cancel() // a reset, too, has nobody left to serve
			r.ahead.close()
			<-r.turns
			<-r.vault
			r.working.Wait()
			return
		}
	}
}

// rearm sets the clock by which somebody who touches nothing is gone.
func (r *Runner) rearm(patience *time.Timer) {
	patience.Stop()
	if s, ok := r.state.(Resetting); ok && s.Failed {
		patience.Reset(resetAgain)
		return
	}
	if r.options.Patience == 0 {
		return
	}
	switch r.state.(type) {
	case Consenting, Ready, StaffCalled, MessageTaken, Confirming:
		patience.Reset(r.options.Patience)
	case Listening, Thinking, Answering, Clarifying, Apologising:
		patience.Reset(max(r.options.Patience, longestTurn))
	}
}

// show tells the state to the front and to whoever watches.
func (r *Runner) show() {
	if r.options.Watch != nil {
		r.options.Watch(Word(r.state))
	}
	r.front.Show(r.state)
}

func (r *Runner) handle(l letter) {
	if l.event == nil {
		l.deliver()
		return
	}
	if n, ok := turnOf(l.event); ok && n != OpenTurnOf(r.state) {
		return
	}
	if l.deliver != nil {
		l.deliver()
	}
	from := r.state
	to, effects := Next(from, l.event)
	r.state = to
	if r.observe != nil {
		r.observe(from, l.event, to, effects)
	}
	for _, e := range effects {
		r.perform(e)
	}
	if to != from {
		r.show()
	}
}

// perform does what takes no time, and starts the rest.
func (r *Runner) perform(effect Effect) {
	switch e := effect.(type) {
	case BeginKept:
		visit, err := r.clerk.Begin(e.Source)
		if err != nil {
			visit = r.clerk.BeginUnkept()
			r.post(KeepRefused{err}, nil)
		}
		r.receive(visit)
	case BeginUnkept:
		r.receive(r.clerk.BeginUnkept())
	case CloseSession:
		r.closeSession()
	case OpenTurn:
		r.turn = r.openTurn(e.Turn)
	case CancelTurn:
		r.turn.cancel()
	case EndTurn:
		r.turn.end()
		r.turn = nil
	case Listen:
		r.turn.listen(e.From)
	case EndQuestion:
		r.turn.endQuestion()
	case CloseMicrophone:
		r.turn.closeEar()
	case TakeWords:
		r.turn.exchange = r.visit.read(string(e.Text))
	case FindReply:
		r.turn.findReply()
	case SpeakReply:
		r.turn.speak()
	case AskAgain:
		x := &r.turn.exchange
		x.Reply = dialogue.Reply{Kind: Clarify, Language: x.Language, Text: sentenceIn(sentences.again, x.Language)}
	case Apologise:
		r.turn.apologise()
	case StopSpeech:
		r.turn.hush()
	case KeepTurn:
		r.keepTurn()
	case ResetEngines:
		r.reset()
	case RenderAhead:
		r.ahead.resume(r.ctx)
	case PauseRendering:
		r.ahead.pause()
	case ShowPartial:
		r.front.Partial(string(e.Text))
	case ShowReply:
		r.front.Reply(r.turn.exchange.Turn)
	case ShowMessage:
		x := &r.turn.exchange
		// A message is kept as text.
		x.voice, x.Reply = audio.Clip{}, dialogue.Reply{Kind: Message, Language: x.Language}
		r.front.Message(x.Transcript)
	case ShowResult:
		t := r.turn
		t.settle()
		if room := r.clerk.backroom; room != nil && t.visit.manner.device == nil {
			room.Asked(t.exchange.Reply)
		}
		r.front.Result(t.exchange.Turn, Outcome{Session: t.session, Spoken: t.sound(), Err: t.unkept})
	case ShowTrouble:
		r.front.Trouble(e.Trouble, e.Err)
	case SummonStaff:
		r.front.Staff()
	}
}

// inVault does work on the vault after what was asked before, beside everything else.
func (r *Runner) inVault(work func()) {
	before, ended := r.vault, make(chan struct{})
	r.vault = ended
	go func() {
		defer close(ended)
		<-before
		work()
	}()
}

func (r *Runner) keepTurn() {
	t, visit := r.turn, r.visit
	t.settle()
	x := t.exchange
	r.inVault(func() {
		err := visit.keep(&x)
		session := visit.Session()
		r.post(Kept{t.number, err}, func() { t.exchange, t.session, t.unkept = x, session, err })
	})
}

func (r *Runner) closeSession() {
	visit := r.visit
	r.visit = nil
	if visit == nil {
		return
	}
	r.inVault(func() {
		if err := visit.Close(); err != nil {
			r.mail.post(letter{deliver: func() { r.front.Trouble(TroubleSession, err) }})
		}
	})
}

// resetGrace is how long the engines may need to notice that a turn was cancelled. One that does not is made anew under it.
const resetGrace = time.Second

// reset forgets the last shopper: what the turns held is gone with them, and the voice detector and the engines are made
// anew.
func (r *Runner) reset() {
	turns, vault := r.turns, r.vault
	r.working.Go(func() {
		grace := time.NewTimer(resetGrace)
		defer grace.Stop()
		select {
		case <-turns:
		case <-grace.C:
		}
		var err error
		if r.options.Reset != nil {
			err = r.options.Reset(r.ctx)
		}
		<-turns
		<-vault
		if r.clerk.vad != nil {
			r.clerk.vad.Reset()
		}
		if r.options.Erase != nil {
			r.options.Erase()
		}
		switch {
		case err == nil:
			r.Send(ResetDone{})
		case !errors.Is(err, context.Canceled) || r.ctx.Err() == nil:
			r.Send(ResetFailed{err})
		}
	})
}
