package workshop

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"tenin/cmd/internal/doctor"
	"tenin/cmd/internal/setup"
	"tenin/ui/technician"
)

// parts are what the doctor's checks belong to on the screen.
var parts = map[string]technician.Part{
	"engines": technician.PartProcesses, "cores": technician.PartProcesses, "cores_of_crashes": technician.PartSandbox, "swap": technician.PartSandbox,
	"memory": technician.PartMemory, "weights": technician.PartWeights, "microphone": technician.PartSound, "loudspeaker": technician.PartSound,
	"disk": technician.PartDisk, "tpm": technician.PartTPM, "guard": technician.PartTPM, "lockout": technician.PartTPM, "pcr7": technician.PartTPM, "seal": technician.PartTPM,
}

// Temperatures of a zone, in degrees Celsius: small machines without a fan slow down from about 85.
const (
	warm = 75
	hot  = 90
)

func (m *machine) Health(ctx context.Context) technician.Health {
	lines := make([]technician.Line, len(technician.Parts()))
	for i, p := range technician.Parts() {
		lines[i].Part = p
	}
	note := func(p technician.Part, mark technician.Mark, text string) {
		l := &lines[p]
		switch {
		case mark > l.Mark:
			l.Mark, l.Detail = mark, text
		case mark == l.Mark && l.Detail != "":
			l.Detail += "; " + text
		}
	}
	settings, err := m.settings()
	doctor.Examine(ctx, doctor.Options{Home: m.Setup.Home, Settings: settings, SettingsError: err, Engines: m.Engines}, func(f doctor.Finding) {
		if f.Check == "clock" {
			return // the step's own judgement is told below
		}
		part, ok := parts[f.Check]
		if !ok {
			part = technician.PartData
		}
		note(part, map[doctor.State]technician.Mark{doctor.OK: technician.Good, doctor.Warn: technician.Fair, doctor.Fail: technician.Bad}[f.State], f.Text)
	})
	_, f := m.setup.CheckClock()
	note(technician.PartClock, marks[f.State], f.Text)
	if m.Setup.Look != nil {
		_, f := m.setup.CheckDisplay(ctx)
		note(technician.PartDisplay, marks[f.State], f.Text)
	}
	j := m.setup.CheckHub()
	h := m.reached(ctx, j)
	text := j.Text
	if h.Result.Detail != "" {
		text = h.Result.Detail
	}
	switch {
	case h.Result.Problem == technician.HubNone:
		note(technician.PartHub, technician.Good, text) // it is meant to do without
	case h.Result.Problem == technician.HubUnreachable:
		note(technician.PartHub, technician.Fair, text)
	default:
		note(technician.PartHub, h.Result.Mark, text)
	}
	if celsius, ok := hottest("/sys/class/thermal"); ok {
		mark := technician.Good
		if celsius >= hot {
			mark = technician.Bad
		} else if celsius >= warm {
			mark = technician.Fair
		}
		note(technician.PartHeat, mark, fmt.Sprintf("%.0f °C", celsius))
	}
	return technician.Health{Lines: lines, At: m.now().Local().Format("15:04")}
}

// hottest is the highest temperature of the machine's zones, in degrees Celsius (Linux: thermal_zone*/temp, in thousandths).
func hottest(dir string) (celsius float64, ok bool) {
	zones, _ := filepath.Glob(filepath.Join(dir, "thermal_zone*", "temp"))
	for _, zone := range zones {
		text, err := os.ReadFile(zone)
		if err != nil {
			continue
		}
		if milli, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && milli > 0 && milli < 200_000 {
			celsius, ok = max(celsius, float64(milli)/1000), true
		}
	}
	return celsius, ok
}

func (m *machine) bundleOptions() setup.BundleOptions {
	settings, err := m.settings()
	return setup.BundleOptions{Home: m.Setup.Home, Settings: settings, SettingsError: err, Version: m.Version, Engines: m.Engines, Now: m.now()}
}

// bundleName is the file of a bundle that is made now.
func (m *machine) bundleName() string {
	return "tenin-support-" + m.now().UTC().Format("20060102-150405") + ".tar.gz"
}

// bundleTime is how long a bundle may take.
const bundleTime = time.Minute
