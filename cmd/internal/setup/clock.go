package setup

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/clock"
	"tenin/storage"
)

// CheckClock judges the machine's time. It needs the vault for what was known before; where that does not open, or does
// not exist yet, the time is judged without, and is trusted only for what this start of the machine shows. A time that a
// time server or the hub vouches for is remembered in the vault.
func (s *Setup) CheckClock() (clock.Trust, Finding) {
	var trust clock.Trust
	judged := false
	err := s.withVault(false, func(v *storage.Vault) error {
		e := s.look(v.Clock())
		trust, judged = clock.Judge(e), true
		if !trust.Trusted {
			return nil
		}
		return v.MarkClock(e.MarkOf(trust))
	})
	if !judged {
		trust = clock.Judge(s.look(storage.ClockMark{}))
	} else if err != nil {
		return trust, found(Clock, Bad, NotSaved, "the time cannot be remembered: "+err.Error(), "look at the vault: `tenin keys status`")
	}
	return trust, clockFinding(trust)
}

// ConfirmClock takes the time as it is now for right, because somebody has looked at a watch. It holds until the machine
// is started again, and after that where the hardware clock ran on. It makes the vault where there is none.
func (s *Setup) ConfirmClock() (clock.Trust, Finding) {
	var trust clock.Trust
	err := s.withVault(true, func(v *storage.Vault) error {
		e := s.look(storage.ClockMark{})
		if trust = clock.Judge(e); trust.Reason == clock.BeforeBuild || trust.Reason == clock.FarAhead || trust.Reason == clock.HubDiffers {
			// What cannot be is not confirmed.
			return nil
		}
		e.Mark = e.MarkOf(clock.Trust{Trusted: true, Reason: clock.Confirmed})
		trust = clock.Judge(e)
		return v.ResetClock(e.Mark)
	})
	if err != nil {
		return clock.Trust{}, found(Clock, Bad, NotSaved, "the time cannot be remembered: "+err.Error(), "stop the kiosk that has the vault, or see `tenin keys status`")
	}
	return trust, clockFinding(trust)
}

// SetClock sets the machine's clock, which takes the right to do so, and confirms it. The hardware clock follows where
// there is one: the kernel writes it from a clock that is kept, and systemd at the next shutdown.
func (s *Setup) SetClock(to time.Time) (clock.Trust, Finding) {
	if built := clock.Built(); to.Before(built) {
		return clock.Trust{}, found(Clock, Bad, ClockBehind, "that is before this program was built ("+built.Format(time.DateOnly)+")", "type the date and time of now")
	}
	value := unix.NsecToTimespec(to.UnixNano())
	if err := unix.ClockSettime(unix.CLOCK_REALTIME, &value); err != nil {
		return clock.Trust{}, failedTest(Clock, fmt.Errorf("the clock cannot be set from here: %w", err), "as root: timedatectl set-time, and then confirm it")
	}
	return s.ConfirmClock()
}

func (s *Setup) look(mark storage.ClockMark) clock.Evidence {
	e := clock.Look(mark)
	if s.options.Evidence != nil {
		s.options.Evidence(&e)
	}
	return e
}

func clockFinding(t clock.Trust) Finding {
	now := t.Now.Local().Format(time.DateTime + " MST")
	if t.Trusted {
		if t.Reason == clock.Confirmed {
			return found(Clock, Fair, ClockByHand, now+": "+t.Why(), "let a time server keep it where there is a network")
		}
		return found(Clock, Good, Fine, now+": "+t.Why(), "")
	}
	code := map[clock.Reason]Code{
		clock.BeforeBuild: ClockBehind, clock.BeforeLast: ClockBehind, clock.FarAhead: ClockAhead,
		clock.HubDiffers: ClockAway, clock.Stepped: ClockAway, clock.NoWitness: ClockUntrusted,
	}[t.Reason]
	refused := ""
	for i, u := range t.Refused() {
		if i > 0 {
			refused += ", "
		}
		refused += u.String()
	}
	return found(Clock, Bad, code, fmt.Sprintf("%s: %s; until it is right %s", now, t.Why(), refused),
		"look at a watch: confirm the time, or set it; better still, connect a network with a time server")
}
