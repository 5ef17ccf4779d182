package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tenin/storage/uplink/hub"
)

// newBenchHub measures the hub.
func newBenchHub(f *flags) *cobra.Command {
	var o hub.BenchOptions
	c := &cobra.Command{
		Use:   "hub",
		Short: "Acknowledged summaries a second from a thousand kiosks, every one synced",
		Long: `Runs a hub and a thousand simulated kiosks in this process, each with a TLS connection and a key of its own. An answer
counts when the summary is on the disk. The peer is JetStream itself on the same disk in the same run, a message a
summary, without TLS and devices.

JSON fields: cpus, kiosks, summaries, summaries_per_second, seconds, ack_ms (p50, p99, max), summaries_per_sync, peer
(summaries a second), ratio (ours by the peer's), connect_seconds, disk_syncs_per_second, cpu_cores.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Kiosks < 1 || o.Each < 1 || o.Window < 1 {
				return usageError{fmt.Errorf("nothing would be sent: --kiosks, --each and --window begin at 1")}
			}
			report := newReporter(f)
			o.Progress = func(what string, done, total int) { report.step(what, int64(done), int64(total), false) }
			result, err := hub.Bench(cmd.Context(), o)
			report.finish()
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), f, result)
		},
	}
	c.Flags().IntVar(&o.Kiosks, "kiosks", 1000, "simulated kiosks")
	c.Flags().IntVar(&o.Each, "each", 40, "summaries that each sends")
	c.Flags().IntVar(&o.Window, "window", 4, "summaries of one kiosk that are on the way at once")
	c.Flags().StringVar(&o.Dir, "dir", "", "a folder on the disk to measure (default: that of temporary files)")
	return c
}
