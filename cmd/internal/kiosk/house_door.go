package kiosk

import (
	"context"
	"slices"
	"sync"
	"time"

	"tenin/audio"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/control/pb"
	"tenin/llm/knowledge"
	"tenin/storage"
	"tenin/storage/seal"
)

// Door is the house for a screen of the kiosk's own process: it wants the same PINs as the control socket does.
func (b *Backroom) Door() House {
	idle := time.Duration(b.config.Control.IdleMinutes * float64(time.Minute))
	return &door{inside: inside{b}, idle: idle}
}

// door asks for PINs.
type door struct {
	inside
	idle time.Duration

	mu     sync.Mutex
	member control.Member
	open   bool
	used   time.Time
}

// Login implements House.
func (d *door) Login(ctx context.Context, name string, pin seal.Secret) (control.Member, error) {
	g := gate{d.room.vault, d.room.permit()}
	// CheckPIN wipes nothing of the caller's.
	member, err := g.CheckPIN(ctx, name, slices.Clone(pin.Bytes()))
	if err != nil {
		return control.Member{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.member, d.open, d.used = member, true, d.room.now()
	return member, nil
}

// Lock implements House.
func (d *door) Lock(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.member, d.open = control.Member{}, false
	return nil
}

// enter returns who makes a call, if they may.
func (d *door) enter(method string) (who string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.room.now()
	if d.open && (now.Sub(d.used) >= d.idle || now.Before(d.used)) {
		d.member, d.open = control.Member{}, false
	}
	if d.open {
		// A PIN that was disabled, or whose role was taken down, reaches no further from this call on.
		member, still, err := (gate{d.room.vault, nil}).Current(d.member.Name)
		if err != nil {
			return "", err
		}
		d.member, d.open = member, still && member.Since.Equal(d.member.Since)
	}
	if d.open {
		d.used = now
	}
	roles, known := control.Roles(method)
	switch {
	case !known:
		return "", control.ErrNotAllowed
	case len(roles) == 0:
		return d.member.Name, nil
	}
	staffed, err := d.room.vault.Staffed()
	switch {
	case err != nil:
		return "", err
	case !staffed:
		return d.member.Name, nil
	case !d.open:
		return "", control.ErrPINNeeded
	case !slices.Contains(roles, d.member.Role):
		return "", control.ErrNotAllowed
	}
	return d.member.Name, nil
}

// through makes a call with who makes it.
func through[T any](d *door, method string, call func(who string) (T, error)) (result T, err error) {
	who, err := d.enter(method)
	if err != nil {
		return result, err
	}
	return call(who)
}

// pass is through for a call without a result.
func pass(d *door, method string, call func(who string) error) error {
	_, err := through(d, method, func(who string) (struct{}, error) { return struct{}{}, call(who) })
	return err
}

func (d *door) Take(_ context.Context, call string) error {
	return pass(d, pb.House_Take_FullMethodName, func(who string) error { return d.room.take(call, who) })
}

func (d *door) Handled(_ context.Context, call string) error {
	return pass(d, pb.House_Handled_FullMethodName, func(who string) error { return d.room.handled(call, who) })
}

func (d *door) Today(_ context.Context, days int) ([]storage.Tally, error) {
	return through(d, pb.House_Today_FullMethodName, func(string) ([]storage.Tally, error) { return d.room.today(days) })
}

func (d *door) Unanswered(ctx context.Context, days int) ([]Gap, error) {
	return through(d, pb.House_Unanswered_FullMethodName, func(who string) ([]Gap, error) { return d.room.unanswered(ctx, who, days) })
}

func (d *door) Similar(ctx context.Context, question string, n int) ([]Approved, error) {
	return through(d, pb.House_Similar_FullMethodName, func(string) ([]Approved, error) { return d.room.similar(ctx, question, n) })
}

func (d *door) Try(ctx context.Context, t Trial) (Tried, error) {
	return through(d, pb.House_Try_FullMethodName, func(string) (Tried, error) { return d.room.try(ctx, t) })
}

func (d *door) Readings(context.Context) ([]Reading, error) {
	return through(d, pb.House_Readings_FullMethodName, func(string) ([]Reading, error) { return d.room.readings() })
}

func (d *door) FixReading(_ context.Context, r Reading) error {
	return pass(d, pb.House_FixReading_FullMethodName, func(string) error { return d.room.fixReading(r) })
}

func (d *door) Publish(_ context.Context, draft Draft, preview bool) (knowledge.Diff, error) {
	return through(d, pb.House_Publish_FullMethodName, func(who string) (knowledge.Diff, error) { return d.room.publish(who, draft, preview) })
}

func (d *door) TakeBack(context.Context) (knowledge.Diff, error) {
	return through(d, pb.House_TakeBack_FullMethodName, func(string) (knowledge.Diff, error) { return d.room.takeBack() })
}

func (d *door) Conversations(ctx context.Context, f Filter) ([]Conversation, error) {
	return through(d, pb.House_Conversations_FullMethodName, func(string) ([]Conversation, error) { return d.room.conversations(ctx, f) })
}

func (d *door) Read(_ context.Context, id storage.ID, reason string) (*storage.Saved, error) {
	return through(d, pb.House_Read_FullMethodName, func(who string) (*storage.Saved, error) { return d.room.read(who, id, reason) })
}

func (d *door) Sound(_ context.Context, id storage.ID, clip int, reason string) (audio.Clip, error) {
	return through(d, pb.House_Sound_FullMethodName, func(who string) (audio.Clip, error) { return d.room.clipOf(who, id, clip, reason) })
}

func (d *door) Accesses(_ context.Context, n int) ([]storage.Access, error) {
	return through(d, pb.House_Accesses_FullMethodName, func(string) ([]storage.Access, error) { return d.room.accesses(n) })
}

func (d *door) Change(_ context.Context, c Change) (Settings, error) {
	return through(d, pb.House_Change_FullMethodName, func(string) (Settings, error) { return d.room.change(c) })
}

// inside is the house for who owns the vault: a process that has opened it, where no kiosk runs. No PIN guards it then.
type inside struct{ room *Backroom }

func (i inside) Staff(context.Context) ([]storage.StaffMember, error) { return i.room.vault.Staff() }

func (i inside) Login(context.Context, string, seal.Secret) (control.Member, error) {
	return control.Member{}, nil
}

func (i inside) Lock(context.Context) error { return nil }

func (i inside) Situation(context.Context) (Situation, error) { return i.room.Situation(), nil }

// Watch gives f the newest situation, from this goroutine.
func (i inside) Watch(ctx context.Context, f func(Situation)) error {
	newest := make(chan Situation, 1)
	stop := i.room.Follow(func(s Situation) {
		// There is one who gives, so what is taken out is older.
		select {
		case <-newest:
		default:
		}
		newest <- s
	})
	defer stop()
	for {
		select {
		case s := <-newest:
			f(s)
		case <-ctx.Done():
			return ctx.Err()
		case <-i.room.stop:
			return nil
		}
	}
}

func (i inside) Take(_ context.Context, call string) error    { return i.room.take(call, "") }
func (i inside) Handled(_ context.Context, call string) error { return i.room.handled(call, "") }

func (i inside) Today(_ context.Context, days int) ([]storage.Tally, error) {
	return i.room.today(days)
}

func (i inside) Unanswered(ctx context.Context, days int) ([]Gap, error) {
	return i.room.unanswered(ctx, "", days)
}

func (i inside) Similar(ctx context.Context, question string, n int) ([]Approved, error) {
	return i.room.similar(ctx, question, n)
}

func (i inside) Try(ctx context.Context, t Trial) (Tried, error)      { return i.room.try(ctx, t) }
func (i inside) Readings(context.Context) ([]Reading, error)          { return i.room.readings() }
func (i inside) FixReading(_ context.Context, r Reading) error        { return i.room.fixReading(r) }
func (i inside) TakeBack(context.Context) (knowledge.Diff, error)     { return i.room.takeBack() }
func (i inside) Settings(context.Context) (Settings, error)           { return i.room.Settings(), nil }
func (i inside) Change(_ context.Context, c Change) (Settings, error) { return i.room.change(c) }
func (i inside) Close() error                                         { return nil }

func (i inside) Publish(_ context.Context, d Draft, preview bool) (knowledge.Diff, error) {
	return i.room.publish("", d, preview)
}

func (i inside) Conversations(ctx context.Context, f Filter) ([]Conversation, error) {
	return i.room.conversations(ctx, f)
}

func (i inside) Read(_ context.Context, id storage.ID, reason string) (*storage.Saved, error) {
	return i.room.read("", id, reason)
}

func (i inside) Sound(_ context.Context, id storage.ID, clip int, reason string) (audio.Clip, error) {
	return i.room.clipOf("", id, clip, reason)
}

func (i inside) Accesses(_ context.Context, n int) ([]storage.Access, error) {
	return i.room.accesses(n)
}
