package vm

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"tenin/firmware/flash/gpt"
)

// Partition returns where the partition of this name lies in a disk's image, in bytes.
func Partition(image, name string) (offset, size int64, err error) {
	f, err := os.Open(image)
	if err != nil {
		return 0, 0, fmt.Errorf("virtual machine: disk: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, 0, fmt.Errorf("virtual machine: disk: %w", err)
	}
	table, err := gpt.Read(f, info.Size())
	if err != nil {
		return 0, 0, fmt.Errorf("virtual machine: disk %s: %w", image, err)
	}
	for _, p := range table.Partitions {
		if p.Name == name {
			return p.Offset(), p.Size(), nil
		}
	}
	return 0, 0, fmt.Errorf("virtual machine: disk %s has no partition %s", image, name)
}

// ESP is the EFI system partition of a disk whose machine is off, read and written by mtools.
type ESP struct{ drive string }

// OpenESP finds it in a disk's image.
func OpenESP(image string) (ESP, error) {
	offset, _, err := Partition(image, "esp")
	return ESP{fmt.Sprintf("%s@@%d", image, offset)}, err
}

// List returns the names in a folder such as "EFI/Linux", as mtools sorts them.
func (e ESP) List(ctx context.Context, folder string) ([]string, error) {
	out, err := e.mtools(ctx, nil, "mdir", "-b", "::/"+folder)
	var names []string
	for line := range strings.Lines(string(out)) {
		if name := strings.TrimSpace(line[strings.LastIndexByte(line, '/')+1:]); name != "" {
			names = append(names, name)
		}
	}
	return names, err
}

// Read returns a file.
func (e ESP) Read(ctx context.Context, name string) ([]byte, error) {
	return e.mtools(ctx, nil, "mtype", "::/"+name)
}

// Write makes or replaces a file.
func (e ESP) Write(ctx context.Context, name string, content []byte) error {
	_, err := e.mtools(ctx, content, "mcopy", "-o", "-", "::/"+name)
	return err
}

// Remove takes a file away.
func (e ESP) Remove(ctx context.Context, name string) error {
	_, err := e.mtools(ctx, nil, "mdel", "::/"+name)
	return err
}

func (e ESP) mtools(ctx context.Context, input []byte, tool string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, tool, append([]string{"-i", e.drive}, args...)...)
	var out, complaint bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &out, &complaint
	// Its check of the disk's geometry knows no partition in a file.
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("virtual machine: ESP: %s %s: %w: %s (is the package mtools there?)", tool, args[len(args)-1], err, strings.TrimSpace(complaint.String()))
	}
	return out.Bytes(), nil
}
