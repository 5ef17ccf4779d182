package fat

import "fmt"

// A State is how well a file system's parts fit together.
type State struct {
	// Crossed are clusters that belong to two files: writing or deleting one spoils the other.
	Crossed []string
	// Broken are files and folders that cannot be read to their end.
	Broken []string
	// Lost is how many clusters are taken and belong to nothing. It costs space and nothing else.
	Lost int
	// CopiesDiffer says that the two tables are not equal. Firmware and Linux go by the first.
	CopiesDiffer bool
}

// Check walks all files and folders.
func (f *FS) Check() State {
	s := State{CopiesDiffer: !f.copies}
	owner := make(map[uint32]string)
	claim := func(name string, list []uint32) {
		for _, c := range list {
			if other, ok := owner[c]; ok {
				s.Crossed = append(s.Crossed, fmt.Sprintf("%s and %s", other, name))
				return
			}
			owner[c] = name
		}
	}
	var walk func(at *Entry, path string, depth int)
	walk = func(at *Entry, path string, depth int) {
		b, err := f.folder(at)
		if err != nil || depth > maxDepth {
			s.Broken = append(s.Broken, path)
			return
		}
		for _, e := range f.entries(b) {
			name := path + "/" + e.Name
			if e.first == 0 && e.Size == 0 && !e.Folder {
				continue
			}
			need := (e.Size + f.cluster - 1) / f.cluster
			list, err := f.chain(e.first, int64(f.count)+1)
			if err != nil || int64(len(list)) < need {
				s.Broken = append(s.Broken, name)
			}
			before := len(s.Crossed)
			claim(name, list)
			// A folder that is somebody else's too might lead in a circle.
			if e.Folder && err == nil && len(s.Crossed) == before {
				walk(&e, name, depth+1)
			}
		}
	}
	if f.bits == 32 {
		list, _ := f.chain(f.rootCluster, int64(f.count)+1)
		claim("/", list)
	}
	walk(nil, "", 0)
	for c := uint32(2); f.valid(c); c++ {
		if next, _ := f.next(c); next != 0 && owner[c] == "" {
			s.Lost++
		}
	}
	return s
}
