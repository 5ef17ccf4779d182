package control

import "time"

// Nanoseconds is how a time crosses the socket: since 1970, 0 for the zero time. Years from 1970 to 2262 have one.
func Nanoseconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// Time is the time, in UTC, that Nanoseconds gave.
func Time(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}
