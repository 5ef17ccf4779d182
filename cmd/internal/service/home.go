package service

import (
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Home is the home of an installed kiosk, and of a device.
const Home = "/var/lib/tenin"

// Installed says whether this process is the installed kiosk, or works on its home: then a wall that the kernel lacks is
// a reason not to start.
func Installed(home string) bool {
	if filepath.Clean(home) == Home {
		return true
	}
	// systemd.exec(5) sets both for the process that it starts; the second tells it from a shell that inherited them.
	return os.Getenv("INVOCATION_ID") != "" && os.Getenv("SYSTEMD_EXEC_PID") == strconv.Itoa(os.Getpid())
}

// DefaultHome returns Home for whoever owns it, and for root where it exists; "" for everybody else, who has a home of
// their own.
func DefaultHome() string { return defaultHome(Home, os.Geteuid()) }

func defaultHome(dir string, uid int) string {
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || uid != 0 && int(stat.Uid) != uid {
		return ""
	}
	return dir
}
