package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/setup"
)

// bundleJSON is the result of `tenin doctor bundle --json`.
type bundleJSON struct {
	File  string             `json:"file"`
	Files []setup.BundleFile `json:"files"`
}

func newDoctorBundle(f *flags) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use:   "bundle",
		Short: "Pack what a supporter needs, without a shopper's word",
		Long: `Writes a .tar.gz with version, settings (of texts that somebody wrote only that they are set), what tenin doctor says, the
running kiosk's state and processes, what guards the vault's key, counters, and the log, which cannot hold a shopper's word.
No conversation, sound, question, PIN or key is in it. README.txt in it says what each file is.

JSON fields: file, files with name, bytes.`,
		Example: `  tenin doctor bundle
  tenin doctor bundle --output /media/stick/kiosk-3.tar.gz`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, err := f.homeDir()
			if err != nil {
				return err
			}
			now := time.Now()
			if output == "" {
				output = "tenin-support-" + now.Format("20060102-150405") + ".tar.gz"
			}
			if err := checkOutput(output); err != nil {
				return err
			}
			o := setup.BundleOptions{Home: home, Version: version, Engines: hasEngines, Now: now}
			o.Settings, o.SettingsError = config.Load(f.settings, home)
			var files []setup.BundleFile
			err = replaceFile(output, func(w io.Writer) (err error) {
				files, err = setup.Bundle(cmd.Context(), w, o)
				return err
			})
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), bundleJSON{output, files})
			}
			fmt.Fprintln(cmd.OutOrStdout(), output)
			for _, file := range files {
				f.say("  %-22s %d bytes", file.Name, file.Size)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "the file (default: tenin-support-DATE-TIME.tar.gz here)")
	return c
}

// replaceFile writes a file of this user's beside path and puts it in its place when it is whole.
func replaceFile(path string, write func(io.Writer) error) (err error) {
	temp, err := os.CreateTemp(filepath.Dir(path), ".tenin-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temp.Name())
		}
	}()
	if err := errors.Join(write(temp), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), path)
}
