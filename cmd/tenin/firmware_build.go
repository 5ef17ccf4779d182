package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tenin/firmware/device"
	"tenin/firmware/image"
	"tenin/llm/models"
	"tenin/storage"
)

func newFirmwareBuild(f *flags) *cobra.Command {
	var config, out, cache, passphrase string
	var twice bool
	c := &cobra.Command{
		Use:   "build",
		Short: "Build the disk image of a kiosk",
		Long: `Builds a bootable image for 64-bit PCs with UEFI from a device.toml: Debian as a read-only root whose every block is
checked when it is read, the weights in a partition of their own, a second slot for updates, and an inventory (SBOM,
CycloneDX) beside it. It is made in files, as root, without loop devices; "tenin doctor firmware" says what is missing.

The first build writes the list of package versions (device.lock); later ones honour it, and the same list gives the same
bytes: --twice shows it, by building a second time from nothing and comparing. What was finished is kept in the cache, so a
build that was stopped goes on where it was.

Beside IMAGE.img come IMAGE.sbom.json, and in IMAGE.parts what "tenin firmware bundle" makes an update of.

JSON: image, size (bytes), sha256, sbom, parts, lock, version, name, test, signed, packages, root and models (each file,
size, sha256, hash, uuid, data_size), uki_size, steps (each step, seconds, cached); with --twice also same.

device.toml:

` + indent(device.Example),
		Example: `  tenin firmware build --config device.toml -o kiosk.img
  tenin firmware build --config device.toml -o kiosk.img --twice`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return usageError{errors.New("no file named for the image: use -o kiosk.img")}
			}
			settings, err := device.Load(config)
			if err != nil {
				return usageError{err}
			}
			o, err := imageOptions(settings, out, cache)
			if err != nil {
				return err
			}
			o.Tell = imageProgress(f)
			o.Passphrase = askPassphrase(cmd.Context(), cmd.InOrStdin(), passphrase)
			build := image.Build
			if twice {
				build = image.Reproduce
			}
			result, err := build(cmd.Context(), settings, o)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), result)
			}
			sayImage(cmd.OutOrStdout(), result)
			return nil
		},
	}
	c.Flags().StringVar(&config, "config", "device.toml", "what the image is made of")
	c.Flags().StringVarP(&out, "output", "o", "", "the image's file")
	c.Flags().StringVar(&cache, "cache", "", "folder of packages and finished steps (default: firmware in tenin's cache)")
	c.Flags().StringVar(&passphrase, "passphrase-file", "", "file with the passphrase of the keys (- is standard input, /dev/fd/N an open one)")
	c.Flags().BoolVar(&twice, "twice", false, "build a second time from nothing and compare every byte")
	return c
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// imageOptions says what goes into an image beside Debian: this program and this build's weights, or those that
// device.toml names.
func imageOptions(c device.Config, out, cache string) (o image.Options, err error) {
	o = image.Options{Out: out, Cache: cache, Program: c.Program, Vault: image.Vault{Writes: storage.SchemaVersion, ReadsFrom: storage.OldestSchema}}
	if o.Cache == "" {
		if o.Cache, err = imageCache(); err != nil {
			return o, err
		}
	}
	if o.Program == "" {
		if o.Program, err = os.Executable(); err != nil {
			return o, err
		}
		if !hasEngines {
			return o, refusedError{errors.New("this program was built without engines and would make a kiosk that hears nothing: name a full one with program in device.toml")}
		}
	}
	if c.StandIn {
		o.Weights, err = standIns(c.Models)
	} else {
		o.Weights, err = weightsIn(c.Models)
	}
	return o, err
}

// imageCache is the folder of packages and finished steps where none is named.
func imageCache() (string, error) {
	if dir := os.Getenv("TENIN_CACHE"); dir != "" {
		return filepath.Join(dir, "tenin", "firmware"), nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no cache folder: %w: name one with --cache", err)
	}
	return filepath.Join(dir, "tenin", "firmware"), nil
}

// weightsIn are the weights that this version of Tenin runs on, and the licences that have to go along.
func weightsIn(dir string) (all []image.Weight, err error) {
	if dir == "" {
		dir = buildersModels()
	}
	store := models.Open(dir)
	for _, item := range store.List() {
		if item.Model.Build {
			continue
		}
		if item.State != models.Present {
			return nil, fmt.Errorf("weights: %s is %s in %s: run `tenin models pull`", item.Model.Name, item.State, dir)
		}
		m := item.Model
		all = append(all, image.Weight{Name: m.Name, Path: item.Path, SHA256: m.SHA256, Version: m.Version, Licence: m.Licence, Use: m.Use})
	}
	licences, err := filesIn(store.LicenceDir(), "licences/")
	return append(all, licences...), err
}

// buildersModels is the folder of the weights; under sudo they are in the cache of whoever built them.
func buildersModels() string {
	dir := models.DefaultDir()
	if name := os.Getenv("SUDO_USER"); name != "" && os.Getenv("TENIN_MODELS") == "" && os.Getenv("TENIN_CACHE") == "" {
		if builder, err := user.Lookup(name); err == nil {
			own := filepath.Join(builder.HomeDir, ".cache", "tenin", "models-"+models.Key())
			if _, err := os.Stat(own); err == nil {
				return own
			}
		}
	}
	return dir
}

// standIns are whatever lies in a folder.
func standIns(dir string) ([]image.Weight, error) {
	if dir == "" {
		return nil, usageError{errors.New("stand_in needs models: name the folder of what stands in for the weights")}
	}
	return filesIn(dir, "")
}

func filesIn(dir, prefix string) (all []image.Weight, err error) {
	err = filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(dir, p)
		if err == nil {
			all = append(all, image.Weight{Name: prefix + filepath.ToSlash(name), Path: p})
		}
		return err
	})
	slices.SortFunc(all, func(a, b image.Weight) int { return strings.Compare(a.Name, b.Name) })
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return all, nil
}

// imageProgress shows a build: a line for each finished step, and how far the running one is.
func imageProgress(f *flags) func(image.Progress) {
	bar := newReporter(f)
	return func(p image.Progress) {
		switch {
		case p.Note != "":
			bar.end()
			f.say("%s", p.Note)
		case p.Finished:
			bar.end()
			if !bar.silent {
				what := p.Took.Round(100 * time.Millisecond).String()
				if p.Cached {
					what = "as before"
				}
				f.say("[%d/%d] %-10s %s", p.Number, p.Steps, p.Step, what)
			}
		case p.Total > 0 && p.Done < p.Total:
			bar.step(fmt.Sprintf("[%d/%d] %s", p.Number, p.Steps, p.Text), p.Done, p.Total, p.Total > 1<<20)
		}
	}
}

func sayImage(out io.Writer, r image.Result) {
	kind := "unsigned"
	if r.Signed {
		kind = "signed"
	}
	if r.Test {
		kind += ", TEST"
	}
	fmt.Fprintf(out, "%s: version %d (%s), %s\n", r.Image, r.Version, r.Name, kind)
	fmt.Fprintf(out, "  system %d MB, weights %d MB, kernel image %d MB, %d packages\n",
		r.Root.Size/1e6, r.Models.Size/1e6, r.UKISize/1e6, r.Packages)
	fmt.Fprintf(out, "  sha256 %s\n", r.SHA256)
	if r.Same {
		fmt.Fprintln(out, "  a second build from nothing is the same byte for byte")
	}
}

// end takes the bar away, so that a line can be said.
func (r *reporter) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.finish()
}
