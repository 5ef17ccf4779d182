package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk"
	"tenin/storage"
	"tenin/storage/seal"
)

func newStaff(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "staff",
		Short: "Who of the shop's staff may read conversations at a running kiosk",
		Long: `Keeps the accounts of the shop's staff, sealed in the vault. Once there is one, a running kiosk wants a PIN before it shows a
shopper's words. Roles: staff reads conversations; manager also erases them and looks after accounts; technician looks
after the machine and reads nothing. After five wrong PINs an account is locked for half a minute, then for twice as long
each time. A PIN guards the running kiosk; whoever owns its files and key needs none.

In scripts $TENIN_STAFF and $TENIN_PIN say who asks.`,
		Example: `  tenin staff add 佐藤 --role manager
  tenin staff add suzuki --role staff --pin-file pin --by 佐藤
  tenin staff list`,
	}
	c.AddCommand(newStaffAdd(f), newStaffList(f), newStaffDisable(f), newStaffReset(f))
	return c
}

func newStaffAdd(f *flags) *cobra.Command {
	var role, pinFile string
	who := &asker{}
	c := &cobra.Command{
		Use:   "add NAME",
		Short: "Make an account; its PIN is typed twice",
		Long: fmt.Sprintf(`Makes an account with a PIN of %d to %d characters. A disabled account is made anew. The first account is a manager's; with
a running kiosk a manager makes the others. JSON fields: name, role.`, storage.MinPIN, storage.MaxPIN),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if !knownRole(role) {
				return usageError{fmt.Errorf("--role %q is unknown: use %s", role, roleNames())}
			}
			pin, err := newPIN(cmd.Context(), cmd.InOrStdin(), pinFile)
			if err != nil {
				return err
			}
			defer pin.Destroy()
			err = withVault(cmd, f, who, func(owner kiosk.Owner) error {
				return owner.AddStaff(cmd.Context(), name, storage.Role(role), pin)
			})
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"name": name, "role": role})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is a %s now\n", name, role)
			return err
		},
	}
	c.Flags().StringVar(&role, "role", "", "what the account may do: "+roleNames())
	c.Flags().StringVar(&pinFile, "pin-file", "", "file with the new account's PIN, instead of typing it")
	who.addTo(c, "by", "by-pin-file")
	return c
}

func knownRole(role string) bool {
	for _, r := range storage.Roles() {
		if string(r) == role {
			return true
		}
	}
	return false
}

func roleNames() string {
	names := []string{}
	for _, r := range storage.Roles() {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// newPIN reads the PIN of a new account: from a file, or twice from the terminal.
func newPIN(ctx context.Context, in io.Reader, file string) (seal.Secret, error) {
	if file != "" {
		return kiosk.ReadPIN(file)
	}
	if !isTerminal(in) {
		return seal.Secret{}, usageError{errors.New("there is no terminal to ask for the new PIN: name a file that holds it with --pin-file")}
	}
	first, err := askPIN(ctx, in, "new PIN: ")
	if err != nil {
		return first, err
	}
	second, err := askPIN(ctx, in, "the same again: ")
	if err != nil {
		return second, err
	}
	defer second.Destroy()
	if !first.Equal(second) {
		first.Destroy()
		return seal.Secret{}, errors.New("the two PINs are not the same: nothing was changed")
	}
	return first, nil
}

func newStaffList(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "Every account",
		Long:  "Lists the accounts by name. JSON, one object a line: name, role, added, disabled.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withVault(cmd, f, nil, func(owner kiosk.Owner) error {
				list, err := owner.Staff(cmd.Context())
				if err != nil {
					return err
				}
				if len(list) == 0 {
					f.say("there are no accounts yet: `tenin staff add NAME --role manager` makes the first")
				}
				out := cmd.OutOrStdout()
				table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
				for _, m := range list {
					if f.json {
						if err := printJSON(out, m); err != nil {
							return err
						}
						continue
					}
					state := ""
					if m.Disabled {
						state = "disabled"
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", m.Name, m.Role, m.Added.Local().Format(time.DateOnly), state)
				}
				return table.Flush()
			})
		},
	}
}

func newStaffDisable(f *flags) *cobra.Command {
	who := &asker{}
	c := &cobra.Command{
		Use:   "disable NAME",
		Short: "End an account",
		Long:  "Ends an account: its PIN opens nothing any more, and what it has open ends. `tenin staff add` makes it anew. JSON fields: name, disabled.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			err := withVault(cmd, f, who, func(owner kiosk.Owner) error { return owner.DisableStaff(cmd.Context(), args[0]) })
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"name": args[0], "disabled": true})
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is disabled\n", args[0])
			return err
		},
	}
	who.addTo(c, "by", "by-pin-file")
	return c
}
