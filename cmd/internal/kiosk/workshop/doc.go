// Package workshop is the logic of the technician's screens.
//
// Next is a pure function from a State and an Event to a State and Effects: what was touched, what a test found and each
// second are events; the pictures to show and the tasks to do are effects. A Workshop applies it: one goroutine takes one
// event after the other, shows what Next wants shown, and hands its tasks to a Bench, one after the other.
//
// A Bench does what the screens only ask for. What a test found is what its screen shows, so a Bench speaks in the screens'
// own values; FromSetup is the one that works on this machine.
//
// What holds, and next_test.go shows of every walk that it can think of:
//
//   - A step is green only after its test has passed since the screens were opened, and after the technician has said yes
//     to what the test asked.
//   - The groups of a recovery key are in the State between the moment they are shown and the moment they are written down,
//     and never after; a key that was shown and not checked is forgotten by the Bench, whichever way the screen was left.
//   - A wipe starts only when its number was typed and the button was held and let go, in this order and on the one screen.
//   - A picture that was turned is kept by a yes on the turned screen and by nothing else; whichever way the screen is left, it is
//     turned back.
//   - Nothing but a PIN (or the recovery key) leads past the lock, where there is one.
package workshop
