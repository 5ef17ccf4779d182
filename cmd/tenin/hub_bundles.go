package main

import (
	"errors"
	"fmt"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func newHubBundles(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "bundles",
		Short: "The updates that were published",
	}
	c.AddCommand(newHubBundlesList(f), newHubBundlesRemove(f))
	list := newHubBundlesList(f)
	c.Long, c.RunE = list.Long, list.RunE
	c.Flags().AddFlagSet(list.Flags())
	return c
}

func newHubBundlesList(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "list",
		Short: "The updates that were published, the newest version first",
		Long: `Lists the bundles that "tenin hub publish" took. JSON, one object a line: version, name, size (bytes), sha256, test,
published.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			admin, err := which.open(cmd.Context(), f, true)
			if err != nil {
				return err
			}
			bundles, err := admin.Bundles(cmd.Context())
			if err = errors.Join(err, admin.Close()); err != nil {
				return err
			}
			if len(bundles) == 0 {
				f.say("nothing is published: `tenin hub publish BUNDLE` does")
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 2, 8, 2, ' ', 0)
			for _, b := range bundles {
				if f.json {
					if err := printJSON(cmd.OutOrStdout(), bundleOf(b)); err != nil {
						return err
					}
					continue
				}
				test := ""
				if b.Test {
					test = "TEST"
				}
				fmt.Fprintf(table, "%d\t%s\t%d MB\tpublished %s\t%x…\t%s\n", b.Version, b.Name, b.Size>>20, hourMinute(b.Published), b.SHA256[:6], test)
			}
			return table.Flush()
		},
	}
	which.add(c)
	return c
}

// removedJSON is the result of `tenin hub bundles remove --json`.
type removedJSON struct {
	Version int64 `json:"version"`
}

func newHubBundlesRemove(f *flags) *cobra.Command {
	var which hubFlags
	c := &cobra.Command{
		Use:   "remove VERSION",
		Short: "Throw a published update away",
		Long:  `Removes a bundle from the hub. One that is being rolled out stays until "tenin hub rollout undo". JSON field: version.`,
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			version, err := parseVersion(args[0])
			if err != nil {
				return err
			}
			admin, err := which.open(cmd.Context(), f, true)
			if err != nil {
				return err
			}
			err = admin.RemoveBundle(cmd.Context(), version)
			if err = errors.Join(err, admin.Close()); err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), removedJSON{version})
			}
			fmt.Fprintf(cmd.OutOrStdout(), "version %d is removed\n", version)
			return nil
		},
	}
	which.add(c)
	return c
}

// parseVersion reads the number of a version.
func parseVersion(text string) (int64, error) {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < 1 {
		return 0, usageError{fmt.Errorf("%q is no version: it is the number that `tenin hub bundles` shows first", text)}
	}
	return v, nil
}
