package kiosk

import (
	"context"
	"errors"
	"time"

	"tenin/audio"
	"tenin/storage"
)

// Terms are what whoever inquires wants of a visit.
type Terms struct {
	// Language of the questions: "ja", "en" or "auto"; empty is the kiosk's own.
	Language string
	// Keep says that the visit is kept in the vault.
	Keep bool
	// Speak says that the answers are wanted as sound, too.
	Speak bool
}

// A Brief is one question of an inquiry: typed, or a recording. A recording is a visit of its own.
type Brief struct {
	Text string
	Clip *audio.Clip // nil: typed
}

// wipe forgets a recording.
func (b Brief) wipe() {
	if b.Clip != nil {
		clear(b.Clip.Samples)
	}
}

// source is what a visit that begins with b is kept as; the zero Source when it is not to be.
func (b Brief) source(keep bool) (source storage.Source) {
	switch {
	case !keep:
	case b.Clip != nil:
		source = storage.FromFile()
	default:
		source = storage.FromText()
	}
	return source
}

// An Inquiry is a visit from another process. Its methods are called by one goroutine.
type Inquiry struct {
	desk  *Desk
	terms Terms

	// What follows belongs to the runner's goroutine.
	begun, over bool
	open        *asking // nil between two questions
}

// asking is a question on its way.
type asking struct {
	question Brief
	answered bool
	turn     Turn
	outcome  Outcome
	err      error
	done     chan struct{} // closed when the above is settled
}

func (a *asking) fail(err error) {
	a.err = err
	close(a.done)
}

// Inquire returns an inquiry whose visit begins with its first question.
func (d *Desk) Inquire(terms Terms) *Inquiry { return &Inquiry{desk: d, terms: terms} }

// Ask returns what the kiosk answers, once that is kept. The first question waits while somebody is served. Errors wrap
// ErrServing, ErrVisitOver, ErrEngineLost (the visit goes on), what else went wrong in the turn, or ctx's, which ends the
// visit. Nobody having spoken is no error: the reply is dialogue.None.
func (q *Inquiry) Ask(ctx context.Context, question Brief) (Turn, Outcome, error) {
	d, a := q.desk, &asking{question: question, done: make(chan struct{})}
	d.do(func() { q.take(a) })
	limit := time.NewTimer(d.patience)
	defer limit.Stop()
	given := ctx.Done()
	for {
		select {
		case <-a.done:
			return a.turn, a.outcome, a.err
		case <-limit.C:
			d.do(func() { q.giveUp(ErrServing) })
		case <-given:
			given = nil
			d.do(func() { q.leave(ctx.Err()) })
			// A kiosk that is not there yet, or hangs, need not be waited for.
			return Turn{}, Outcome{}, ctx.Err()
		case <-d.over:
			select {
			case <-a.done:
				return a.turn, a.outcome, a.err
			default:
				return Turn{}, Outcome{}, ErrVisitOver
			}
		}
	}
}

// End ends the visit, and returns when its session is closed, or ctx ends.
func (q *Inquiry) End(ctx context.Context) {
	d, left := q.desk, make(chan struct{})
	d.do(func() {
		q.leave(ErrVisitOver)
		vault := d.runner.vault
		go func() {
			<-vault
			close(left)
		}()
	})
	select {
	case <-left:
	case <-d.over:
	case <-ctx.Done():
	}
}

// take begins with a question.
func (q *Inquiry) take(a *asking) {
	switch {
	case q.over:
		a.fail(ErrVisitOver)
	case !q.begun:
		q.desk.waiting = append(q.desk.waiting, waitingInquiry{q, a})
		q.desk.next()
	case a.question.Clip != nil || q.open != nil:
		a.fail(errors.New("a recording is a visit of its own"))
	default:
		q.open = a
		q.desk.handle(Typed{Text: Words(a.question.Text)})
	}
}

// giveUp ends the wait of an inquiry that was not begun.
func (q *Inquiry) giveUp(why error) {
	for i, w := range q.desk.waiting {
		if w.inquiry == q {
			q.desk.waiting = append(q.desk.waiting[:i:i], q.desk.waiting[i+1:]...)
			q.over = true
			w.first.question.wipe()
			w.first.fail(why)
			return
		}
	}
}

// leave ends the visit, or the wait for it.
func (q *Inquiry) leave(why error) {
	q.giveUp(why)
	if q.desk.serving == q {
		q.desk.handle(NextShopper{})
	}
	q.over = true
}

// settle hands over what the open question brought.
func (q *Inquiry) settle() {
	a := q.open
	if a == nil {
		return
	}
	q.open = nil
	if a.err == nil {
		a.err = a.outcome.Err
	}
	if a.err == nil && !a.answered {
		a.err = ErrVisitOver
	}
	close(a.done)
}
