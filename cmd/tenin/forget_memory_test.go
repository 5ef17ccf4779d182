//go:build engines

package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	memoryPiece = 4 << 20
	// memoryOverlap is more than the longest run that is looked for.
	memoryOverlap = 4 << 10
)

// findInMemory searches what the process may have written: its heap, its stacks and all that it has mapped for itself.
func (s *traces) findInMemory(t *testing.T, name string, pid int64) []finding {
	t.Helper()
	type piece struct{ from, to int64 }
	var pieces []piece
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		// proc(5): from-to, rights, offset, device, inode.
		fields := strings.Fields(lines.Text())
		if len(fields) < 5 || fields[1][0] != 'r' || fields[1][1] != 'w' && fields[4] != "0" || strings.HasPrefix(fields[len(fields)-1], "[v") {
			continue
		}
		low, high, _ := strings.Cut(fields[0], "-")
		from, err1 := strconv.ParseInt(low, 16, 64)
		to, err2 := strconv.ParseInt(high, 16, 64)
		if err1 != nil || err2 != nil {
			continue // the vsyscall page lies above
		}
		for ; from < to; from += memoryPiece {
			pieces = append(pieces, piece{from, min(to, from+memoryPiece+memoryOverlap)})
		}
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer memory.Close()

	present, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer present.Close()

	next := make(chan piece)
	go func() {
		defer close(next)
		for _, p := range pieces {
			next <- p
		}
	}()
	var mu sync.Mutex
	var read int
	known := map[[2]string]bool{}
	var found []finding
	var searchers sync.WaitGroup
	for range 2 {
		searchers.Go(func() {
			buffer := make([]byte, memoryPiece+memoryOverlap)
			pages := make([]byte, len(buffer)/pageSize*8)
			for p := range next {
				n := readPresent(memory, present, p.from, buffer[:p.to-p.from], pages)
				if n == 0 {
					continue
				}
				list := s.find(buffer[:p.to-p.from])
				mu.Lock()
				read += n
				for _, f := range list {
					if !known[[2]string{f.of, f.form}] {
						known[[2]string{f.of, f.form}] = true
						found = append(found, f)
					}
				}
				mu.Unlock()
			}
		})
	}
	searchers.Wait()
	t.Logf("%s: %d MB", name, read>>20)
	if read == 0 {
		t.Errorf("no memory of process %d could be read", pid)
	}
	return found
}

const pageSize = 4 << 10

// readPresent fills into with the memory from from on and returns how much of it there is; the rest is zeros. A page that
// nobody has touched, of which there are gigabytes, is not read: that alone would make it.
func readPresent(memory, present *os.File, from int64, into, pages []byte) (read int) {
	clear(into)
	pages = pages[:len(into)/pageSize*8]
	if _, err := present.ReadAt(pages, from/pageSize*8); err != nil {
		return 0 // it has gone since
	}
	for at := 0; at < len(into); {
		end := at
		// pagemap(5): bit 63 is a page in memory, bit 62 one in the swap.
		for end < len(into) && pages[end/pageSize*8+7]&0xc0 != 0 {
			end += pageSize
		}
		if end > at {
			n, _ := memory.ReadAt(into[at:end], from+int64(at))
			read += n
			at = end
		}
		at += pageSize
	}
	return read
}

// procFile reads a file of a process.
func procFile(t *testing.T, pid int64, name string) string {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
