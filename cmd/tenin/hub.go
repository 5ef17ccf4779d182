package main

import (
	"context"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/spf13/cobra"

	"tenin/storage/uplink/hub"
)

func newHub(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "hub",
		Short: "Where the summaries of several kiosks come together",
		Long: `A hub takes summaries from kiosks: what kind of answer was given to what topic, and no word of a shopper. It runs on a
machine of the chain's own, not on a kiosk. Kiosks reach it over TLS, by its key and not by its name, each with a key of
its own that may send that kiosk's summaries and nothing else.`,
		Example: `  tenin hub serve                              on the hub's machine
  tenin hub enrol ginza-1                      there: a code for a kiosk, to be used once
  tenin hub join CODE --hub hub.example.jp     on the kiosk
  tenin hub devices                            who has joined
  tenin hub devices revoke ginza-1             lock one out
  tenin hub summaries --since 24h              what came
  tenin hub publish tenin_5.bundle             an update for the kiosks
  tenin hub rollout start 5                    to some first, then to all`,
	}
	c.AddCommand(newHubServe(f), newHubEnrol(f), newHubJoin(f), newHubDevices(f), newHubSummaries(f),
		newHubPublish(f), newHubBundles(f), newHubRollout(f))
	return c
}

// hubFlags say which hub a command means.
type hubFlags struct {
	dir   string
	nats  string
	creds string
	ca    string
}

func (h *hubFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&h.dir, "dir", "", "folder of the hub's data (default: HOME/hub-data)")
	c.Flags().StringVar(&h.nats, "nats", "", "keep the stream in the JetStream of this cluster, as in tls://nats.example.jp:4222")
	c.Flags().StringVar(&h.creds, "nats-creds", "", "credentials file for the cluster")
	c.Flags().StringVar(&h.ca, "nats-ca", "", "certificates that the cluster's are checked against (default: the system's)")
}

// options returns the hub's folder and its stream.
func (h *hubFlags) options(f *flags) (hub.Options, error) {
	o := hub.Options{Dir: h.dir, NATS: h.nats, Attestation: tpmJudge{}}
	if o.Dir == "" {
		home, err := f.homeDir()
		if err != nil {
			return o, err
		}
		o.Dir = filepath.Join(home, "hub-data")
	}
	if h.creds != "" {
		o.NATSOptions = append(o.NATSOptions, nats.UserCredentials(h.creds))
	}
	if h.ca != "" {
		o.NATSOptions = append(o.NATSOptions, nats.RootCAs(h.ca))
	}
	return o, nil
}

// open returns the running hub, or the folder's where none runs. With mustExist looking makes no hub.
func (h *hubFlags) open(ctx context.Context, f *flags, mustExist bool) (hub.Admin, error) {
	o, err := h.options(f)
	if err != nil {
		return nil, err
	}
	o.MustExist = mustExist
	return hub.OpenAdmin(ctx, o)
}

// hourMinute is how a list shows a time.
func hourMinute(t time.Time) string { return t.Local().Format("2006-01-02 15:04") }
