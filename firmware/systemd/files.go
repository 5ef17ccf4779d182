// Package systemd holds the units that `make install` puts on a PC and that a device's image carries as well.
package systemd

import "embed"

// Files are the units, the drop-in of a kiosk with a screen, and what makes users and folders.
//
//go:embed *.service *.conf tenin.service.d/*.conf
var Files embed.FS
