package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/logging"
)

// crashFile is the kiosk's end of the pipe in which the launcher hears of a crash.
const crashFile = 4

// divertCrashes has whatever is written to file 2, past this program, go to the launcher, which tells its class and drops
// the rest: the runtime prints registers and arguments at a fatal signal, and a shopper's words pass through both.
// What the program itself has to say to a person still goes where it did.
func divertCrashes() error {
	shown, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err == nil {
		crashOutput = os.Stderr
		os.Stderr = os.NewFile(uintptr(shown), crashOutput.Name())
		err = unix.Dup3(crashFile, 2, 0)
	}
	if err == nil {
		err = unix.Close(crashFile)
	}
	if err != nil {
		return fmt.Errorf("the kiosk's crashes cannot be kept from its standard error: %w", err)
	}
	return nil
}

// crashOutput holds file 2 open: were it collected, the next file that is opened, the vault, would become what the runtime
// writes its last words to.
var crashOutput *os.File

// hearCrashes logs that the kiosk crashed, never with what, from the pipe whose other end is the kiosk's. It returns that
// other end, which is closed once the kiosk has it; end waits until all was heard.
func hearCrashes(home string, settings config.Config) (theirs *os.File, end func(), err error) {
	log, err := openLog(home, settings)
	if err != nil {
		return nil, nil, err
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		log.Close()
		return nil, nil, fmt.Errorf("no pipe to the kiosk: %w", err)
	}
	heard := make(chan struct{})
	logging.Go(log.Logger, "kiosk's crashes", func() { _ = log.Drain(ours, kioskRole) }, func(bool) { close(heard) })
	return theirs, func() {
		select {
		case <-heard:
		case <-time.After(2 * time.Second): // somebody else holds the other end
		}
		ours.Close()
		<-heard
		log.Close()
	}, nil
}
