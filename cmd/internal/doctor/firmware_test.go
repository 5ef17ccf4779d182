package doctor

import (
	"errors"
	"strings"
	"testing"

	"tenin/firmware/image"
)

func examineFirmware(m firmwareMachine) (State, map[string]Finding) {
	found := map[string]Finding{}
	if m.free == nil {
		m.free = func(string) (int64, error) { return 1 << 40, nil }
	}
	if m.sources == nil {
		m.sources = func() error { return nil }
	}
	worst := m.examine(FirmwareOptions{Cache: "cache", Out: "out"}, func(f Finding) { found[f.Check] = f })
	return worst, found
}

func TestAMachineThatHasEverythingCanBuildImages(t *testing.T) {
	worst, found := examineFirmware(firmwareMachine{root: true})
	if worst != OK || len(found) != 6 {
		t.Errorf("%v %v", worst, found)
	}
}

func TestMissingProgramsAreNamedAsDebianPackages(t *testing.T) {
	worst, found := examineFirmware(firmwareMachine{root: true, missing: []image.Tool{{Name: "mcopy", Package: "mtools"}, {Name: "mmd", Package: "mtools"}}})
	if f := found["tools"]; worst != Fail || f.Text != "missing: mcopy, mmd" || !strings.HasSuffix(f.Do, " mtools") {
		t.Errorf("%v %+v", worst, f)
	}
}

func TestWithoutAVirtualMachineImagesCanStillBeBuilt(t *testing.T) {
	if worst, _ := examineFirmware(firmwareMachine{root: true, tryTools: []image.Tool{{Name: "swtpm", Package: "swtpm"}}}); worst != Warn {
		t.Error(worst)
	}
}

func TestABuildWithoutRootSourcesOrRoomIsToldBefore(t *testing.T) {
	worst, found := examineFirmware(firmwareMachine{
		free: func(string) (int64, error) { return 1 << 20, nil }, sources: func() error { return errors.New("no sources") },
	})
	if worst != Fail {
		t.Error(worst)
	}
	for _, check := range []string{"root", "sources", "cache", "space"} {
		if found[check].State != Fail {
			t.Errorf("%s: %+v", check, found[check])
		}
	}
}
