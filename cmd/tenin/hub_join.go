package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tenin/storage/seal"
	"tenin/storage/uplink"
)

// joinedJSON is the result of `tenin hub join --json`.
type joinedJSON struct {
	Name    string `json:"name"`
	Hub     string `json:"hub"`
	Key     string `json:"key"`
	Binding string `json:"binding"`
}

func newHubJoin(f *flags) *cobra.Command {
	var address string
	var replace bool
	var tpm, device string
	c := &cobra.Command{
		Use:   "join CODE",
		Short: "Join a hub with a code that it made",
		Long: `Makes a key for this kiosk and has the hub take it in exchange for the code. The key's secret half stays in HOME/hub,
which only its owner may read. The code is shown to no machine but the hub that made it. CODE may be - to read it from
standard input, where other users of this machine do not see it.

Where this machine has a TPM, the hub makes it prove that, and binds the kiosk to it: what was started can be told from then
on, and the kiosk cannot be moved to another machine. --tpm yes fails where there is none, --tpm no does not look for one.

JSON fields: name, hub, key (the public half), binding (not bound, TPM bound (first use), TPM bound (endorsement verified)).`,
		Example: `  tenin hub join 7K3QD-… --hub hub.example.jp
  tenin hub join - --hub 192.0.2.7:4222 < code.txt`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if address == "" {
				return usageError{fmt.Errorf("which hub? name it with --hub ADDRESS")}
			}
			text := args[0]
			if text == "-" {
				line, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 4096)).ReadString('\n')
				if err != nil && err != io.EOF {
					return fmt.Errorf("no code can be read from standard input: %w", err)
				}
				text = strings.TrimSpace(line)
			}
			code, err := uplink.ParseCode(text)
			if err != nil {
				return usageError{err}
			}
			home, err := f.homeDir()
			if err != nil {
				return err
			}
			o := uplink.JoinOptions{Code: code, Address: address, Path: filepath.Join(home, uplink.CredentialsFile), Replace: replace}
			switch tpm {
			case "auto":
				if _, err := seal.ReadTPM(device); err == nil {
					o.Attestor = seal.NewAttestor(device)
				}
			case "yes":
				o.Attestor = seal.NewAttestor(device)
			case "no":
			default:
				return usageError{fmt.Errorf("--tpm is auto, yes or no, and not %q", tpm)}
			}
			c, err := uplink.Join(cmd.Context(), o)
			if tpm == "auto" && errors.Is(err, seal.ErrNoTPM) {
				// It is there and of no use; nothing was told the hub.
				f.say("without the TPM: %v", err)
				o.Attestor = nil
				c, err = uplink.Join(cmd.Context(), o)
			}
			if err != nil {
				return err
			}
			defer c.Seed.Destroy()
			key, err := c.Key()
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), joinedJSON{c.Device, c.Address, key, c.Binding.String()})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "this kiosk is %s at the hub %s, %s\n", c.Device, c.Address, c.Binding)
			if c.Binding == uplink.BindingFirstUse {
				f.say("the hub trusts this TPM as it was first seen: no maker's certificate was checked")
			}
			return nil
		},
	}
	c.Flags().StringVar(&address, "hub", "", "the hub's host or host:port")
	c.Flags().BoolVar(&replace, "replace", false, "join although this kiosk has joined a hub already")
	c.Flags().StringVar(&tpm, "tpm", "auto", "bind the kiosk to this machine's TPM: auto, yes or no")
	c.Flags().StringVar(&device, "tpm-device", seal.DefaultTPM, "the TPM, or the socket of an emulator")
	return c
}
