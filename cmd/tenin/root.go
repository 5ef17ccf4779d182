package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"tenin/cmd/internal/config"
	"tenin/cmd/internal/service"
)

// flags are those that every command takes.
type flags struct {
	home     string
	settings string
	json     bool
	quiet    bool
}

func newRoot() *cobra.Command {
	f := &flags{}
	root := &cobra.Command{
		Use:   "tenin",
		Short: "A clerk for a shop's counter that hears, answers and forgets, all on this machine",
		Long: `Tenin (店員) hears a shopper's question, answers it from what the shop has approved, and forgets.
Recognition, retrieval and speech run on this machine; no sound and no word of a shopper leaves it.

Exit codes: 0 done; 1 failed; 2 usage; 3 refused by policy or permission; 4 data damaged or not verified.`,
		Version:       version,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w: `%s --help` shows how", err, cmd.CommandPath())}
	})
	persistent := root.PersistentFlags()
	persistent.StringVar(&f.home, "home", "", "folder of the vault and the knowledge (default: the user's data folder)")
	persistent.StringVar(&f.settings, "config", "", "settings file (default: HOME/tenin.toml, which may be absent)")
	persistent.BoolVar(&f.json, "json", false, "print the result as JSON with stable field names")
	persistent.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but the result")

	root.AddGroup(
		&cobra.Group{ID: "clerk", Title: "The clerk:"},
		&cobra.Group{ID: "shop", Title: "What the shop knows and keeps:"},
		&cobra.Group{ID: "machine", Title: "This machine:"},
	)
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("clerk", newRun(f), newDashboard(f), newAsk(f), newChat(f), newTranscribe(f), newSpeak(f))
	add("shop", newShop(f), newKnowledge(f), newSessions(f), newStaff(f), newNotice(f), newKeys(f))
	add("machine", newSetup(f), newStatus(f), newModels(f), newDoctor(f), newBench(f), newHub(f), newFirmware(f), newWipe(f), newMan(f))
	root.AddCommand(newHelpConfig())
	root.SetHelpCommand(newHelp())
	// Cobra would add these when the program runs, and their arguments would stay unchecked.
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	strictArguments(root)
	return root
}

// strictArguments turns cobra's complaints about arguments into usage errors, for the exit code.
func strictArguments(command *cobra.Command) {
	check := command.Args
	switch {
	case command.HasSubCommands() && len(command.ValidArgs) == 0:
		check = func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			group := strings.TrimSpace(strings.TrimPrefix(c.CommandPath(), c.Root().Name()))
			if near := c.SuggestionsFor(args[0]); len(near) > 0 {
				return fmt.Errorf("unknown command %q: did you mean %q?", strings.TrimSpace(group+" "+args[0]), strings.TrimSpace(group+" "+near[0]))
			}
			return fmt.Errorf("unknown command %q: `%s --help` lists them", strings.TrimSpace(group+" "+args[0]), c.CommandPath())
		}
		if command.RunE == nil {
			command.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	case check == nil:
		check = cobra.NoArgs
	}
	command.SuggestionsMinimumDistance = 2
	command.Args = func(c *cobra.Command, args []string) error {
		err := check(c, args)
		switch {
		case err == nil:
			return nil
		case c.HasSubCommands() && len(c.ValidArgs) == 0:
		case len(args) == 0:
			err = fmt.Errorf("something is missing: use `%s`", c.UseLine())
		case len(args) == 1 && len(c.ValidArgs) > 0:
			err = fmt.Errorf("%q is none of %s: use `%s`", args[0], strings.Join(c.ValidArgs, ", "), c.UseLine())
		default:
			err = fmt.Errorf("%q is an argument too many: use `%s`, and quotes around a text with spaces", args[len(args)-1], c.UseLine())
		}
		return usageError{err}
	}
	for _, sub := range command.Commands() {
		strictArguments(sub)
	}
}

// homeDir returns the folder of this kiosk's data; it need not exist yet.
func (f *flags) homeDir() (string, error) {
	if f.home != "" {
		return filepath.Abs(f.home)
	}
	if dir := os.Getenv("TENIN_HOME"); dir != "" {
		return filepath.Abs(dir)
	}
	if dir := service.DefaultHome(); dir != "" {
		return dir, nil
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "tenin"), nil
	}
	dir, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("no home folder is known: name one with --home DIR")
	}
	return filepath.Join(dir, ".local", "share", "tenin"), nil
}

// load returns the home and its settings.
func (f *flags) load() (string, config.Config, error) {
	home, err := f.homeDir()
	if err != nil {
		return "", config.Config{}, err
	}
	if info, err := os.Stat(home); errors.Is(err, syscall.ENOTDIR) || err == nil && !info.IsDir() {
		return "", config.Config{}, usageError{fmt.Errorf("home %s is a file, or lies in one: name a folder with --home DIR", home)}
	}
	settings, err := config.Load(f.settings, home)
	if err != nil {
		return "", config.Config{}, usageError{err}
	}
	return home, settings, nil
}

// printJSON writes one object on one line.
func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// isTerminal says whether a person is at the other end.
func isTerminal(v any) bool {
	file, ok := v.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
