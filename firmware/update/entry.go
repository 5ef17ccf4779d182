package update

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// Tries is how often a new version is started before it is taken back.
const Tries = 3

// Entry is a kernel image that the boot loader offers: a file of the ESP's folder EFI/Linux. Its name carries the count
// of tries as systemd-boot and systemd-bless-boot(8) write it: tenin_2+3.efi is to be tried three times, tenin_2+1-2.efi
// has one try left after two, tenin_2+0-3.efi is taken back, tenin_2.efi is kept.
type Entry struct {
	File    string
	Version int64
	// Counted says that it is on trial, or was and failed; Left and Done are its tries then.
	Counted    bool
	Left, Done int
	// Size is the file's in bytes.
	Size int64
	// Starts is what it starts; Err is why that cannot be read.
	Starts CommandLine
	Err    error
}

var entryName = regexp.MustCompile(`^tenin_([1-9][0-9]{0,17})(\+([0-9]{1,3})(-([0-9]{1,3}))?)?\.efi$`)

// parseEntry reads a file's name; false for one that is not ours.
func parseEntry(name string) (Entry, bool) {
	m := entryName.FindStringSubmatch(name)
	if m == nil {
		return Entry{}, false
	}
	e := Entry{File: name, Counted: m[2] != ""}
	e.Version, _ = strconv.ParseInt(m[1], 10, 64)
	e.Left, _ = strconv.Atoi(m[3])
	e.Done, _ = strconv.Atoi(m[5])
	return e, true
}

// Blessed says that the version was healthy once and is kept.
func (e Entry) Blessed() bool { return !e.Counted }

// Spent says that the boot loader takes it last, when there is nothing else.
func (e Entry) Spent() bool { return e.Counted && e.Left == 0 }

// trialName is the name of a version that is to be tried.
func trialName(version int64) string { return fmt.Sprintf("tenin_%d+%d.efi", version, Tries) }

// keptName is the name of a version that is kept.
func keptName(version int64) string { return fmt.Sprintf("tenin_%d.efi", version) }

// spentName is the name of a version that the boot loader takes last.
func spentName(version int64) string { return fmt.Sprintf("tenin_%d+0.efi", version) }

// partName is the name of a kernel image that is not whole yet: systemd-boot takes only files that end in .efi.
func partName(version int64) string { return fmt.Sprintf("tenin_%d.part", version) }

// byChoice sorts entries as systemd-boot does: those without tries left last, then the newest first, and of the same
// version the one with more tries left.
func byChoice(a, b Entry) int {
	spent := func(e Entry) int {
		if e.Spent() {
			return 1
		}
		return 0
	}
	left := func(e Entry) int {
		if e.Counted {
			return e.Left
		}
		return 1 << 20
	}
	return cmp.Or(cmp.Compare(spent(a), spent(b)), cmp.Compare(b.Version, a.Version), cmp.Compare(left(b), left(a)))
}

// Next returns what the boot loader starts next, false when there is nothing.
func Next(entries []Entry) (Entry, bool) {
	// What is no kernel image is not offered.
	entries = slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Err != nil })
	if len(entries) == 0 {
		return Entry{}, false
	}
	return slices.MinFunc(entries, byChoice), true
}
