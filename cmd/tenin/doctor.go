package main

import (
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/doctor"
)

func newDoctor(f *flags) *cobra.Command {
	var deep bool
	c := &cobra.Command{
		Use:   "doctor [" + strings.Join(doctor.Parts, "|") + "]",
		Short: "Check this machine and this home, and say what to do",
		Long: `Looks at the engines, the weights, the sound devices, the settings, the vault and the knowledge. Exit code 1 when
something fails. JSON, one object a line: check, part, state (ok, warn, fail), text, do.`,
		Args:      cobra.MatchAll(cobra.MaximumNArgs(1), cobra.OnlyValidArgs),
		ValidArgs: doctor.Parts,
		RunE: func(cmd *cobra.Command, args []string) error {
			home, err := f.homeDir()
			if err != nil {
				return err
			}
			o := doctor.Options{Home: home, Engines: hasEngines, Deep: deep}
			o.Settings, o.SettingsError = config.Load(f.settings, home)
			if len(args) == 1 {
				o.Part = args[0]
			}
			worst := doctor.Examine(cmd.Context(), o, findingPrinter(f, cmd.OutOrStdout()))
			if worst == doctor.Fail {
				return quietError{exitFailed}
			}
			return nil
		},
	}
	c.AddCommand(newDoctorEgress(f), newDoctorDisplay(f), newDoctorBundle(f), newDoctorFirmware(f))
	c.Flags().BoolVar(&deep, "deep", false, "also read the content of every file of weights")
	return c
}
