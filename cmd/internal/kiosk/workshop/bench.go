package workshop

import (
	"context"

	"tenin/firmware/enrol"
	"tenin/ui/technician"
)

// Bench does what the technician's screens ask for. Its methods are called by one goroutine, one after the other. They
// return when their work is done or soon after ctx has ended; what they return then is thrown away.
//
// A screen that is returned has its Result: Good only if the test has passed. Screens hold no secret but for MakeRecovery.
type Bench interface {
	// Lock says what stands before the screens.
	Lock(ctx context.Context) Lock
	// CheckPIN looks at a PIN, and SetPIN takes a new one. ResetPIN takes one from who has the recovery key.
	CheckPIN(ctx context.Context, pin string) Entry
	SetPIN(ctx context.Context, who technician.Who, pin string) Entry
	ResetPIN(ctx context.Context, groups []string, pin string) Entry

	// Peek returns a step's screen as it can be filled without a test; nil: there is nothing to know. Its Result is ignored.
	Peek(ctx context.Context, step technician.Step) technician.Screen

	// Device says whether this machine was flashed with our image; the next four methods are for such a one.
	Device() bool
	// TryTurn turns the picture, by degrees clockwise, and returns when the screens are on the display again. It is not kept:
	// KeepTurn keeps one, and TurnBack turns a picture back that was only tried.
	TryTurn(ctx context.Context, degrees int) technician.Turn
	KeepTurn(ctx context.Context, degrees int) technician.Turn
	TurnBack(ctx context.Context) technician.Turn
	// Network saves what is on the screen and waits for a link and an address. passphrase is the Wi-Fi's, if one was typed.
	Network(ctx context.Context, s technician.Network, passphrase enrol.SecretText) technician.Network

	// Shop and Brand save what is on the screen and read it again.
	Shop(ctx context.Context, s technician.Shop) technician.Shop
	Brand(ctx context.Context, s technician.Brand) technician.Brand
	// Clock judges the time; SetClock sets it first, from twelve digits; ConfirmClock takes it for right as it is.
	Clock(ctx context.Context) technician.Clock
	SetClock(ctx context.Context, digits string) technician.Clock
	ConfirmClock(ctx context.Context) technician.Clock
	// Panel looks at the display; the touches are the screens' own test.
	Panel(ctx context.Context) technician.Panel
	// Microphone listens and recognises; tell is told, from the calling goroutine, what to show meanwhile.
	Microphone(ctx context.Context, tell func(technician.Microphone)) technician.Microphone
	// Tone plays a tone, Sentence speaks one. Phase is ignored.
	Tone(ctx context.Context) technician.Loudspeaker
	Sentence(ctx context.Context) technician.Loudspeaker
	// Echo plays and listens.
	Echo(ctx context.Context) technician.Echo
	// Hub asks whether the hub that was joined answers; Join joins one.
	Hub(ctx context.Context) technician.Hub
	Join(ctx context.Context, address, code string) technician.Hub
	// Seal seals the vault's key and opens it again; file wants a key file where a TPM would be taken.
	Seal(ctx context.Context, file bool) technician.Sealing
	// MakeRecovery makes a recovery key that is not the vault's yet, and says which two groups, counted from 1, are to be
	// typed back. ConfirmRecovery makes it the vault's if both are right; ForgetRecovery wipes it.
	MakeRecovery(ctx context.Context) (groups []string, asked [2]int, r technician.Result)
	ConfirmRecovery(ctx context.Context, first, second string) technician.Result
	ForgetRecovery(ctx context.Context)
	// Access counts the accounts.
	Access(ctx context.Context) technician.Access
	// Finish writes down that the set-up is complete; rows has every other step.
	Finish(ctx context.Context, rows []technician.Row) technician.Result

	// Health looks at the machine.
	Health(ctx context.Context) technician.Health
	// Bundle says what a support bundle would hold and where it can go; WriteBundle writes it to one of the places.
	Bundle(ctx context.Context) technician.Bundle
	WriteBundle(ctx context.Context, place technician.Place) technician.Bundle
	// Challenge returns a number of a few digits that is to be typed before a wipe.
	Challenge(ctx context.Context) string
	// Wipe makes the home unreadable. Power starts anew or shuts down; it returns only if that did not work.
	Wipe(ctx context.Context) technician.Result
	Power(ctx context.Context, what technician.PowerKind) technician.Result
}

// Lock is what stands before the screens.
type Lock struct {
	// Guarded: a PIN. Shut: the disk or the vault does not open, so no PIN can be looked at, and the recovery key alone helps.
	Guarded, Shut bool
	// Kiosk is its name, where it can be told.
	Kiosk string
}

// Entry is what became of a PIN.
type Entry struct {
	// Refusal is technician.PINFine when it was taken.
	Refusal technician.PINRefusal
	// Wait is for how many seconds no other is looked at, with technician.PINWait.
	Wait int
	// Problem says, of the recovery key, that it was not the vault's.
	Problem technician.Problem
}
