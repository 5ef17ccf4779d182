package update

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const overlay = "../image/overlay"

// obeys is a systemctl that says what it does, and contrary one that refuses what is not forced.
const (
	obeys    = "#!/bin/sh\necho \"restart: $*\"\n"
	contrary = "#!/bin/sh\ntest \"$1\" = --force || exit 4\necho \"restart: $*\"\n"
)

// takeBack runs the script over an ESP with those entries and says whether it restarted, and what it said.
func takeBack(t *testing.T, systemctl, version string, entries ...string) (restarted bool, said string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, e := range entries {
		write("efi/EFI/Linux/"+e, "")
	}
	line := write("cmdline", "quiet tenin.version="+version+" panic=5\n")
	systemctl = write("systemctl", systemctl)
	out, err := exec.Command("sh", filepath.Join(overlay, "usr/lib/tenin/take-back"), filepath.Join(dir, "efi"), line, systemctl).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.Contains(string(out), "restart: "), string(out)
}

func TestAVersionThatIsNotHealthyRestartsAsLongAsThatHelps(t *testing.T) {
	for _, test := range []struct {
		version string
		entries []string
		want    bool
	}{
		{"2", []string{"tenin_1.efi", "tenin_2+2-1.efi"}, true}, // another try
		{"2", []string{"tenin_1.efi", "tenin_2+0-3.efi"}, true}, // back to the version before
		{"2", []string{"tenin_2+1-2.efi"}, true},                // a flashed device's own tries
		{"2", []string{"tenin_2+0-3.efi"}, false},               // nothing else to start
		{"2", []string{"tenin_1+0-3.efi", "tenin_2+0-3.efi"}, false},
		{"2", []string{"tenin_1+0.efi", "tenin_2+0-3.efi"}, false},
		{"2", []string{"tenin_1.efi", "tenin_2.efi"}, false}, // it is kept meanwhile
		{"2", nil, false},
		{"10", []string{"tenin_1.efi", "tenin_10+2-1.efi"}, true},
	} {
		if got, said := takeBack(t, obeys, test.version, test.entries...); got != test.want || strings.Contains(said, "--force") {
			t.Errorf("version %s with %v: %s", test.version, test.entries, said)
		}
	}
	if _, said := takeBack(t, contrary, "2", "tenin_1.efi", "tenin_2+2-1.efi"); !strings.Contains(said, "restart: --force reboot") {
		t.Errorf("a restart that is refused is not forced: %s", said)
	}
}

// A start that may not be reversed makes systemd refuse the restart, whose shutdown.target conflicts with the service that asks
// for it: a sick version would stay.
func TestTheRestartOfASickVersionIsNotRefused(t *testing.T) {
	for _, line := range unitLines(t, "tenin-health.service") {
		if strings.HasPrefix(line, "OnFailureJobMode=") {
			t.Error(line)
		}
	}
}

func unitLines(t *testing.T, name string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(overlay, "usr/lib/systemd/system", name))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(b)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestTheUpdaterHasNoNetworkAndFewPrivileges(t *testing.T) {
	for name, more := range map[string][]string{
		"tenin-update.service":        {"RestrictAddressFamilies=AF_UNIX", "CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH", "ReadWritePaths=/efi /data/device /data/drop"},
		"tenin-update-stick@.service": {"RestrictAddressFamilies=none", "PrivateMounts=yes", "CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_READ_SEARCH"},
		"tenin-health.service":        {"RestrictAddressFamilies=AF_UNIX", "Before=boot-complete.target", "RequiredBy=boot-complete.target", "OnFailure=tenin-update-back.service"},
		"tenin-floor.service":         {"RestrictAddressFamilies=none", "Before=tenin.service"},
	} {
		lines := unitLines(t, name)
		for _, want := range append(more, "PrivateNetwork=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "DevicePolicy=closed", "MemorySwapMax=0", "LimitCORE=0", "RestrictNamespaces=yes") {
			if !slices.Contains(lines, want) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
	if !slices.Contains(unitLines(t, "tenin.service.d/floor.conf"), "Requires=tenin-floor.service") {
		t.Error("the kiosk starts below the floor")
	}
	if !slices.Contains(unitLines(t, "tenin-update.path"), "PathExistsGlob="+DropFolder+"/in/*.bundle") {
		t.Error("nobody looks into the drop folder")
	}
}

func TestSystemdUnderstandsTheUnitsOfUpdates(t *testing.T) {
	program, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is missing: install the package systemd to check the units")
	}
	root := t.TempDir()
	units := filepath.Join(root, "usr/lib/systemd/system")
	copyTo := func(from, to string, mode os.FileMode) {
		b, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, b, mode); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"tenin-health.service", "tenin-update-back.service", "tenin-update-back.timer", "tenin-floor.service", "tenin-update.service", "tenin-update.path"}
	for _, name := range append(names, "tenin-update-stick@.service") {
		copyTo(filepath.Join(overlay, "usr/lib/systemd/system", name), filepath.Join(units, name), 0o644)
	}
	for _, name := range []string{"tenin"} {
		copyTo(filepath.Join(overlay, "usr/lib/tenin/take-back"), filepath.Join(root, "usr/bin", name), 0o755)
	}
	copyTo(filepath.Join(overlay, "usr/lib/tenin/take-back"), filepath.Join(root, "usr/lib/tenin/take-back"), 0o755)
	for _, target := range []string{"multi-user", "sysinit", "basic", "shutdown", "boot-complete", "timers", "paths", "local-fs"} {
		if err := os.WriteFile(filepath.Join(units, target+".target"), []byte("[Unit]\nDescription="+target+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := append([]string{"verify", "--root=" + root, "--man=no"}, append(names, "tenin-update-stick@sdb1.service")...)
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil && strings.Contains(string(out), "unrecognized option") {
		t.Skip("systemd-analyze has no --root: it is older than 250")
	}
	if err != nil || len(strings.TrimSpace(string(out))) > 0 {
		t.Errorf("%v:\n%s", err, out)
	}
}
