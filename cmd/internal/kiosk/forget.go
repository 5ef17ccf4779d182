package kiosk

import (
	"runtime"
	"runtime/debug"
	"time"
)

// Erasing is what the environment of a process that serves shoppers holds before it starts: with it the collector
// overwrites each object that it frees (package runtime, clobberfree). Without it a transcript stays readable in memory
// until its place is used again, which may be never. The runtime reads it before main.
const Erasing = "GODEBUG=clobberfree=1"

// EraseHeap frees what nobody holds any more and gives its pages back: see [RunnerOptions].Erase. Collecting once is not
// enough: what lies in a sync.Pool, such as the buffers that sound crossed a socket in, survives one collection; and a
// goroutine that was told to end may need a moment to do so.
func EraseHeap() {
	for range 3 {
		runtime.GC()
		time.Sleep(eraseLag)
	}
	debug.FreeOSMemory()
}

const eraseLag = 50 * time.Millisecond

// MayKeep says whether the turn that is open in s may be kept, so that what is shown of it may also be written down.
func MayKeep(s State) bool {
	q, ok := questionOf(s)
	return ok && q.keepable()
}
