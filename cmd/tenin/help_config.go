package main

import (
	"github.com/spf13/cobra"

	"tenin/cmd/internal/config"
)

func newHelpConfig() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "The settings file, with every key, its default and its meaning",
		Long:  config.Example,
		// A topic of help, not a command: it has nothing to run.
	}
}
