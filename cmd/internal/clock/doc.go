// Package clock says whether this machine's time can be trusted, and what must not be done while it cannot.
//
// A machine that was off without a network may come up with any time: a dead battery begins in 1970, a machine without a
// battery goes on from when it was switched off. Nothing in such a time looks wrong. So this package does not guess. It
// trusts a time for a reason that it can name (a time server keeps it, the hub has the same, somebody looked at it, the
// hardware clock ran on) and otherwise says which uses are refused: [Trust.Refused].
//
//	trust := clock.Judge(clock.Look(vault.Clock()))
//	if err := trust.Allows(clock.Retention); err != nil { … }
//
// What the vault remembers ([storage.ClockMark]) is sealed and never goes back by itself, so a clock that was set back is
// found out after a restart too.
package clock
