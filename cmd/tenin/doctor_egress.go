package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/control"
	"tenin/cmd/internal/doctor/egress"
	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/service"
	"tenin/llm/knowledge"
	"tenin/storage/seal"
)

func newDoctorEgress(f *flags) *cobra.Command {
	who := &asker{}
	c := &cobra.Command{
		Use:   "egress",
		Short: "Show that the running kiosk can tell nobody what it hears",
		Long: `Examines each process of the kiosk that runs on the home, or, when none does, of one that is started in an empty home with
the same settings and ended again. From outside: namespaces, seccomp filters, rights, core files, and what it holds open.
From inside: the process tries TCP, UDP, DNS, raw, packet, netlink and other sockets, io_uring, abstract and path Unix
sockets (D-Bus, sound server, resolver, screen), the vault and its keys, other processes, writing, running programs, making
code and namespaces. Each attempt is made by a process without walls too: what that cannot do either is "not proven".

The table has a column for each process. "✓ 12" is 12 attempts that succeed without walls and fail inside; "may 2" were open
and are meant to be, for the reason that stands below. The exit code is 1 when anything is open that should not be, or not
proven; 3 when a PIN is refused. A kiosk of a shop with staff accounts wants a technician's or a manager's PIN.

JSON, one object: ok, home, started (for the examination), processes, rows, features (name, have, why: what the walls need of
the kernel), problems, notes. A process has role, pid, uid, gid, namespaces, shared_with_host, shared_with_kiosk,
no_new_privs, seccomp (none, strict, filter), filters, capabilities, core_limit, held (null where the kernel shows it to root
alone), problems. A row has role, group, probe, what, target, kind (decoy, home, own, sound, system, display, launcher, kiosk,
worker, uplink), control and inside (what the attempt gave without walls and within: open, or the kernel's error), verdict (closed, allowed,
open, not proven, absent) and why.`,
		Example: `  tenin doctor egress
  tenin doctor egress --json --pin-file pin`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			report, err := examineEgress(cmd, f, who, home, settings)
			if err != nil {
				return refused(err)
			}
			out := cmd.OutOrStdout()
			if f.json {
				err = printJSON(out, report)
			} else {
				err = report.Print(out)
			}
			if err == nil && !report.OK {
				err = quietError{exitFailed}
			}
			return err
		},
	}
	who.addTo(c, "staff", "pin-file")
	return c
}

// examineEgress examines the kiosk that runs on home, or one that it starts.
func examineEgress(cmd *cobra.Command, f *flags, who *asker, home string, settings config.Config) (egress.Report, error) {
	ctx := cmd.Context()
	client, err := kiosk.DialKiosk(ctx, home)
	if errors.Is(err, control.ErrNotRunning) {
		f.say("no kiosk runs on %s: one is started in an empty home", home)
		return examineOwn(ctx, home, settings)
	}
	if err != nil {
		return egress.Report{}, err
	}
	defer client.Close()
	report, err := egress.Examine(ctx, client, home)
	if errors.Is(err, control.ErrPINNeeded) {
		if err := who.login(ctx, cmd.InOrStdin(), kiosk.OwnerAt(client)); err != nil {
			return report, err
		}
		report, err = egress.Examine(ctx, client, home)
	}
	return report, err
}

// examineOwn starts a kiosk in an empty home, with home's settings but for what guards the vault, examines it and ends it.
func examineOwn(ctx context.Context, home string, settings config.Config) (report egress.Report, err error) {
	folder, err := os.MkdirTemp("", "tenin-egress-*")
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	own, file := filepath.Join(folder, "home"), filepath.Join(folder, "tenin.toml")
	if err := writeSettings(file, settingsFor(home, settings)); err != nil {
		return report, err
	}
	if err := giveAnswer(ctx, own); err != nil {
		return report, err
	}
	run := exec.Command("/proc/self/exe", "run", "--headless", "--wait", "--examined", "--quiet", "--home", own, "--config", file)
	run.Args[0] = os.Args[0]
	var said bytes.Buffer
	run.Stderr = &said
	if err := run.Start(); err != nil {
		return report, fmt.Errorf("no kiosk could be started: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- run.Wait() }()
	defer func() {
		_ = run.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(endTime):
			_ = run.Process.Kill()
			<-ended
		}
	}()
	client, err := dialStarted(ctx, own, ended, &said)
	if err != nil {
		return report, err
	}
	defer client.Close()
	report, err = egress.Examine(ctx, client, own)
	report.Started = true
	return report, err
}

// settingsFor are home's settings for a kiosk in an empty home: what guards the vault is a key file, since the TPM would
// remember a vault that is gone, no hub is joined, and the walls are as strict as they would be at home.
func settingsFor(home string, settings config.Config) config.Config {
	empty := config.Default()
	settings.Sandbox.Mode = settings.Sandbox.Resolve(service.Installed(home))
	settings.Seal, settings.Log = empty.Seal, empty.Log
	settings.Seal.Kind = string(seal.KindKeyFile)
	settings.Hub.Enabled = false
	return settings
}

// giveAnswer gives an empty home something to know: the demo shop's answers would take a while to be read.
func giveAnswer(ctx context.Context, home string) error {
	owner, err := kiosk.OpenOwner(ctx, home)
	if err != nil {
		return err
	}
	_, err = owner.Import(ctx, knowledge.Batch{Entries: []knowledge.Entry{{
		ID: "hours", Question: "営業時間を教えてください", Answer: "毎日10時から20時までです。", Language: "ja",
	}}, Source: "doctor egress"}, kiosk.ImportReplace, nil)
	return errors.Join(err, owner.Close())
}

func writeSettings(path string, settings config.Config) error {
	var text bytes.Buffer
	if err := toml.NewEncoder(&text).Encode(settings); err != nil {
		return fmt.Errorf("the settings cannot be written for the examination: %w", err)
	}
	return os.WriteFile(path, text.Bytes(), 0o600)
}

const (
	startTime = 2 * time.Minute  // a kiosk loads its weights, from a slow disk at the worst
	endTime   = 15 * time.Second // it ends its processes
)

// dialStarted connects to a kiosk as soon as it serves. One that ends has its last word repeated.
func dialStarted(ctx context.Context, home string, ended chan error, said *bytes.Buffer) (*control.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		client, err := kiosk.DialKiosk(ctx, home)
		if err == nil {
			return client, nil
		}
		select {
		case err := <-ended:
			ended <- err
			text := strings.TrimSpace(said.String())
			why := strings.TrimPrefix(text[strings.LastIndexByte(text, '\n')+1:], "tenin: ")
			failed := fmt.Errorf("the kiosk that was to be examined did not start: %s", why)
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == exitRefused {
				return nil, refusedError{failed}
			}
			return nil, failed
		case <-ctx.Done():
			return nil, fmt.Errorf("the kiosk that was to be examined does not answer: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
