package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/firmware/device"
	"tenin/firmware/flash"
	"tenin/firmware/keys"
	"tenin/firmware/verify"
)

func newFirmwareFlash(f *flags) *cobra.Command {
	var o flash.Options
	var yes bool
	var serial, toFile, size, keysDir string
	c := &cobra.Command{
		Use:   "flash IMAGE [DISK]",
		Short: "Write a device's image to a disk or stick, and read it back",
		Long: `Without DISK it lists the disks of this machine: path, model, serial number, size, how it is connected, and why it would be
refused. With DISK it erases that one and writes the image, after the disk's serial number or name was typed, or given by a
script with --yes --serial S (the name of a disk that has no serial number).

Refused are: a disk that is mounted, swapped to or open through LUKS, LVM or RAID; the running system's; a partition; a disk
that is read-only, or too small; and an image that does not verify. Everything is read back past all caches and compared. The
first sectors come last: when the work is stopped, by Ctrl-C, an error or a pulled plug, the disk does not start at all.

With --keys DIR the image is verified as by ` + "`tenin firmware verify`" + `, without by the file IMAGE.sha256 beside it. With --to-file a file
is made as a disk of that content would be.

JSON fields: without DISK one object a line: path, name, model, serial, size, transport, removable, sector_size, refused;
with it: image, disk, size, image_size, written, zeroed, check_seconds, write_seconds, read_seconds, finish_seconds,
mb_per_second, contents (version, test), notes.`,
		Example: `  tenin firmware flash kiosk.img                          which disks there are
  tenin firmware flash kiosk.img /dev/sdb                 write it, after the disk was confirmed
  tenin firmware flash kiosk.img /dev/sdb --keys keys     verified by its signatures
  tenin firmware flash kiosk.img /dev/sdb --yes --serial 4C530001230809107203
  tenin firmware flash kiosk.img --to-file disk.img --size "16 GiB"`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			image := args[0]
			switch {
			case toFile != "" && len(args) == 2:
				return usageError{errors.New("name a disk, or a file with --to-file, and not both")}
			case toFile == "" && (size != "" || o.Overwrite):
				return usageError{errors.New("--size and --overwrite are for a file: name it with --to-file")}
			case yes != (serial != ""):
				return usageError{errors.New("a script says --yes --serial S, with the serial number of the disk that it means")}
			case yes && (toFile != "" || len(args) < 2):
				return usageError{errors.New("--yes and --serial are for a disk: name it behind the image")}
			case toFile == "" && len(args) == 1:
				return listDisks(f, cmd.OutOrStdout(), image)
			}
			disk := toFile
			if toFile == "" {
				disk = args[1]
				d, err := flash.System{}.Find(disk)
				if err != nil {
					return err
				}
				if o.Confirm, err = confirmDisk(cmd.Context(), f, cmd.InOrStdin(), image, d, serial); err != nil {
					return err
				}
			} else {
				o.ToFile = true
				if size != "" {
					n, err := device.ParseSize(size)
					if err != nil {
						return usageError{err}
					}
					o.FileSize = int64(n)
				}
			}
			report := newReporter(f)
			o.Verify = func(path string) error { return verifyImage(cmd.Context(), f, report, keysDir, path) }
			o.Progress = func(p flash.Progress) { report.step(string(p.Stage), p.Done, p.Total, true) }
			r, err := flash.Write(cmd.Context(), image, disk, o)
			if err != nil {
				return permitted(err)
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), r)
			}
			spent := time.Duration((r.WriteSeconds + r.ReadSeconds + r.FinishSeconds) * float64(time.Second)).Round(100 * time.Millisecond)
			fmt.Fprintf(cmd.OutOrStdout(), "%s holds the image: %.0f MB written, %.0f MB made zero, all read back and equal, in %s (%.0f MB/s)\n",
				r.Disk, float64(r.Written)/1e6, float64(r.Zeroed)/1e6, spent, r.MBPerSecond)
			for _, note := range r.Notes {
				f.say("%s", note)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask; takes --serial")
	c.Flags().StringVar(&serial, "serial", "", "the serial number of the disk that is meant")
	c.Flags().StringVar(&keysDir, "keys", "", "folder of the keys that the image was signed with; only public ones are read (default: $"+keysVariable+")")
	c.Flags().StringVar(&toFile, "to-file", "", "write to this file instead of a disk")
	c.Flags().StringVar(&size, "size", "", `size of that file, as in "16 GiB" (default: the image's)`)
	c.Flags().BoolVar(&o.Overwrite, "overwrite", false, "take a file that is there as the disk")
	return c
}

