package doctor

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"tenin/firmware/image"
)

// FirmwareOptions say what a build of a device's image would use.
type FirmwareOptions struct {
	// Cache and Out are the folders of the build's cache and of the image.
	Cache, Out string
}

// Firmware looks at whether an image can be built here, and tells each finding as it comes: the programs, as the Debian
// packages that have them, the right to make a root file system, the package archive, and the room.
func Firmware(o FirmwareOptions, tell func(Finding)) (worst State) {
	return firmwareMachine{
		root: os.Geteuid() == 0, missing: image.MissingTools(), tryTools: image.MissingTryTools(), free: image.Free, sources: image.CheckSources,
	}.examine(o, tell)
}

// firmwareMachine is what the checks see of a machine.
type firmwareMachine struct {
	root              bool
	missing, tryTools []image.Tool
	free              func(path string) (int64, error)
	sources           func() error
}

func (m firmwareMachine) examine(o FirmwareOptions, tell func(Finding)) (worst State) {
	worst = OK
	say := func(check string, s State, text, do string) {
		if s == Fail || s == Warn && worst == OK {
			worst = s
		}
		tell(Finding{Check: check, Part: "firmware", State: s, Text: text, Do: do})
	}
	if m.root {
		say("root", OK, "a root file system can be made", "")
	} else {
		say("root", Fail, "a root file system is made as root", "run the build with sudo")
	}
	toolFinding(say, "tools", Fail, m.missing, fmt.Sprintf("all %d programs of a build are there", len(image.Tools)))
	toolFinding(say, "try", Warn, m.tryTools, "an image can be tried in a virtual machine")
	if err := m.sources(); err != nil {
		say("sources", Fail, err.Error(), "")
	} else {
		say("sources", OK, "this machine's own for Debian", "")
	}
	cache, out := image.Space()
	for _, place := range []struct {
		check, path string
		need        int64
		flag        string
	}{{"cache", o.Cache, cache, "--cache"}, {"space", o.Out, out, "-o"}} {
		switch free, err := m.free(place.path); {
		case err != nil:
			say(place.check, Fail, err.Error(), "name another folder with "+place.flag)
		case free < place.need:
			say(place.check, Fail, fmt.Sprintf("%d MB are free in %s, and a build takes %d MB", free>>20, place.path, place.need>>20),
				"make room, or name another folder with "+place.flag)
		default:
			say(place.check, OK, fmt.Sprintf("%d MB free in %s", free>>20, place.path), "")
		}
	}
	return worst
}

func toolFinding(say tellFunc, check string, bad State, missing []image.Tool, good string) {
	if len(missing) == 0 {
		say(check, OK, good, "")
		return
	}
	var names, packages []string
	for _, t := range missing {
		names, packages = append(names, t.Name), append(packages, t.Package)
	}
	slices.Sort(packages)
	say(check, bad, "missing: "+strings.Join(names, ", "), "apt-get install --no-install-recommends "+strings.Join(slices.Compact(packages), " "))
}
