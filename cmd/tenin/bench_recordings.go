package main

import (
	"github.com/spf13/cobra"

	"tenin/cmd/internal/bench"
	"tenin/cmd/internal/kiosk"
)

func newBenchRecordings(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "recordings DIR",
		Short: "Write the spoken questions as WAV files, with a manifest.jsonl",
		Long: `Writes the questions that the benchmarks and the demo ask, spoken by our own voices in a quiet room, the end of speech
labelled in each file, and a chime without words. ` + "`tenin bench asr --clips DIR`" + ` reads the folder.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			clerk, err := openClerk(cmd.Context(), f, kiosk.Speaking, "")
			if err != nil {
				return err
			}
			defer clerk.Close()
			return bench.WriteRecordings(cmd.Context(), clerk, args[0])
		},
	}
}
