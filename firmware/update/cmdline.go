package update

import (
	"bytes"
	"debug/pe"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Image names a slot's content as the kernel's command line does: tenin.root=HASH,UUID,BYTES.
type Image struct {
	Hash, UUID string
	// DataSize is the length of the file system in bytes, after which the hash tree begins.
	DataSize int64
}

// CommandLine is what a kernel image says it starts.
type CommandLine struct {
	Version int64
	Root    Image
	// Models has no UUID where the image starts without weights of its own.
	Models Image
}

// ParseCommandLine reads the words of ours on a kernel's command line. Others are skipped.
func ParseCommandLine(text string) (c CommandLine, err error) {
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "tenin.version":
			c.Version, err = strconv.ParseInt(value, 10, 64)
		case "tenin.root":
			c.Root, err = parseImage(value)
		case "tenin.models":
			c.Models, err = parseImage(value)
		}
		if err != nil {
			return c, fmt.Errorf("command line: %s: %w", name, err)
		}
	}
	if c.Version < 1 || c.Root.UUID == "" {
		return c, errors.New("command line: it names no version or no root")
	}
	return c, nil
}

func parseImage(value string) (i Image, err error) {
	parts := strings.Split(value, ",")
	if len(parts) != 3 || len(parts[0]) != 64 {
		return i, errors.New("it is not a hash, a UUID and a size")
	}
	uuid, err := normalUUID(parts[1])
	if err != nil {
		return i, err
	}
	size, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || size < 0 {
		return i, errors.New("its size is no number")
	}
	return Image{strings.ToLower(parts[0]), uuid, size}, nil
}

// commandLineOf reads the section .cmdline of a unified kernel image.
func commandLineOf(image []byte) (c CommandLine, err error) {
	f, err := pe.NewFile(bytes.NewReader(image))
	if err != nil {
		return c, fmt.Errorf("it is no kernel image: %w", err)
	}
	section := f.Section(".cmdline")
	if section == nil {
		return c, errors.New("it is no unified kernel image: there is no command line in it")
	}
	if section.Size > 1<<16 {
		return c, errors.New("its command line is longer than a kernel takes")
	}
	text, err := section.Data()
	if err != nil {
		return c, fmt.Errorf("it is cut: %w", err)
	}
	if section.VirtualSize < uint32(len(text)) {
		text = text[:section.VirtualSize]
	}
	return ParseCommandLine(string(bytes.TrimRight(text, "\x00\n ")))
}
