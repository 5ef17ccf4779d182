// Package counter is the shopper's screen as a [kiosk.Front]: it shows what the kiosk's machine does as views of package
// ui/shopper, and tells the machine what is touched.
//
//	kiosk.Desk ── Show, Partial, Reply … ──► Counter ── View, Look ──► Glass
//	     ▲                                      ▲  │                     │
//	     └────────── SendIn(what was seen) ─────┼──┘                     │
//	                                            └──────── touches ───────┘
//
// Its heart is a pure function, step: what the screen is and what happened give what the screen is next and what is to be
// done. The clock is one of the things that happen. A Counter runs it under one lock, so that a word which the machine has
// forgotten is forgotten here before the machine goes on.
//
// What a shopper wants may be several of the machine's events away (a question while the kiosk speaks: silence first, then
// the vault, then the question). So a touch becomes a goal, and each state that the machine enters brings the next event
// towards it. An event is sent for the state that was seen ([kiosk.Desk.SendIn]): one that comes too late does nothing.
package counter
