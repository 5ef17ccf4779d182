package image

import (
	"embed"
	"strings"
)

// What goes into every kiosk's image, and what is taken out of it. A file of the overlay lies at its final path; one that
// begins with "#!" may be executed.
var (
	//go:embed lists/packages
	packageList string
	//go:embed lists/drop
	dropList string
	//go:embed lists/modules-drop
	modulesDropList string
	//go:embed lists/modules-keep
	modulesKeepList string
	//go:embed lists/modules-initrd
	modulesInitrdList string
	//go:embed initrd/init
	initScript []byte
	//go:embed all:overlay
	overlay embed.FS
	//go:embed all:overlay-test
	overlayTest embed.FS
)

// list is the lines of a list without remarks.
func list(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}
