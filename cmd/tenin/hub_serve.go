package main

import (
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
	c.Flags().IntVar(&replicas, "replicas", 1, "copies of the stream, when it is made in a cluster")
	return c
}
