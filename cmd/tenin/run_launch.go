package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/logging"
	"tenin/cmd/internal/service"
	"tenin/cmd/internal/worker/sandbox"
)

// kioskRole is the process that owns the vault and has no network.
const kioskRole = "kiosk"

// childRole is what this process was started as by another of this program; empty for one that a person started.
var childRole string

// launch keeps the kiosk running until ctx ends or the kiosk does, and gives its place to the technician's screens whenever
// it ends for them. They have the vault and the sound devices for themselves, and the network to join a hub; no shopper is
// there meanwhile.
func (o runOptions) launch(ctx context.Context, f *flags, home string, settings config.Config) error {
	if !o.headless && service.Installed(home) && !kiosk.HasVault(home) {
		o.setUp(ctx, f, home, false)
	}
	for ctx.Err() == nil {
		err := launch(ctx, home, settings, !o.headless)
		if quiet, ok := errors.AsType[quietError](err); !ok || quiet.code != exitForSetUp {
			return err
		}
		o.setUp(ctx, f, home, true)
		if home, settings, err = f.load(); err != nil {
			return err
		}
	}
	return nil
}

// launch runs the kiosk as a child without a network and waits for it. What stays here keeps the host's network, so that
// it can start the uplink again after a crash, and therefore sees no vault, no key and no word of a shopper.
// shows says that the kiosk has a screen: only then may it reach a display, through a process of its own.
func launch(ctx context.Context, home string, settings config.Config, shows bool) error {
	mode, err := sandboxMode(home, settings)
	if err != nil {
		return err
	}
	if err := logging.QuietCrashes(); err != nil && !errors.Is(err, logging.ErrTraceback) {
		return err
	}
	// The lifeline's end tells the kiosk to stop. A signal would not do: Ctrl-C reaches both processes, and the second
	// signal that a process gets is to end it the hard way.
	lifeline, hold, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("no pipe to the kiosk: %w", err)
	}
	defer hold.Close()
	// systemd's watchdog hears from the kiosk, which is not the process that systemd started.
	environment := dropVariable(os.Environ(), "GOTRACEBACK")
	environment = dropVariable(environment, "WATCHDOG_PID")
	environment = dropVariable(environment, "GODEBUG")
	// Their sockets are files, which no network namespace keeps away, and they pass on what they are told.
	hide := sandbox.Services(os.Getenv)
	if !shows {
		hide = append(hide, sandbox.Displays(os.Getenv)...)
	}
	policy := sandbox.Policy{Role: kioskRole, Env: append(environment, logging.Traceback, kiosk.Erasing), Hide: hide}
	crashes, heard, err := hearCrashes(home, settings)
	if err != nil {
		return err
	}
	defer heard()
	defer crashes.Close()
	bell, err := hangBell(ctx, home, settings)
	if err != nil {
		return err
	}
	defer bell.close()
	policy.Env = bell.environment(policy.Env)
	kiosk, err := sandbox.Launch(policy, mode, os.Args[1:], bell.files(lifeline, crashes)...)
	if err != nil {
		return err
	}
	starter := sandbox.NewStarter()
	defer starter.Close()
	err = starter.Start(kiosk)
	lifeline.Close()
	crashes.Close()
	bell.given()
	if err != nil {
		return fmt.Errorf("the kiosk's process did not start: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { hold.Close() })
	defer stop()
	if settings.Hub.Enabled {
		end, err := launchUplink(ctx, home, settings, mode, starter)
		if err != nil {
			return err
		}
		defer end()
	}
	return childResult(kiosk.Wait())
}

// launchUplink keeps an uplink running beside the kiosk until end is called.
func launchUplink(ctx context.Context, home string, settings config.Config, mode sandbox.Mode, starter *sandbox.Starter) (end func(), err error) {
	log, err := openLog(home, settings)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	logging.Go(log.Logger, "uplink", func() { keepUplink(ctx, home, settings, mode, starter, log) }, func(bool) { close(done) })
	return func() {
		stop()
		<-done
		log.Close()
	}, nil
}

// sandboxMode is what the settings say about walls that the kernel cannot raise.
func sandboxMode(home string, settings config.Config) (sandbox.Mode, error) {
	return sandbox.ParseMode(settings.Sandbox.Resolve(service.Installed(home)))
}

// childResult turns the end of a child into this process's own: it has said what there was to say.
func childResult(err error) error {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return fmt.Errorf("the kiosk's process was ended by a signal (%v)", status.Signal())
	}
	return quietError{exit.ExitCode()}
}

// lifelineContext ends with ctx, or when the process that launched this one wants it to stop or is gone.
func lifelineContext(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	lifeline := os.NewFile(3, "lifeline")
	syscall.CloseOnExec(3)
	syscall.CloseOnExec(ropeFile) // where there is none the call does nothing
	go func() {
		_, _ = lifeline.Read(make([]byte, 1))
		cancel()
	}()
	return ctx, cancel
}
