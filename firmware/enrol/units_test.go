package enrol

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// unit is a unit of the image: its lines as section.directive=value.
func unit(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "image", "overlay", "usr", "lib", "systemd", "system", name))
	must(t, err)
	var all []string
	section := ""
	for line := range strings.Lines(string(b)) {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			all = append(all, section+"."+line)
		}
	}
	return all
}

// words are the values of a directive, in all its lines.
func words(lines []string, directive string) (all []string) {
	for _, line := range lines {
		if value, ok := strings.CutPrefix(line, directive+"="); ok {
			all = append(all, strings.Fields(value)...)
		}
	}
	return all
}

func TestTheDataPartitionOpensBeforeTheNextPhaseIsMeasuredAndBeforeWhatNeedsIt(t *testing.T) {
	u := unit(t, "tenin-first-boot.service")
	for _, later := range []string{"sysinit.target", "systemd-pcrphase-sysinit.service", "systemd-journal-flush.service", "systemd-random-seed.service", "systemd-tmpfiles-setup.service"} {
		if !slices.Contains(words(u, "Unit.Before"), later) {
			t.Errorf("it is not before %s", later)
		}
	}
	// A mount namespace would keep what it mounts to itself.
	for _, line := range u {
		for _, own := range []string{"Protect", "Private", "ReadOnlyPaths", "InaccessiblePaths", "BindPaths", "DynamicUser"} {
			if strings.HasPrefix(line, "Service."+own) {
				t.Errorf("%s gives it mounts of its own", line)
			}
		}
	}
	for _, need := range append(words(u, "Install.RequiredBy"), words(u, "Unit.OnFailure")...) {
		t.Errorf("where it fails, %s must go on without data", need)
	}
}

func TestOneUnitOfTheEnrolmentHasTheNetwork(t *testing.T) {
	for _, name := range []string{"tenin-first-boot.service", "tenin-device-settings.service", "tenin-enrol.service", "tenin-enrol-screen.service", "tenin-enrol-step.service", "tenin-enrol-join.service"} {
		u := unit(t, name)
		families := words(u, "Service.RestrictAddressFamilies")
		if len(families) == 0 {
			t.Errorf("%s may use every family of addresses", name)
		}
		if has := slices.Contains(families, "AF_INET"); has != (name == "tenin-enrol-join.service") {
			t.Errorf("%s: network %v", name, has)
		}
		for _, want := range []string{"Service.NoNewPrivileges=yes", "Service.LimitCORE=0", "Service.StandardInput="} {
			if !slices.ContainsFunc(u, func(line string) bool { return strings.HasPrefix(line, want) }) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
}

func TestTheUnitsAndTheProgramNameTheSameFiles(t *testing.T) {
	for _, name := range []string{joinUnit, stepUnit} {
		u := unit(t, name)
		for _, want := range []string{"Service.StandardInput=file:/" + stepFile, "Service.StandardOutput=truncate:/" + outFile, "Service.StandardError=truncate:/" + errFile, "Service.User=tenin", "Service.Type=oneshot"} {
			if !slices.Contains(u, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
	if !slices.Contains(unit(t, "tenin-enrol.socket"), "Socket.ListenStream=/"+Socket) {
		t.Error("the socket is elsewhere")
	}
	kiosk := unit(t, "tenin.service.d/device.conf")
	for _, want := range []string{"Unit.ConditionPathExists=/" + DataOpen, "Unit.ConditionPathExists=/" + Enrolled, "Service.EnvironmentFile=-/" + Environment} {
		if !slices.Contains(kiosk, want) {
			t.Errorf("the kiosk has no %s", want)
		}
	}
	// In one start of multi-user.target one of two units that exclude each other would be dropped.
	screens := unit(t, "tenin-enrol-screen.service")
	if len(words(screens, "Unit.Conflicts")) > 0 || !slices.Contains(screens, "Unit.ConditionPathExists=!/"+Enrolled) {
		t.Error("screens and kiosk do not tell by the mark whose turn it is")
	}
	if !slices.Contains(unit(t, "tenin-display.service.d/settings.conf"), "Service.BindReadOnlyPaths=-/"+displayFile+":/etc/X11/xorg.conf.d/50-tenin-device.conf") {
		t.Error("the display does not see how it is turned")
	}
	if !slices.Contains(unit(t, "tenin-wifi.service"), "Unit.ConditionPathExists=/"+wifiFile) {
		t.Error("Wi-Fi looks elsewhere")
	}
}

func TestThePartitionThatGrowsIsTheOneOfTheImage(t *testing.T) {
	b, err := os.ReadFile("../image/overlay/" + growth + "/50-data.conf")
	must(t, err)
	layout, err := os.ReadFile("../device/layout.go")
	must(t, err)
	kind := ""
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "Type="); ok {
			kind = value
		}
	}
	if kind == "" || !strings.Contains(strings.ToLower(string(layout)), strings.ToLower(kind)) {
		t.Errorf("the image has no partition of type %q", kind)
	}
}
