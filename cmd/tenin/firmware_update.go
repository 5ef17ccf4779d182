package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/control"
	"tenin/cmd/internal/kiosk"
	"tenin/firmware/update"
	"tenin/storage"
	"tenin/storage/seal"
	"tenin/storage/uplink"
)

func newFirmwareUpdate(f *flags) *cobra.Command {
	var status, rollBack, again, drop, checkFloor bool
	var stick string
	c := &cobra.Command{
		Use:   "update [BUNDLE]",
		Short: "Bring a new version to this device, to be tried at the next start",
		Long: `Verifies a bundle and writes it into the slot that does not run: signature, hashes, product, version, floor, the vault's
format, and room are looked at before anything is changed; what was written is read back past all caches; the boot loader is
offered the new version last. Power may be pulled at every moment, and an update that was interrupted is done by doing it
again. What is there already is not written again.

The next start tries the version. Where it does not come up healthy (tenin firmware health) within three starts, the boot
loader takes the version before. Nothing is taken while a trial runs, since there would be nothing to fall back on.

--status tells which version runs, from which slot, whether it is kept or on trial and with how many tries, what starts next,
the floor, and what became of the last bundles. --rollback lets the next start choose the version before; not below the floor,
which rises when a version is kept.

On a device a service does the same with what lies in the drop folder /data/drop, where the hub's bundles and those of a USB
stick come in. A bundle that is refused lies in /data/drop/refused with a line that says why.

JSON fields: version, name, slot, models, outcome, wrote, restart; of --status: running, floor, problem, entry, next, versions, slots,
history; of --rollback: version, file.`,
		Example: `  tenin firmware update tenin_4.bundle     write it; the next start tries it
  tenin firmware update --status
  tenin firmware update --rollback         the next start takes the version before`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			asked := len(args)
			for _, flag := range []bool{status, rollBack, drop, checkFloor, stick != ""} {
				if flag {
					asked++
				}
			}
			if asked != 1 {
				return usageError{errors.New("name one bundle, or say --status or --rollback")}
			}
			o, err := updateOptions(f, status)
			if err != nil {
				return err
			}
			o.Again = again
			switch {
			case status:
				return printUpdateStatus(cmd.OutOrStdout(), f, o)
			case checkFloor:
				return updated(update.CheckFloor(o.Machine, o.Floor))
			case rollBack:
				next, err := update.RollBack(o)
				if err != nil {
					return updated(err)
				}
				if f.json {
					return printJSON(cmd.OutOrStdout(), map[string]any{"version": next.Version, "file": next.File})
				}
				fmt.Fprintf(cmd.OutOrStdout(), "the next start takes version %d\n", next.Version)
				return nil
			case drop:
				return serveDrop(cmd.Context(), f, o)
			case stick != "":
				return fetchFromStick(cmd.Context(), f, o, stick)
			}
			o.Name = filepath.Base(args[0])
			report := newReporter(f)
			o.Progress = func(step string, done, total int64) { report.step(step, done, total, true) }
			r, err := update.Apply(cmd.Context(), args[0], o)
			if err != nil {
				return updated(err)
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), r)
			}
			switch {
			case !r.Restart:
				fmt.Fprintf(cmd.OutOrStdout(), "version %d runs already and is kept: nothing was changed\n", r.Version)
			case len(r.Wrote) == 0:
				fmt.Fprintf(cmd.OutOrStdout(), "version %d is in %s already: the next start tries it\n", r.Version, r.Slot)
			default:
				fmt.Fprintf(cmd.OutOrStdout(), "version %d is in %s, written, read back and equal: the next start tries it\n", r.Version, r.Slot)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&status, "status", false, "tell which versions are there and what became of the last bundles")
	c.Flags().BoolVar(&rollBack, "rollback", false, "let the next start take the version before")
	c.Flags().BoolVar(&again, "again", false, "try a bundle that was taken back before")
	// Its services call these.
	c.Flags().BoolVar(&drop, "drop", false, "take what lies in the drop folder, and restart when nobody is served")
	c.Flags().StringVar(&stick, "stick", "", "bring the newest bundle of a stick into the drop folder")
	c.Flags().BoolVar(&checkFloor, "check-floor", false, "say whether the version that runs may still run")
	for _, name := range []string{"drop", "stick", "check-floor"} {
		_ = c.Flags().MarkHidden(name)
	}
	return c
}

// updateOptions are those of this device. Whoever only looks needs no key.
func updateOptions(f *flags, look bool) (o update.Options, err error) {
	machine, err := update.ThisMachine()
	if err != nil {
		return o, err
	}
	// The kiosk's settings have no say here: whoever took the kiosk over could point at another TPM by them.
	home, err := f.homeDir()
	if err != nil {
		return o, err
	}
	o = update.Options{
		Machine: machine, Source: update.ByHand,
		Floor: seal.NewFloor(filepath.Join(machine.State, update.FloorFile), seal.DefaultTPM),
		Vault: func() (update.Vault, error) {
			v, err := storage.ReadSchema(home)
			return update.Vault{Writes: storage.SchemaVersion, ReadsFrom: storage.OldestSchema, Format: v.Version, Oldest: v.Oldest}, err
		},
	}
	if look {
		return o, nil
	}
	key, err := update.ReadKey(update.KeyFile)
	if err != nil {
		return o, err
	}
	name := ""
	// A device without a hub has no name there: then an exception that was signed for one device alone is not for it.
	if c, err := uplink.ReadCredentials(filepath.Join(home, uplink.CredentialsFile), nil); err == nil {
		name = c.Device
	}
	o.Open = update.Bundles(key, name, time.Now)
	return o, nil
}

