package main

import (
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/storage/uplink/hub"
)

// deviceJSON is a line of `tenin hub devices --json`.
type deviceJSON struct {
	Name      string     `json:"name"`
	Key       string     `json:"key"`
	Joined    time.Time  `json:"joined"`
	Revoked   *time.Time `json:"revoked"`
	Connected bool       `json:"connected"`
	TPM       *tpmJSON   `json:"tpm"`
}

// tpmJSON is the TPM of a line of it; hashes in hex.
type tpmJSON struct {
	Binding     string    `json:"binding"`
	Endorsement string    `json:"endorsement"`
	Name        string    `json:"attestation_key"`
	PCR7        string    `json:"pcr7"`
	PCR11       string    `json:"pcr11"`
	Seen7       string    `json:"pcr7_seen"`
	Seen11      string    `json:"pcr11_seen"`
	Bound       time.Time `json:"bound"`
	Quoted      time.Time `json:"quoted"`
	Changed     bool      `json:"changed"`
}

func tpmOf(t *hub.TPM) *tpmJSON {
	if t == nil {
		return nil
	}
	binding := "first use"
	if t.Verified {
		binding = "endorsement verified"
	}
	return &tpmJSON{binding, t.Endorsement, t.Name, t.PCR7, t.PCR11, t.Seen7, t.Seen11, t.Bound.UTC(), t.Quoted.UTC(), t.Changed()}
}

func newHubDevices(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "devices",
		Short: "The kiosks that have joined",
	}
	c.AddCommand(newHubDevicesList(f), newHubDevicesRevoke(f), newHubDevicesAccept(f))
	// Without a further word it lists, as people expect.
	list := newHubDevicesList(f)
	c.Long, c.RunE = list.Long, list.RunE
	c.Flags().AddFlagSet(list.Flags())
	return c
}

func newHubDevicesList(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "The kiosks that have joined, the revoked ones last",
		Long: `Lists the kiosks that have joined, and how each is bound to the TPM of its machine. "Secure Boot changed" means that the
last quote of its TPM had another PCR 7 than at enrolment: its keys, its state or the firmware changed; look at the machine.

JSON, one object a line: name, key, joined, revoked, connected, tpm (null where it is not bound; binding: first use or
endorsement verified; endorsement: SHA-256 of the endorsement key; attestation_key, pcr7, pcr11, pcr7_seen, pcr11_seen, bound,
quoted, changed).`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			admin, err := which.open(cmd.Context(), f, true)
			if err != nil {
				return err
			}
			devices, err := admin.Devices(cmd.Context())
			if err = errors.Join(err, admin.Close()); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if len(devices) == 0 {
				f.say("no kiosk has joined yet: `tenin hub enrol NAME` makes a code")
			}
			table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
			for _, d := range devices {
				if f.json {
					line := deviceJSON{Name: d.Name, Key: d.Key, Joined: d.Joined.UTC(), Connected: d.Connected, TPM: tpmOf(d.TPM)}
					if !d.Revoked.IsZero() {
						at := d.Revoked.UTC()
						line.Revoked = &at
					}
					if err := printJSON(out, line); err != nil {
						return err
					}
					continue
				}
				state := "away"
				switch {
				case !d.Revoked.IsZero():
					state = "revoked " + hourMinute(d.Revoked)
				case d.Connected:
					state = "connected"
				}
				bound := d.TPM.Binding().String()
				if d.TPM.Changed() {
					bound += ", Secure Boot changed: seen " + hourMinute(d.TPM.Quoted)
				} else if d.TPM != nil {
					bound += ", quoted " + hourMinute(d.TPM.Quoted)
				}
				fmt.Fprintf(table, "%s\t%s\tjoined %s\t%s…\t%s\n", d.Name, state, hourMinute(d.Joined), d.Key[:min(12, len(d.Key))], bound)
			}
			return table.Flush()
		},
	}
	which.add(c)
	return c
}

// revokedJSON is the result of `tenin hub devices revoke --json`.
type revokedJSON struct {
	Name   string `json:"name"`
	Closed int    `json:"connections_closed"`
}

func newHubDevicesRevoke(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "revoke NAME",
		Short: "Lock a kiosk out: its connections end now, and its key is not taken again",
		Long: `Locks a kiosk out for good. What it sent is kept. A new code brings the machine back, with a new key. JSON fields:
name, connections_closed.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			admin, err := which.open(cmd.Context(), f, true)
			if err != nil {
				return err
			}
			closed, err := admin.Revoke(cmd.Context(), args[0])
			if err = errors.Join(err, admin.Close()); err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), revokedJSON{args[0], closed})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is locked out\n", args[0])
			return nil
		},
	}
	which.add(c)
	return c
}

// acceptedJSON is the result of `tenin hub devices accept --json`.
type acceptedJSON struct {
	Name string `json:"name"`
}

func newHubDevicesAccept(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "accept NAME",
		Short: "Take a kiosk's Secure Boot as it is now for what it should be",
		Long: `After somebody has looked at a kiosk whose Secure Boot changed, PCR 7 of its last quote becomes what is expected of it. JSON
field: name.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			admin, err := which.open(cmd.Context(), f, true)
			if err != nil {
				return err
			}
			err = admin.Accept(cmd.Context(), args[0])
			if err = errors.Join(err, admin.Close()); err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), acceptedJSON{args[0]})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is taken as it is\n", args[0])
			return nil
		},
	}
	which.add(c)
	return c
}
