package main

import (
	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/manual"
)

// newMan is for packagers and `make install`, hence hidden.
func newMan(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:     "man FOLDER",
		Short:   "Write the manual pages, into man1 and man5 of a folder",
		Example: "  tenin man /usr/share/man",
		Hidden:  true,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			pages := append(manual.Commands(cmd.Root()), manual.Settings(config.Example))
			if err := manual.Write(args[0], pages); err != nil {
				return err
			}
			f.say("%d manual pages in %s", len(pages), args[0])
			return nil
		},
	}
}
