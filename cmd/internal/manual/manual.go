// Package manual writes the manual pages from what the commands say of themselves, so that `man tenin-run` and
// `tenin run --help` cannot differ.
package manual

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Page is one manual page.
type Page struct {
	// Name is as in `man NAME`: "tenin-run".
	Name string
	// Section is 1 for commands, 5 for files.
	Section int
	// Text is in the man macros of groff_man(7), UTF-8.
	Text string
}

// File is the page's name on the disk: "tenin-run.1".
func (p Page) File() string { return fmt.Sprintf("%s.%d", p.Name, p.Section) }

// Commands returns a page for the root command and for each below it that is not hidden.
func Commands(root *cobra.Command) []Page {
	var pages []Page
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		// cobra lists its own help among the commands, and topics that cannot be run.
		if c.Hidden || c.Name() == "help" {
			return
		}
		if c.Runnable() || c.HasSubCommands() {
			pages = append(pages, command(c))
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
	return pages
}

// Settings returns the page of the settings file from its example.
func Settings(example string) Page {
	var r roff
	r.title("tenin.toml", 5)
	r.section("NAME")
	r.line("tenin.toml \\- the settings of a kiosk")
	r.section("DESCRIPTION")
	r.text("The file lies in the kiosk's home, or where --config says. Every key has a default, so the file may be absent. " +
		"A key that is unknown is an error that names the nearest known one. This is the file with every key and its default:")
	r.verbatim(example)
	r.section("FILES")
	r.item("/etc/tenin/tenin.toml", "the settings of the installed service")
	r.section("SEE ALSO")
	r.line(".BR tenin (1)")
	return Page{Name: "tenin.toml", Section: 5, Text: r.String()}
}

// Write puts the pages into man1 and man5 below the folder.
func Write(dir string, pages []Page) error {
	for _, p := range pages {
		folder := filepath.Join(dir, fmt.Sprintf("man%d", p.Section))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("manual pages cannot be written: %w", err)
		}
		if err := os.WriteFile(filepath.Join(folder, p.File()), []byte(p.Text), 0o644); err != nil {
			return fmt.Errorf("manual page cannot be written: %w", err)
		}
	}
	return nil
}

func pageName(c *cobra.Command) string { return strings.ReplaceAll(c.CommandPath(), " ", "-") }

func command(c *cobra.Command) Page {
	var r roff
	r.title(pageName(c), 1)
	r.section("NAME")
	r.line(escape(pageName(c)) + " \\- " + escape(c.Short))
	r.section("SYNOPSIS")
	r.line(".B " + escape(c.UseLine()))
	r.section("DESCRIPTION")
	if c.Long != "" {
		r.text(c.Long)
	} else {
		r.text(c.Short + ".")
	}
	if c.HasAvailableSubCommands() {
		r.section("COMMANDS")
		for _, sub := range c.Commands() {
			if sub.IsAvailableCommand() && sub.Name() != "help" {
				r.item(strings.TrimPrefix(sub.CommandPath(), c.Root().Name()+" "), sub.Short)
			}
		}
	}
	r.flags("OPTIONS", c.NonInheritedFlags())
	r.flags("OPTIONS OF EVERY COMMAND", c.InheritedFlags())
	if c.Example != "" {
		r.section("EXAMPLES")
		r.verbatim(c.Example)
	}
	r.section("SEE ALSO")
	if c.HasParent() {
		r.line(".BR " + escape(pageName(c.Parent())) + " (1),")
	}
	r.line(".BR tenin.toml (5)")
	return Page{Name: pageName(c), Section: 1, Text: r.String()}
}

// flags writes a section of options, and nothing where there are none.
func (r *roff) flags(heading string, set *pflag.FlagSet) {
	if !set.HasAvailableFlags() {
		return
	}
	r.section(heading)
	set.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		kind, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		if kind != "" {
			// A list is given by repeating the option; each time it takes one value.
			name += " " + strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(kind, "Array"), "Slice"))
		}
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "[]" && !strings.Contains(usage, "default") {
			usage += " (default: " + f.DefValue + ")"
		}
		r.item(name, usage)
	})
}
