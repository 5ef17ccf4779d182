// Tenin is a clerk in one program: it hears a shopper's question, answers it from what the shop has approved, and
// forgets. Everything runs on this machine.
//
//	tenin run --headless             the kiosk, without a screen
//	tenin ask --text "駐車場は？"      one question, one answer
//	tenin help                       every command
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"tenin/cmd/internal/doctor/egress"
	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/worker"
	"tenin/cmd/internal/worker/sandbox"
)

// version and cpuFeatures are set by the linker: what was built, and what its kernels need of the CPU.
var (
	version     = "unknown"
	cpuFeatures = ""
)

// workerMain is the life of a worker or an uplink.
var workerMain = worker.Main

func main() { os.Exit(Main()) }

// Main runs the command line of this process and returns its exit code. It is apart from main so that script tests
// can run the program inside the test binary.
func Main() int {
	if err := checkCPU(cpuFeatures); err != nil {
		fmt.Fprintln(os.Stderr, "tenin:", err)
		return exitFailed
	}
	// A child has its environment from its parent, and nothing to read it from anew.
	role, child := sandbox.Child()
	switch {
	case child && role == egress.ControlRole:
		return egress.Control(os.Stdin, os.Stdout)
	case child && role == screen.Role:
		return screen.Main()
	case child && role != kioskRole:
		return workerMain(role)
	}
	childRole = role
	if err := ensureEnvironment(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "tenin:", err)
		return exitFailed
	}
	if role == kioskRole {
		if err := divertCrashes(); err != nil {
			fmt.Fprintln(os.Stderr, "tenin:", err)
			return exitFailed
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program the ordinary way, should anything hang.
	context.AfterFunc(ctx, stop)

	command := newRoot()
	err := command.ExecuteContext(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errors.New("stopped before it was done")
	}
	if err != nil && !isQuiet(err) {
		fmt.Fprintln(os.Stderr, "tenin:", oneLine(err.Error()))
	}
	return exitCode(err)
}
