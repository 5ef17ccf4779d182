package service

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// lines are a unit's section.directive=value.
func lines(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(unitsFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			section = strings.Trim(line, "[]")
		default:
			all = append(all, section+"."+line)
		}
	}
	return all
}

func TestTheDisplayTakesItsCookieAloneAndListensAtAPathAlone(t *testing.T) {
	unit := lines(t, "tenin-display.service")
	at := slices.IndexFunc(unit, func(l string) bool { return strings.HasPrefix(l, "Service.ExecStart=") })
	if at < 0 {
		t.Fatal("it starts nothing")
	}
	command := unit[at]
	for _, want := range []string{"-nolisten tcp", "-nolisten local", "-auth /run/tenin-display/authority", "-novtswitch", "-extension XTEST", "-nocursor"} {
		if !strings.Contains(command, want) {
			t.Errorf("%s has no %s", command, want)
		}
	}
	if strings.Contains(command, " -ac") || strings.Contains(command, "-sharevts") {
		t.Errorf("%s lets others in", command)
	}
	for _, want := range []string{"Service.NoNewPrivileges=yes", "Service.CapabilityBoundingSet=", "Service.LimitCORE=0", "Service.RuntimeDirectoryMode=0750"} {
		if !slices.Contains(unit, want) {
			t.Errorf("no %s", want)
		}
	}
	if kiosk := lines(t, "tenin.service.d/display.conf"); !slices.Contains(kiosk, "Service.Environment=DISPLAY=:0 XAUTHORITY=/run/tenin-display/authority") {
		t.Errorf("the kiosk is not told where the cookie is: %q", kiosk)
	}
}

func TestSystemdItselfUnderstandsTheDisplay(t *testing.T) {
	program := systemd(t, "systemd-analyze")
	root := tree(t)
	for from, to := range map[string]string{"tenin-display.service": "tenin-display.service", "tenin.service.d/display.conf": "tenin.service.d/display.conf"} {
		text, err := os.ReadFile(filepath.Join(unitsFolder, from))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(root, "usr/lib/systemd/system", to)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"usr/lib/xorg/Xorg", "bin/sh"} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(program, "verify", "--root="+root, "--man=no", "tenin-display.service", "tenin.service").CombinedOutput()
	if err != nil && bytes.Contains(out, []byte("unrecognized option")) {
		t.Skip("systemd-analyze has no --root: it is older than 250")
	}
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%v:\n%s", err, out)
	}
}
