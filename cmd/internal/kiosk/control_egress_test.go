package kiosk

import (
	"strings"
	"testing"

	"tenin/cmd/internal/worker/sandbox"
)

func TestWhoeverHasTheKioskProbedCannotHaveItRunAProgram(t *testing.T) {
	for _, program := range append([]string{""}, HarmlessPrograms...) {
		if err := checkTargets(sandbox.Targets{Program: program}); err != nil {
			t.Errorf("%q: %v", program, err)
		}
	}
	for _, program := range []string{"/bin/sh", "true", "/usr/bin/../bin/sh", "/tmp/true", "/usr/bin/true "} {
		if checkTargets(sandbox.Targets{Program: program}) == nil {
			t.Errorf("%q would be run", program)
		}
	}
}

func TestNobodyHasTheKioskTryWithoutEnd(t *testing.T) {
	many := strings.Split(strings.Repeat("/x ", maxTargets+1), " ")
	for _, targets := range []sandbox.Targets{{Files: many}, {Folders: many}, {Sockets: many}, {Abstract: many}, {Others: make([]int, maxTargets+1)}} {
		if checkTargets(targets) == nil {
			t.Errorf("%+v would be tried", targets)
		}
	}
	if err := checkTargets(sandbox.Targets{Files: many[:maxTargets]}); err != nil {
		t.Error(err)
	}
}
