package main

import (
	"context"
	"os"
	"os/exec"
	"syscall"
	"time"

	"tenin/cmd/internal/service"
)

// setUpStops is how long the technician's screens may take to end when the launcher is stopped.
const setUpStops = 10 * time.Second

// setUp runs the technician's screens in the kiosk's place until they are left. entered says that a PIN was given at the
// counter. What goes wrong is told: the shop's kiosk goes on in any case.
func (o runOptions) setUp(ctx context.Context, f *flags, home string, entered bool) {
	if ctx.Err() != nil {
		return
	}
	// systemd hears from nobody else now.
	_ = service.Ready()
	awake, rest := context.WithCancel(ctx)
	defer rest()
	go service.Watchdog(awake, func(context.Context) bool { return true })

	c := exec.CommandContext(ctx, "/proc/self/exe", o.setUpArguments(f, home, entered)...)
	c.Args[0] = os.Args[0]
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Cancel = func() error { return c.Process.Signal(syscall.SIGTERM) }
	c.WaitDelay = setUpStops
	if err := c.Run(); err != nil && ctx.Err() == nil {
		f.say("the technician's screens ended with an error (%v): the kiosk goes on", err)
	}
}

func (o runOptions) setUpArguments(f *flags, home string, entered bool) []string {
	list := []string{"setup", "--screen", "--home", home}
	if f.settings != "" {
		list = append(list, "--config", f.settings)
	}
	if o.window != "" {
		list = append(list, "--window", o.window)
	}
	if entered {
		list = append(list, "--entered")
	}
	return list
}
