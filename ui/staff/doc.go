// Package staff draws what the shop's staff see and names what they touch: who needs help now, today's questions, questions
// without an answer, the kept conversations, and the switches of the kiosk, all behind a PIN.
//
// A View is plain data: which screen, and what stands on it. Draw turns it into a picture for a size and a look. What is
// touched comes back as an Event. No screen knows what comes next or who may do what; whoever hands over the Views decides.
// The lock is on every screen, and so is the lamp as long as a shopper waits.
package staff
