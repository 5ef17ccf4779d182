// Package setup is what a technician does to a kiosk, once at its first start and again when something is wrong: each
// step is made, and then really tested.
//
// A [Setup] has a method for each step. What a step found is a [Finding]: a state, a stable [Code] for a screen that says
// it in its own language, and an English line with what to do for a terminal. Nothing here draws or asks; `tenin setup` and
// the technician's screens do.
//
// The steps work on a home where no kiosk runs, but for those that only listen and look. A step that changes the vault
// says so with storage.ErrLocked. Joining a hub takes the network, which the kiosk's own process does not have: run
// it where there is one.
//
// [Bundle] packs what a supporter needs and no word of a shopper, [Wipe] makes a home unreadable.
package setup
