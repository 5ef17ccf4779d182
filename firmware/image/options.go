package image

import (
	"time"

	"tenin/storage/seal"
)

// Options say where a build puts what it makes.
type Options struct {
	// Out is the disk image's file. Its hash is put beside it, as Out with ".sha256"; its SBOM, as Out without ".img" and with
	// ".sbom.json"; what a bundle is made of lies in the folder Out without ".img" and with ".parts".
	Out string
	// Cache is the folder of packages and finished steps.
	Cache string
	// Program is the tenin binary for the image.
	Program string
	// Weights are what goes into the slot of weights.
	Weights []Weight
	// Vault is what the program does with a vault's schema; zero is left out of parts.json.
	Vault Vault
	// Passphrase returns the passphrase of device.toml's keys; it is called only where they have one.
	Passphrase func() (seal.Secret, error)
	// Tell hears of each step; nil hears nothing. It is called by one goroutine at a time.
	Tell func(Progress)
}

// Weight is one file of the weights, as the image gets it.
type Weight struct {
	// Name is the file's name in the image, with slashes where it lies in a folder: "licences/kokoro-LICENSE.txt".
	Name string
	// Path is where the file lies now.
	Path string
	// SHA256 is the hash in hex that the content must have; empty takes it as it is.
	SHA256 string
	// Version, Licence and Use stand in the SBOM; a file without a licence is none of its components.
	Version, Licence, Use string
}

// Progress is what a build tells.
type Progress struct {
	// Step is the step's name: "packages", "root", … Number counts from 1 to Steps.
	Step   string
	Number int
	Steps  int
	// Text says what is being done, for people.
	Text string
	// Done and Total count the packages or bytes of the step; Total is 0 where nothing is counted.
	Done, Total int64
	// Note is something that whoever builds should know, once: a list that was written, an unsigned image.
	Note string
	// Finished says that the step is done, in Took. Cached says that there was nothing to do.
	Finished bool
	Cached   bool
	Took     time.Duration
}

// Result is what a build made.
type Result struct {
	Image string `json:"image"`
	// Size is the image's in bytes, with its holes.
	Size  int64  `json:"size"`
	SBOM  string `json:"sbom"`
	Parts string `json:"parts"`
	Lock  string `json:"lock"`
	// Version, Name and Test are device.toml's.
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Test    bool   `json:"test"`
	Signed  bool   `json:"signed"`
	// Packages is how many Debian packages are in it.
	Packages int  `json:"packages"`
	Root     Slot `json:"root"`
	Models   Slot `json:"models"`
	// UKISize is the unified kernel image's, in bytes.
	UKISize int64 `json:"uki_size"`
	// SHA256 is the disk image's, in hex.
	SHA256 string `json:"sha256"`
	// Same says that a second build from nothing gave the same bytes; Build leaves it false.
	Same bool `json:"same,omitempty"`
	// Steps are what was done and how long it took.
	Steps []StepTime `json:"steps"`
}

// StepTime is how long a step took.
type StepTime struct {
	Step    string  `json:"step"`
	Seconds float64 `json:"seconds"`
	Cached  bool    `json:"cached"`
}

// Parts is parts.json in the folder of parts: what a bundle's manifest says of the files beside it. Paths are relative to
// the folder.
type Parts struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Created int64  `json:"created"`
	Test    bool   `json:"test"`
	Signed  bool   `json:"signed"`
	Root    Slot   `json:"root"`
	Models  Slot   `json:"models"`
	UKI     File   `json:"uki"`
	// Vault is nil where the build was not told.
	Vault *Vault `json:"vault,omitempty"`
}

// Vault says which schema of a vault a program writes, and the oldest that it reads.
type Vault struct {
	Writes    int `json:"writes"`
	ReadsFrom int `json:"reads_from"`
}

// File is one file and what it must be.
type File struct {
	File   string `json:"file"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Slot is a slot's image: a squashfs and behind it, in the same file, its dm-verity superblock and hashes.
type Slot struct {
	File
	// Hash is the root hash in hex, and UUID the superblock's: together with DataSize all that a kernel needs to find and
	// open the slot. DataSize is the squashfs's in bytes, padded to whole blocks, and so where the superblock begins.
	Hash     string `json:"hash"`
	UUID     string `json:"uuid"`
	DataSize int64  `json:"data_size"`
}

// Argument is the slot as the kernel's command line names it: HASH,UUID,DATASIZE.
func (s Slot) Argument() string { return s.Hash + "," + s.UUID + "," + itoa(s.DataSize) }
