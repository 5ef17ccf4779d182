package service

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"
)

// Ready tells systemd that the kiosk serves (sd_notify(3)).
func Ready() error { return notify("READY=1") }

// Stopping tells systemd that the kiosk is going down.
func Stopping() error { return notify("STOPPING=1") }

// Extend asks for so much more time to become ready, as when answers are spoken for the first time.
func Extend(more time.Duration) error {
	return notify("EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(more.Microseconds(), 10))
}

// notify sends one datagram to $NOTIFY_SOCKET, a path or, with @, an abstract name. Without one it does nothing.
func notify(state string) error {
	socket := os.Getenv("NOTIFY_SOCKET")
	if socket == "" {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
	if err == nil {
		_, err = conn.Write([]byte(state))
		err = errors.Join(err, conn.Close())
	}
	if err != nil {
		return fmt.Errorf("systemd cannot be told %s: %w", state, err)
	}
	return nil
}

// WatchdogInterval returns within what time systemd wants to hear from this process, and whether it does at all.
func WatchdogInterval() (time.Duration, bool) {
	microseconds, err := strconv.ParseInt(os.Getenv("WATCHDOG_USEC"), 10, 64)
	if err != nil || microseconds <= 0 {
		return 0, false
	}
	if pid := os.Getenv("WATCHDOG_PID"); pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, false
	}
	return time.Duration(microseconds) * time.Microsecond, true
}

// Watchdog tells systemd twice in each interval that the kiosk is alive, as long as alive says so, until ctx ends. alive
// has half an interval to answer; when it does not, or says no, systemd is told nothing and ends the kiosk in time.
// Without a watchdog it returns at once.
func Watchdog(ctx context.Context, alive func(context.Context) bool) {
	interval, ok := WatchdogInterval()
	if !ok {
		return
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for {
		// A question that is never answered blocks here, and that is the alarm.
		asked, cancel := context.WithTimeout(ctx, interval/2)
		if alive(asked) && asked.Err() == nil {
			// A datagram that is lost is followed by another before the interval ends.
			_ = notify("WATCHDOG=1")
		}
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