// verifyImage verifies an image with the keys in a folder, or without one by the hash beside the image, and says aloud when
// it is for tests.
func verifyImage(ctx context.Context, f *flags, report *reporter, dir, path string) error {
	if dir == "" {
		dir = os.Getenv(keysVariable)
	}
	if dir == "" {
		if err := flash.VerifyImage(ctx, path); errors.Is(err, flash.ErrNoHash) {
			return fmt.Errorf("%w; put it there, or name the keys that the image was signed with: --keys DIR", err)
		} else if err != nil {
			return err
		}
	} else {
		set, err := keys.OpenPublic(dir)
		if err != nil {
			return err
		}
		r, err := verify.File(ctx, path, verify.TrustOf(set), func(what string, done, total int64) { report.step("checking "+what, done, total, true) })
		report.finish()
		if err == nil {
			err = r.Err()
		}
		if err != nil {
			return err
		}
	}
	contents, err := flash.Read(path)
	if err == nil && contents.Test {
		f.say("THIS IMAGE IS FOR TESTS: it has a console that needs no password, and belongs on no counter")
	}
	return err
}

// listDisks prints the disks, those that can be taken first.
func listDisks(f *flags, out io.Writer, image string) error {
	disks, err := flash.Candidates()
	if err != nil {
		return err
	}
	free, refused := []flash.Disk{}, []flash.Disk{}
	for _, d := range disks {
		if d, err = d.Suits(image); err != nil {
			return err
		}
		if len(d.Refused) == 0 {
			free = append(free, d)
		} else {
			refused = append(refused, d)
		}
	}
	table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	for _, d := range append(free, refused...) {
		if f.json {
			if err := printJSON(out, d); err != nil {
				return err
			}
			continue
		}
		why := "can be taken"
		if len(d.Refused) > 0 {
			why = "refused: " + strings.Join(d.Refused, "; ")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", d.Path, dash(d.Model), dash(d.Serial), gigabytes(d.Size), d.Transport, why)
	}
	if f.json {
		return nil
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(free) == 0 {
		f.say("no disk can be taken: put a stick in, or name a file with --to-file")
	} else {
		f.say("nothing was written: name one of them behind the image")
	}
	return nil
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func gigabytes(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%.0f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// confirmDisk returns what the person types, or what the script gave. A disk that would be refused is not asked about.
func confirmDisk(ctx context.Context, f *flags, in io.Reader, image string, d flash.Disk, serial string) (string, error) {
	d, err := d.Suits(image)
	if err != nil {
		return "", err
	}
	what := fmt.Sprintf("%s (%s, serial number %s, %s, %s)", d.Path, dash(d.Model), dash(d.Serial), gigabytes(d.Size), d.Transport)
	switch {
	case len(d.Refused) > 0:
		return "", refusedError{fmt.Errorf("%s %s", d.Path, strings.Join(d.Refused, "; "))}
	case serial != "":
		if serial != d.Confirmation() {
			return "", refusedError{fmt.Errorf("nothing was written: the disk is %s, and --serial says %s", what, serial)}
		}
		return serial, nil
	case !isTerminal(in):
		return "", refusedError{errors.New("nothing was written: without a terminal the disk is confirmed with --yes --serial S")}
	}
	f.say("everything on %s is erased", what)
	word, err := ask(ctx, in, "type its serial number or name ("+d.Confirmation()+") to begin: ")
	if err != nil {
		return "", err
	}
	if word != d.Confirmation() && word != d.Name {
		return "", refusedError{errors.New("nothing was written: that is neither the disk's serial number nor its name")}
	}
	return word, nil
}

// permitted says what to do for a disk that belongs to root.
func permitted(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: run it as root", err)
	}
	return err
}
