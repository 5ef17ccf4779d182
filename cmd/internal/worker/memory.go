package worker

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
)

// memoryBeyond tells whether the process holds more than limit bytes of its own: its proportional share (PSS), which
// counts the weights' pages once for all who map them. A process that is not dumpable shows it to root alone; for others
// its resident pages without those of files must do.
func memoryBeyond(pid int, limit uint64) bool {
	// What is resident bounds both from above and costs one small read; the share walks all page tables.
	if resident, _, err := statm(pid); err != nil || resident <= limit {
		return false
	}
	held, err := Memory(pid)
	return err == nil && held > limit
}

// Memory returns how many bytes a process holds: its proportional share (PSS) where that can be read, else what is
// resident and belongs to no file.
func Memory(pid int) (uint64, error) {
	if share, err := PSS(pid); err == nil {
		return share, nil
	}
	resident, shared, err := statm(pid)
	return resident - min(shared, resident), err
}

// statm returns the resident bytes of a process and, of these, what belongs to files and shared memory.
func statm(pid int) (resident, shared uint64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, 0, err
	}
	fields := bytes.Fields(b)
	if len(fields) < 3 {
		return 0, 0, fmt.Errorf("/proc/%d/statm is not understood", pid)
	}
	page := uint64(os.Getpagesize())
	resident, err = strconv.ParseUint(string(fields[1]), 10, 64)
	if err == nil {
		shared, err = strconv.ParseUint(string(fields[2]), 10, 64)
	}
	return resident * page, shared * page, err
}

// PSS returns the proportional set size of a process in bytes (proc(5), smaps_rollup).
func PSS(pid int) (uint64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, err
	}
	return parsePSS(b)
}

func parsePSS(rollup []byte) (uint64, error) {
	for line := range bytes.Lines(rollup) {
		if rest, ok := bytes.CutPrefix(line, []byte("Pss:")); ok {
			if fields := bytes.Fields(rest); len(fields) == 2 && string(fields[1]) == "kB" {
				kib, err := strconv.ParseUint(string(fields[0]), 10, 54)
				return kib << 10, err
			}
		}
	}
	return 0, fmt.Errorf("smaps_rollup has no Pss line")
}

// CPUTime returns the processor time that a process and its threads took so far (proc_pid_stat(5), utime and stime).
func CPUTime(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name stands in brackets and may hold any character.
	fields := bytes.Fields(b[bytes.LastIndexByte(b, ')')+1:])
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat is not understood", pid)
	}
	user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
	system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
	const tick = time.Second / 100 // USER_HZ, which is 100 for every program on Linux
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}
