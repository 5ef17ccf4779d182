package x11

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Door are the ways into an X server that are open.
type Door struct {
	Path     bool // a socket with a path: who may open the file
	Abstract bool // a socket without one: every process of the network namespace
	TCP      bool // a port on this machine: whoever reaches it
}

// Doors tries the ways into the server of a display such as ":0". Nothing is sent.
func Doors(display string) (d Door, err error) {
	_, rest, ok := strings.Cut(display, ":")
	number, _, _ := strings.Cut(rest, ".")
	n, err := strconv.ParseUint(number, 10, 16)
	if !ok || err != nil || n > 59000 {
		return d, fmt.Errorf("%q is no name of a display", display)
	}
	open := func(network, address string) bool {
		c, err := net.DialTimeout(network, address, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	}
	path := fmt.Sprintf("/tmp/.X11-unix/X%d", n)
	d.Path, d.Abstract = open("unix", path), open("unix", "@"+path)
	// The protocol's port (X(7)).
	port := strconv.FormatUint(6000+n, 10)
	d.TCP = open("tcp", "127.0.0.1:"+port) || open("tcp", "[::1]:"+port)
	return d, nil
}
