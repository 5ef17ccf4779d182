package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/doctor"
)

func newDoctorFirmware(f *flags) *cobra.Command {
	var o doctor.FirmwareOptions
	var out string
	c := &cobra.Command{
		Use:   "firmware",
		Short: "Check whether this machine can build a device's image",
		Long: `Looks for the programs that "tenin firmware build" runs and names the Debian packages of those that are missing; whether
a root file system can be made; whether there are package sources; and whether there is room. Exit code 1 when something
fails.

JSON, one object a line: check, part, state (ok, warn, fail), text, do.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.Cache == "" {
				if o.Cache, err = imageCache(); err != nil {
					return err
				}
			}
			o.Out = filepath.Dir(out)
			if doctor.Firmware(o, findingPrinter(f, cmd.OutOrStdout())) == doctor.Fail {
				return quietError{exitFailed}
			}
			return nil
		},
	}
	c.Flags().StringVar(&o.Cache, "cache", "", "the build's cache, as for `tenin firmware build`")
	c.Flags().StringVarP(&out, "output", "o", "kiosk.img", "the image's file")
	return c
}
