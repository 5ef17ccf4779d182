package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	machineclock "tenin/cmd/internal/clock"
	"tenin/cmd/internal/kiosk"
	"tenin/storage"
)

type tellFunc = func(check string, s State, text, do string)

// swap tells whether the kernel may write a process's memory to a disk in the clear.
func swap(tell tellFunc) {
	swaps, err := os.ReadFile("/proc/swaps")
	if err != nil {
		tell("swap", Warn, "cannot be looked at: /proc/swaps is not there", "mount /proc")
		return
	}
	open := openSwaps(string(swaps), func(device string) string {
		if real, err := filepath.EvalSymlinks(device); err == nil {
			device = real
		}
		uuid, _ := os.ReadFile(filepath.Join("/sys/block", filepath.Base(device), "dm/uuid"))
		return string(uuid)
	})
	if len(open) == 0 {
		tell("swap", OK, "none on a disk in the clear", "")
		return
	}
	tell("swap", Warn, "swap is on: what a shopper says may be written to the disk unencrypted: "+strings.Join(open, ", "),
		"turn it off (`swapoff -a`) or encrypt it; the installed service does not swap (MemorySwapMax=0)")
}

// openSwaps returns what /proc/swaps (proc(5)) lists but for memory that is compressed (zram) and what dm-crypt encrypts,
// whose device-mapper name begins with CRYPT-.
func openSwaps(table string, mapperUUID func(device string) string) []string {
	var open []string
	for i, line := range strings.Split(table, "\n") {
		fields := strings.Fields(line)
		if i == 0 || len(fields) == 0 || strings.HasPrefix(fields[0], "/dev/zram") || strings.HasPrefix(mapperUUID(fields[0]), "CRYPT-") {
			continue
		}
		open = append(open, fields[0])
	}
	return open
}

// cores tells where a crash would put the memory of a process. Our own processes forbid it each for itself; this is
// about what else on the machine handles their memory.
func cores(tell tellFunc) {
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		tell("cores_of_crashes", Warn, "cannot be looked at: /proc/sys/kernel/core_pattern is not there", "mount /proc")
		return
	}
	var limit unix.Rlimit
	_ = unix.Getrlimit(unix.RLIMIT_CORE, &limit)
	state, text, do := judgeCores(strings.TrimSpace(string(pattern)), limit.Cur)
	tell("cores_of_crashes", state, text, do)
}

// judgeCores judges by the rules of core(5): a pipe gets the memory whatever the limit is.
func judgeCores(pattern string, limit uint64) (State, string, string) {
	if program, piped := strings.CutPrefix(pattern, "|"); piped {
		program, _, _ = strings.Cut(strings.TrimSpace(program), " ")
		return Warn, "the memory of a crashed program is piped to " + program + ", whatever its limit is",
			"keep crashes off the disk: `sysctl -w kernel.core_pattern=core`, with the limit on cores at 0"
	}
	if limit != 0 {
		return Warn, "a program that is started from here writes its memory to a file when it crashes",
			"`ulimit -c 0`; the installed service has that limit (LimitCORE=0)"
	}
	return OK, "none: they are written to files, and the limit is 0", ""
}

// farFuture is how long after its build a program is still plausibly run.
const farFuture = 15 * 365 * 24 * time.Hour

// clock tells whether the time can be right. Retention and certificates hang on it.
func clock(o Options, tell tellFunc) {
	var newest time.Time
	for _, name := range []string{"vault.db", filepath.Base(kiosk.KnowledgePath(o.Home))} {
		if info, err := os.Stat(filepath.Join(o.Home, name)); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	e := machineclock.Look(storage.ClockMark{})
	verdict, text, do := judgeClock(e.Now, e.Built, newest, e.Synchronised)
	tell("clock", verdict, text, do)
}

// judgeClock compares now with what cannot be later than it. built and newest may be zero: then they are not known.
func judgeClock(now, built, newest time.Time, synchronised bool) (State, string, string) {
	const set = "set the clock (`timedatectl set-time`), and let a time server keep it"
	switch {
	case !built.IsZero() && now.Before(built.Add(-24*time.Hour)):
		return Fail, fmt.Sprintf("%s: that is before this program was built (%s)", now.Format(time.DateOnly), built.Format(time.DateOnly)), set
	case !built.IsZero() && now.After(built.Add(farFuture)):
		return Fail, fmt.Sprintf("%s: that is %d years after this program was built", now.Format(time.DateOnly), int(now.Sub(built).Hours()/24/365)), set
	case newest.After(now.Add(time.Minute)):
		return Fail, fmt.Sprintf("%s: that is before this home was last written (%s)", now.Format(time.DateTime), newest.Format(time.DateTime)), set
	case !synchronised:
		return Warn, now.Format(time.DateTime) + ", kept by no time server: what was kept may be erased too late or too early",
			"allow one in the network (systemd-timesyncd, chrony), or look at the clock each month"
	}
	return OK, now.Format(time.DateTime) + ", kept by a time server", ""
}
