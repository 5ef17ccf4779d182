package sandbox

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestOnlyNamedVariablesReachTheChild(t *testing.T) {
	got := Environment([]string{"HOME=/home/a", "LC_ALL=C", "DBUS_SESSION_BUS_ADDRESS=unix:x", "LANG=ja_JP.UTF-8", "=odd", "HOMES=b", jobVariable + "={}"},
		"HOME", "LANG", "LC_*", jobVariable)
	if want := []string{"HOME=/home/a", "LC_ALL=C", "LANG=ja_JP.UTF-8"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func init() {
	roles["environment"] = func() error {
		_, err := os.Stdout.WriteString(strings.Join(os.Environ(), "\n"))
		return err
	}
}

func TestTheChildHasTheEnvironmentOfItsPolicyAndNothingElse(t *testing.T) {
	need(t)
	for _, m := range []Mode{Refuse, Off} {
		cmd, err := Command(Policy{Role: "environment", Env: []string{"LANG=C", "A=b"}}, m)
		if err != nil {
			t.Fatal(err)
		}
		if stdout, stderr, err := run(t, cmd, ""); err != nil || stdout != "LANG=C\nA=b" {
			t.Errorf("%v: %q, %v: %s", m, stdout, err, stderr)
		}
	}
}

func TestAChildWithTheNetworkReadsTheResolversFiles(t *testing.T) {
	need(t)
	files := ResolverFiles()
	if !slices.Contains(files, "/etc/resolv.conf") {
		t.Skip("this machine has no resolver")
	}
	cmd, err := Command(Policy{Role: "cat", Network: true, Families: internet, Read: files, Env: []string{"FILES=/etc/resolv.conf"}}, Refuse)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("/etc/resolv.conf")
	if err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, err := run(t, cmd, ""); err != nil || stdout != string(want) {
		t.Errorf("%v: %s", err, stderr)
	}
}
