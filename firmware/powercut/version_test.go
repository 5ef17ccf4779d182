package powercut

import (
	"os/exec"
	"testing"

	"pgregory.net/rapid"
)

func TestVersionsAreComparedAsTheLoaderDoes(t *testing.T) {
	// The examples of the specification, from old to new.
	list := []string{"122.1", "123~rc1-1", "123", "123-a", "123-a.1", "123-1", "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1", "124-1"}
	for i := range list {
		for k := range list {
			want := btoi(i > k) - btoi(i < k)
			if got := compareVersions(list[i], list[k]); got != want {
				t.Errorf("%s and %s: %d, want %d", list[i], list[k], got, want)
			}
		}
	}
	for _, c := range [][2]string{{"2", "10"}, {"9", "12345678"}, {"tenin_9.efi", "tenin_10+3.efi"}, {"~", ""}, {"", "1"}} {
		if compareVersions(c[0], c[1]) >= 0 || compareVersions(c[1], c[0]) <= 0 {
			t.Errorf("%s is not older than %s", c[0], c[1])
		}
	}
	for _, c := range [][2]string{{"007", "7"}, {"a_1", "a1"}, {"", ""}, {"1_", "1"}} {
		if compareVersions(c[0], c[1]) != 0 {
			t.Errorf("%s and %s are not equal", c[0], c[1])
		}
	}
}

// TestVersionsAreComparedAsSystemdDoes asks systemd itself.
func TestVersionsAreComparedAsSystemdDoes(t *testing.T) {
	tool, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is missing")
	}
	version := rapid.StringMatching(`[0-9a-bA.~^_-]{1,6}`)
	rapid.Check(t, func(r *rapid.T) {
		a, b := "1"+version.Draw(r, "a"), "1"+version.Draw(r, "b")
		err := exec.Command(tool, "compare-versions", a, b).Run()
		exit := 0
		if e, ok := err.(*exec.ExitError); ok {
			exit = e.ExitCode()
		}
		want, known := map[int]int{0: 0, 11: 1, 12: -1}[exit]
		if got := compareVersions(a, b); known && got != want {
			r.Fatalf("%s and %s: %d, systemd says %d", a, b, got, want)
		}
	})
}
