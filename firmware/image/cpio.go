package image

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// entry is one name in an initrd. Mode has the type's bits as in stat(2).
type entry struct {
	name string
	mode uint32
	data []byte
	// major and minor are a device's.
	major, minor uint32
}

// The types of an entry.
const (
	typeDir  = 0o040000
	typeFile = 0o100000
	typeLink = 0o120000
	typeChar = 0o020000
)

// writeCPIO writes the entries as a "newc" archive, as the kernel unpacks it (Documentation/driver-api/early-userspace).
// They are sorted, belong to root and bear no time, so that equal entries give equal bytes. Folders on the way to an entry
// are added.
func writeCPIO(w io.Writer, entries []entry) error {
	all := map[string]entry{}
	for _, e := range entries {
		for i, r := range e.name {
			if dir := e.name[:i]; r == '/' && all[dir].name == "" {
				all[dir] = entry{name: dir, mode: typeDir | 0o755}
			}
		}
		if old, twice := all[e.name]; twice && (old.mode != e.mode || string(old.data) != string(e.data)) {
			return fmt.Errorf("initrd: %s is there twice", e.name)
		}
		all[e.name] = e
	}
	names := make([]string, 0, len(all))
	for name := range all {
		if name == "" || name[0] == '/' || strings.Contains(name, "\x00") {
			return fmt.Errorf("initrd: %q is no name", name)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	c := &cpioWriter{w: w}
	for i, name := range names {
		e := all[name]
		links := uint32(1)
		if e.mode&0o170000 == typeDir {
			links = 2
		}
		c.entry(e, uint32(i+1), links)
	}
	c.entry(entry{name: "TRAILER!!!"}, 0, 1)
	c.pad(512)
	return c.err
}

type cpioWriter struct {
	w   io.Writer
	n   int64
	err error
}

func (c *cpioWriter) entry(e entry, inode, links uint32) {
	c.write(fmt.Appendf(nil, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		inode, e.mode, 0, 0, links, 0, len(e.data), 0, 0, e.major, e.minor, len(e.name)+1, 0))
	c.write([]byte(e.name + "\x00"))
	c.pad(4)
	c.write(e.data)
	c.pad(4)
}

func (c *cpioWriter) write(b []byte) {
	if c.err != nil {
		return
	}
	n, err := c.w.Write(b)
	c.n += int64(n)
	c.err = err
}

func (c *cpioWriter) pad(to int64) {
	if rest := c.n % to; rest != 0 {
		c.write(make([]byte, to-rest))
	}
}
