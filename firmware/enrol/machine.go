package enrol

import (
	"context"
	"strings"

	"tenin/storage/seal"
)

// Machine runs the programs that disks, keys and services are changed with. Host is the machine itself.
type Machine interface {
	// Run runs a program to its end and returns what it wrote to standard output. The error is one line with the last that it
	// said on standard error; errors.As finds an *ExitError in it where it ran and failed.
	Run(ctx context.Context, c Command) ([]byte, error)
}

// Command is a program with its arguments.
type Command struct {
	Name string
	// Args are the arguments. An argument that holds "{0}" or "{1}" has the path of a file with that one of Secrets there.
	Args []string
	// Secrets are given as files that only this program sees and that are on no disk. No argument and no variable holds one.
	Secrets []seal.Secret
	// Input is its standard input.
	Input seal.Secret
}

// String is the command as a log may have it.
func (c Command) String() string { return strings.Join(append([]string{c.Name}, c.Args...), " ") }

// ExitError is a program that ran and ended with another code than 0.
type ExitError struct {
	Name string
	Code int
	// Said is the last line of its standard error.
	Said string
}

// Error names the program and what it said.
func (e *ExitError) Error() string {
	if e.Said == "" {
		return e.Name + " failed"
	}
	return e.Name + ": " + e.Said
}

func run(ctx context.Context, m Machine, name string, args ...string) error {
	_, err := m.Run(ctx, Command{Name: name, Args: args})
	return err
}