// updated gives a refusal its exit code.
func updated(err error) error {
	var r *update.Refusal
	switch {
	case err == nil:
		return nil
	case errors.Is(err, update.ErrUnverified):
		return err
	case errors.As(err, &r) && r.Reason != update.ReasonDisk && r.Reason != update.ReasonInternal:
		return refusedError{err}
	}
	return permitted(err)
}

// serveDrop is the service of the drop folder.
func serveDrop(ctx context.Context, f *flags, o update.Options) error {
	home, err := f.homeDir()
	if err != nil {
		return err
	}
	free := func(ctx context.Context) (time.Time, bool) {
		c, err := kiosk.DialKiosk(ctx, home)
		if errors.Is(err, control.ErrNotRunning) {
			// Nobody can be served.
			return time.Time{}, true
		} else if err != nil {
			return time.Time{}, false
		}
		defer c.Close()
		return control.Time(c.Status().StateSinceNs), c.Status().State == "attract"
	}
	restart := func(ctx context.Context) error {
		slog.Info("restarting to try a new version")
		_, err := systemctl(ctx, "reboot")
		return err
	}
	return updated(update.Serve(ctx, o, update.Manners, free, restart, func(out update.Outcome) {
		f.say("%s", outcomeLine(out))
	}))
}

// stickFolder is where a stick is mounted, for the process that looks at it alone.
const stickFolder = "/run/tenin-stick"

func fetchFromStick(ctx context.Context, f *flags, o update.Options, device string) error {
	unmount, err := o.Machine.MountStick(device, stickFolder)
	if err != nil {
		return updated(err)
	}
	name, err := update.FetchFromStick(ctx, stickFolder, o)
	if err = errors.Join(err, unmount()); err != nil {
		return updated(err)
	}
	if name == "" {
		f.say("%s: no bundle that this device has not seen", device)
		return nil
	}
	f.say("%s: %s was brought into the drop folder", device, name)
	return nil
}

// systemctl calls systemd and returns what it said, in one line.
func systemctl(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput()
	text := oneLine(string(out))
	if err != nil {
		return "", fmt.Errorf("systemctl %s: %w: %s", args[0], err, text)
	}
	return text, nil
}

func printUpdateStatus(out io.Writer, f *flags, o update.Options) error {
	s, err := update.ReadStatus(o)
	if err != nil {
		return updated(err)
	}
	if f.json {
		return printJSON(out, s)
	}
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	row := func(what, format string, a ...any) { fmt.Fprintf(table, "%s\t%s\n", what, fmt.Sprintf(format, a...)) }
	state := map[string]string{update.StateBlessed: "kept", update.StateTrial: "on trial", update.StateFloor: "below the floor, or that cannot be told: THE KIOSK IS NOT STARTED"}
	row("running", "version %d %s from %s, %s%s", s.Running.Version, s.Running.Name, s.Running.Slot, state[s.Running.State], tries(s.Running.State, s.Running.TriesLeft))
	if s.Entry != "" {
		row("started", "%s", s.Entry)
	}
	row("next start", "version %d", s.Next)
	if s.Problem != "" {
		row("floor", "cannot be told: %s", s.Problem)
	} else {
		row("floor", "%d", s.Floor)
	}
	for _, v := range s.Versions {
		text := map[string]string{update.StateBlessed: "kept", update.StateTrial: "on trial", update.TakenBack: "taken back"}[v.State] + tries(v.State, v.Left)
		if v.Slot != "" {
			text += ", in " + v.Slot
		} else {
			text += ", its slot was written over"
		}
		if v.Problem != "" {
			text += ": " + v.Problem
		}
		row(fmt.Sprintf("version %d", v.Version), "%s", text)
	}
	for _, slot := range s.Slots {
		text := "empty or unknown"
		if slot.Version > 0 {
			text = fmt.Sprintf("version %d", slot.Version)
		}
		if slot.Runs {
			text += ", runs"
		}
		row(slot.Slot, "%s, %s", gigabytes(slot.Bytes), text)
	}
	for _, h := range s.History {
		row(time.Unix(h.At, 0).UTC().Format("2006-01-02 15:04 UTC"), "%s", outcomeLine(h))
	}
	return table.Flush()
}

// outcomeLine says what became of a bundle.
func outcomeLine(o update.Outcome) string {
	line := o.File + ": "
	if o.Version > 0 {
		line += fmt.Sprintf("version %d, ", o.Version)
	}
	line += o.Outcome
	if o.Reason != "" {
		line += fmt.Sprintf(" (%s): %s", o.Reason, o.Text)
	}
	return line
}

func tries(state string, left int) string {
	if state != update.StateTrial {
		return ""
	}
	return fmt.Sprintf(", %d tries left", left)
}
