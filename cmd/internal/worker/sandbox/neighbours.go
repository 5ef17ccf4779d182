package sandbox

import (
	"path/filepath"
	"slices"
	"strings"
)

// Services are the places of Unix sockets behind which a service listens that can pass on what it is told: D-Bus, name
// services, logs, containers, printers, what does a device's enrolment as root. lookup reads the environment, as os.Getenv
// does; the session's bus is found by it. A place is a folder, which is to be hidden as a whole, since a service that starts
// anew makes its socket anew, or a socket. None of them need be there. Where systemd is told that a service is ready is none
// of them.
func Services(lookup func(string) string) []string {
	places := []string{
		"/run/dbus", "/run/systemd/resolve", "/run/nscd", "/run/avahi-daemon", "/run/systemd/journal", "/run/systemd/private",
		"/run/docker.sock", "/run/containerd", "/run/podman", "/run/cups", "/run/tenin-enrol",
	}
	if folder := lookup("XDG_RUNTIME_DIR"); filepath.IsAbs(folder) {
		places = append(places, filepath.Join(folder, "bus"), filepath.Join(folder, "systemd", "private"), filepath.Join(folder, "podman"))
	}
	if path := BusAddress(lookup("DBUS_SESSION_BUS_ADDRESS"))["path"]; filepath.IsAbs(path) && !slices.Contains(places, path) {
		places = append(places, path)
	}
	return places
}

// Displays are the places of the sockets of the screen, like [Services].
func Displays(lookup func(string) string) []string {
	places := []string{"/tmp/.X11-unix"}
	if folder := lookup("XDG_RUNTIME_DIR"); filepath.IsAbs(folder) {
		for _, name := range []string{"wayland-0", "wayland-1"} {
			places = append(places, filepath.Join(folder, name))
		}
	}
	return places
}

// BusAddress reads path and abstract of the first address of a D-Bus session, "unix:path=/run/…,guid=…" (D-Bus
// specification, server addresses).
func BusAddress(address string) map[string]string {
	first, _, _ := strings.Cut(address, ";")
	rest, ok := strings.CutPrefix(first, "unix:")
	if !ok {
		return nil
	}
	values := map[string]string{}
	for pair := range strings.SplitSeq(rest, ",") {
		if key, value, ok := strings.Cut(pair, "="); ok && (key == "path" || key == "abstract") {
			values[key] = value
		}
	}
	return values
}
