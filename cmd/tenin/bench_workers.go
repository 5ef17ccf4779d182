package main

import (
	"github.com/spf13/cobra"

	"tenin/cmd/internal/bench"
	"tenin/llm/models"
)

func newBenchWorkers(f *flags) *cobra.Command {
	var rounds, restarts int
	c := &cobra.Command{
		Use:   "workers",
		Short: "What it costs that each engine has a process of its own",
		Long: `Answers the spoken questions of the demo shop alternately with the engines in this process and in workers, compares the
calls of a turn one by one, then kills each worker a few times and takes the time to its next answer, the models in the
page cache. No kiosk may run on the home meanwhile.

JSON fields: cpus, threads, turns, turn and calls (what, here_ms, worker_ms, more_ms: p50, the difference pair by pair),
limit_ms, restarts (role, p50, p90, max in ms), restart_limit_ms.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			home, settings, err := f.load()
			if err != nil {
				return err
			}
			mode, err := sandboxMode(home, settings)
			if err != nil {
				return err
			}
			report := newReporter(f)
			result, err := bench.Workers(cmd.Context(), bench.WorkersOptions{
				Home: home, Config: settings, Weights: models.DefaultDir(), Mode: mode, Rounds: rounds, Restarts: restarts,
				Progress: func(what string, done, total int) { report.step(what, int64(done), int64(total), false) },
			})
			report.finish()
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), f, result)
		},
	}
	c.Flags().IntVar(&rounds, "rounds", 4, "how often each of the 16 questions is asked")
	c.Flags().IntVar(&restarts, "restarts", 5, "how often each process is killed")
	return c
}
