//go:build engines

package screen_test

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tenin/cmd/internal/screen"
	"tenin/cmd/internal/screen/xfixture"
	"tenin/ui/shopper"
)

// holds says whether a process's own memory has a word.
func holds(t *testing.T, pid int, word string) bool {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Skipf("the memory of process %d cannot be read: %v", pid, err)
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skipf("the memory of process %d cannot be read: %v", pid, err)
	}
	defer memory.Close()
	read := 0
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		// What it may have written: proc(5).
		if len(fields) < 5 || !strings.HasPrefix(fields[1], "rw") {
			continue
		}
		low, high, _ := strings.Cut(fields[0], "-")
		from, err1 := strconv.ParseInt(low, 16, 64)
		to, err2 := strconv.ParseInt(high, 16, 64)
		if err1 != nil || err2 != nil {
			continue
		}
		const piece, overlap = 4 << 20, 4 << 10
		for ; from < to; from += piece {
			b := make([]byte, min(to-from, piece+overlap))
			n, _ := memory.ReadAt(b, from)
			read += n
			if bytes.Contains(b[:n], []byte(word)) {
				return true
			}
		}
	}
	if read == 0 {
		t.Fatalf("no memory of process %d was read", pid)
	}
	return false
}

func TestForgettingLeavesNoWordAndNobodySeesIt(t *testing.T) {
	const word = "銀色の折りたたみ傘を"
	x := server(t, xfixture.Options{})
	s := window(t, x)
	show(t, s, screen.Picture{Shopper: &shopper.View{Shop: "てんいん百貨店", Screen: shopper.Thinking{Words: word + "なくしました"}}})
	show(t, s, attract())
	before, old := capture(t, x, "forget"), s.PID()
	if !holds(t, old, word) {
		t.Error("the search does not find what a window has drawn")
	}
	// The display is looked at all the while.
	done := make(chan bool)
	var watcher sync.WaitGroup
	var looks, others int
	watcher.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			now, err := x.Capture()
			if err != nil {
				return
			}
			looks++
			if !bytes.Equal(now.Pix, before.Pix) {
				others++
			}
		}
	})
	begin := time.Now()
	if err := s.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	time.Sleep(100 * time.Millisecond)
	close(done)
	watcher.Wait()
	same(t, x, before)
	if _, err := os.Stat(fmt.Sprintf("/proc/%d", old)); err == nil || s.PID() == old {
		t.Errorf("process %d is still there", old)
	}
	if holds(t, s.PID(), word) {
		t.Error("the new process holds a word of the last shopper")
	}
	if others > 0 {
		t.Errorf("%d of %d looks saw another picture", others, looks)
	}
	t.Logf("forgotten in %v, looked at %d times", took.Round(time.Millisecond), looks)
}
