package screen

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// socketFolder is where X servers have their sockets, by convention of Xlib and Xtrans.
const socketFolder = "/tmp/.X11-unix"

// Socket is the path of the socket of an X server on this machine, by its name as in DISPLAY (X(7), display names); false
// for a server elsewhere and for what is no name.
func Socket(display string) (path string, ok bool) {
	host, rest, found := strings.Cut(display, ":")
	if !found || host != "" && host != "unix" {
		return "", false
	}
	number, screen, _ := strings.Cut(rest, ".")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil {
		return "", false
	}
	if _, err := strconv.ParseUint(screen, 10, 8); screen != "" && err != nil {
		return "", false
	}
	return filepath.Join(socketFolder, "X"+strconv.FormatUint(n, 10)), true
}

// Authority is the file with the cookies of X servers: the one that is named, else XAUTHORITY, else .Xauthority in the
// home folder; empty when none is there.
func Authority(named string) string {
	if named == "" {
		named = os.Getenv("XAUTHORITY")
	}
	if named == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		named = filepath.Join(home, ".Xauthority")
	}
	path, err := filepath.Abs(named)
	if err != nil {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// find settles which display is meant.
func (o *Options) find() error {
	if !built {
		return failure{Kind: noBuild}.err("")
	}
	if o.Display == "" {
		o.Display = os.Getenv("DISPLAY")
	}
	o.Authority = Authority(o.Authority)
	path, ok := Socket(o.Display)
	if ok {
		_, err := os.Stat(path)
		ok = err == nil
	}
	if !ok {
		return failure{Kind: noDisplay}.err(o.Display)
	}
	return nil
}
