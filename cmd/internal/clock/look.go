package clock

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tenin/storage"
)

// Look gathers what this machine knows about its time. mark is what the vault remembers.
func Look(mark storage.ClockMark) Evidence {
	e := Evidence{Now: time.Now(), Built: Built(), Mark: mark, Boot: bootID(), Hardware: hardware("/sys/class/rtc", "/proc/driver/rtc")}
	var state unix.Timex
	if _, err := unix.Adjtimex(&state); err == nil {
		e.Synchronised = state.Status&unix.STA_UNSYNC == 0
	}
	var up unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &up); err == nil {
		e.Uptime = time.Duration(up.Nano())
	}
	return e
}

// Built is when the source of this program was last changed; zero when the build did not say.
func Built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return time.Time{}
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			if t, err := time.Parse(time.RFC3339, s.Value); err == nil {
				return t
			}
		}
	}
	return time.Time{}
}

// bootID is the kernel's random name of this start (random(4)), zero where it cannot be read.
func bootID() (id [16]byte) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return id
	}
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(string(text)), "-", ""))
	if err == nil && len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// hardware reads the clock from which the kernel set the system's at its start (rtc(4), sysfs-class-rtc). A clock that the
// kernel did not take is none: on a board without a battery there may be one in a chip that starts from nothing.
func hardware(class, driver string) (h Hardware) {
	clocks, err := filepath.Glob(filepath.Join(class, "rtc*"))
	if err != nil {
		return h
	}
	for _, dir := range clocks {
		took, _ := os.ReadFile(filepath.Join(dir, "hctosys"))
		shown, err := os.ReadFile(filepath.Join(dir, "since_epoch"))
		if err != nil || strings.TrimSpace(string(took)) != "1" {
			continue
		}
		seconds, err := strconv.ParseInt(strings.TrimSpace(string(shown)), 10, 64)
		if err != nil {
			continue
		}
		h.Present, h.Time = true, time.Unix(seconds, 0)
	}
	status, _ := os.ReadFile(driver)
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		if strings.TrimSpace(name) == "batt_status" && strings.TrimSpace(value) != "okay" {
			h.Flat = true
		}
	}
	return h
}
