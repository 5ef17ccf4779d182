package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"tenin/storage/uplink"
	"tenin/storage/uplink/hub"
)

func newHubServe(f *flags) *cobra.Command {
	var which hubFlags
	var listen string
	var replicas int
	var bandwidth float64
	c := &cobra.Command{
		Use:   "serve",
		Short: "Run the hub until it is stopped",
		Long: `Takes summaries from the kiosks that have joined, and keeps each once. What is acknowledged is on the disk: every write
is synced. At the first start the hub makes its own certificate authority, which the codes of "tenin hub enrol" name.

With --nats the stream is kept in a cluster. Set sync_interval to "always" there; a client cannot see whether it is.
Several hubs may share one stream, but not one folder.

Back up the folder, best while the hub is stopped: without ca.key every kiosk has to join anew.`,
		Example: `  tenin hub serve --dir /var/lib/tenin-hub --listen :4222`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := which.options(f)
			if err != nil {
				return err
			}
			level := slog.LevelInfo
			if f.quiet {
				level = slog.LevelWarn
			}
			o.Listen, o.Replicas = listen, replicas
			if bandwidth < 0 {
				return usageError{fmt.Errorf("--bandwidth is a number of MB a second, or 0 for no bound")}
			}
			o.Bandwidth = int64(bandwidth * (1 << 20))
			o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
			h, err := hub.Open(cmd.Context(), o)
			if err != nil {
				return err
			}
			f.say("the hub listens at %s", h.Address())
			err = h.Serve(cmd.Context())
			if closing := h.Close(); err == nil {
				err = closing
			}
			return err
		},
	}
	which.add(c)
	c.Flags().StringVar(&listen, "listen", ":"+uplink.DefaultPort, "address that kiosks connect to")
	c.Flags().Float64Var(&bandwidth, "bandwidth", 0, "MB a second by which all kiosks together fetch updates (default: no bound)")
	c.Flags().IntVar(&replicas, "replicas", 1, "copies of the stream, when it is made in a cluster")
	return c
}
