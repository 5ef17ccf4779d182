package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"tenin/firmware/bundle"
	"tenin/firmware/parts"
	"tenin/storage"
)

// bundledJSON is the result of `tenin firmware bundle --json`.
type bundledJSON struct {
	Bundle   string          `json:"bundle"`
	Size     int64           `json:"size"`
	Manifest bundle.Manifest `json:"manifest"`
}

func newFirmwareBundle(f *flags) *cobra.Command {
	var which keysFlags
	var out, device, until string
	var models bool
	var from int64
	c := &cobra.Command{
		Use:   "bundle PARTS",
		Short: "Make an update of what a build left",
		Long: `Makes one signed file of the folder of parts that "tenin firmware build" leaves beside an image: the kernel image, the image
of the root, and with --models that of the weights, which an update carries only when they changed. Everything is checked
before it is signed. Equal parts and keys give equal bundles.

A device refuses a version that is not higher than the highest that it has run. --allow-downgrade-from N signs an exception
into the bundle: devices that have run up to version N may go back to it, all or one (--device), for a week or until a day
(--until).

JSON fields: bundle, size (bytes), manifest (as it was signed).`,
		Example: `  tenin firmware bundle kiosk.parts --keys keys -o tenin_5.bundle
  tenin firmware bundle kiosk.parts --keys keys -o tenin_5.bundle --models
  tenin firmware bundle old.parts --keys keys -o back_4.bundle --allow-downgrade-from 5 --until 2027-01-31`,
		Args: cobra.ExactArgs(1),
	}
	which.addTo(c)
	c.Flags().StringVarP(&out, "output", "o", "", "the bundle's file")
	c.Flags().BoolVar(&models, "models", false, "carry the weights too")
	c.Flags().Int64Var(&from, "allow-downgrade-from", 0, "highest version from which a device may go back to this one")
	c.Flags().StringVar(&device, "device", "", "the one device that may go back (default: all)")
	c.Flags().StringVar(&until, "until", "", "last day on which devices may go back, as 2027-01-31 (default: in a week)")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if out == "" {
			return usageError{errors.New("no file is named for the bundle: use -o tenin_5.bundle")}
		}
		if err := checkOutput(out); err != nil {
			return err
		}
		downgrade, err := downgradeOf(from, device, until, time.Now())
		if err != nil {
			return usageError{err}
		}
		p, err := parts.Open(args[0], models)
		if err != nil {
			return err
		}
		defer p.Close()
		m := p.Manifest
		m.Downgrade = downgrade
		if m.Vault == (bundle.Vault{}) {
			m.Vault = bundle.Vault{Writes: storage.SchemaVersion, ReadsFrom: storage.OldestSchema}
		}
		set, err := which.open(cmd.Context(), cmd.InOrStdin())
		if err != nil {
			return err
		}
		defer set.Destroy()
		if set.DB == nil {
			return fmt.Errorf("%s has no db.crt to check the kernel image with", set.Dir)
		}
		if err := p.CheckSigned(set.DB.Certificate(), set.PCRPublic); err != nil {
			return err
		}
		key, err := set.BundleKey()
		if err != nil {
			return err
		}
		defer clear(key)
		report := newReporter(f)
		m, size, err := parts.Write(cmd.Context(), out, p, m, key, func(done, total int64) { report.step("writing "+out, done, total, true) })
		report.finish()
		if err != nil {
			return bundleCancelled(cmd.Context(), err)
		}
		if f.json {
			return printJSON(cmd.OutOrStdout(), bundledJSON{out, size, m})
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: version %d (%s), %.0f MB, signed by the key %s…\n", out, m.Version, m.Name, float64(size)/1e6, m.Key[:16])
		if m.Models == nil && m.ModelsUUID != "" {
			f.say("it carries no weights: devices need those of %s already (--models carries them)", m.ModelsUUID)
		}
		if d := m.Downgrade; d != nil {
			f.say("devices that have run up to version %d may go back to it until %s (%s)", d.Floor, time.Unix(d.NotAfter, 0).Format(time.DateTime), d.Device)
		}
		if m.Test {
			f.say("this is for TESTS: it has a console that needs no password, and belongs on no counter")
		}
		return nil
	}
	return c
}

func bundleCancelled(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("stopped: no bundle was made: %w", ctx.Err())
	}
	return err
}

// downgradeOf reads the flags of an exception; nil without one.
func downgradeOf(from int64, device, until string, now time.Time) (*bundle.Downgrade, error) {
	if from == 0 {
		if device != "" || until != "" {
			return nil, errors.New("--device and --until are for an exception: name the version with --allow-downgrade-from")
		}
		return nil, nil
	}
	if from < 1 {
		return nil, fmt.Errorf("--allow-downgrade-from %d: versions begin at 1", from)
	}
	if device == "" {
		device = "*"
	}
	end := now.AddDate(0, 0, 7)
	if until != "" {
		day, err := time.ParseInLocation(time.DateOnly, until, time.Local)
		if err != nil {
			return nil, fmt.Errorf("--until %q is no day: write it as 2027-01-31", until)
		}
		if end = day.AddDate(0, 0, 1).Add(-time.Second); end.Before(now) {
			return nil, fmt.Errorf("--until %s is over", until)
		}
	}
	return &bundle.Downgrade{Floor: from, Device: device, NotAfter: end.Unix()}, nil
}
