package update

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// block is the unit of a slot in bytes: what a write past caches takes, and what dm-verity checks.
const block = verity.Block

// CommandLine is what a kernel image says it starts.
type CommandLine struct {
	Version int64
	Root    verity.Image
	// Models is zero where the image starts without weights of its own.
	Models verity.Image
}

// ParseCommandLine reads the words of ours on a kernel's command line. Others are skipped.
func ParseCommandLine(text string) (c CommandLine, err error) {
	for word := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "tenin.version":
			c.Version, err = strconv.ParseInt(value, 10, 64)
		case "tenin.root":
			c.Root, err = verity.Parse(value)
		case "tenin.models":
			c.Models, err = verity.Parse(value)
		}
		if err != nil {
			return c, fmt.Errorf("command line: %s: %w", name, err)
		}
	}
	if c.Version < 1 || c.Root == (verity.Image{}) {
		return c, errors.New("command line: it names no version or no root")
	}
	return c, nil
}

// commandLineOf reads the command line of a kernel image.
func commandLineOf(image []byte) (CommandLine, error) {
	info, err := uki.Read(image)
	if err != nil {
		return CommandLine{}, err
	}
	return ParseCommandLine(info.Cmdline)
}
