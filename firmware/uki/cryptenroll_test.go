package uki

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestSystemdBindsADiskToASignedPCR11AndOpensItAgain(t *testing.T) {
	for tool, pkg := range map[string]string{"cryptsetup": "cryptsetup-bin", "systemd-cryptenroll": "systemd", "swtpm": "swtpm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: install the package %s to test with systemd", tool, pkg)
		}
	}
	if found, _ := filepath.Glob("/usr/lib/*/libtss2-tcti-swtpm.so*"); len(found) == 0 {
		t.Skip("libtss2-tcti-swtpm is missing: install the package libtss2-tcti-swtpm0 to test with systemd")
	}
	socket, restart := newTPM(t)
	set := testKeys(t)
	key, err := set.PCRKey()
	if err != nil {
		t.Fatal(err)
	}
	p := newParts(t)
	if p.PCRSignature, err = SignPCR(p, key); err != nil {
		t.Fatal(err)
	}
	image := assembled(t, p)
	dir := t.TempDir()
	phrase := filepath.Join(dir, "phrase")
	if err := os.WriteFile(phrase, []byte("phrase"), 0o600); err != nil {
		t.Fatal(err)
	}
	// With a signature systemd opens at once what it has sealed, and fails where that fails.
	enroll := func(name string) (string, error) {
		disk := filepath.Join(dir, name)
		if err := os.WriteFile(disk, make([]byte, 20<<20), 0o600); err != nil {
			t.Fatal(err)
		}
		run(t, "cryptsetup", "luksFormat", "--batch-mode", "--type=luks2", "--pbkdf=pbkdf2", "--pbkdf-force-iterations=1000", "--key-file="+phrase, disk)
		out, err := exec.Command("systemd-cryptenroll", "--unlock-key-file="+phrase, "--tpm2-device=swtpm:path="+socket, "--tpm2-pcrs=",
			"--tpm2-public-key="+put(t, set.PCRPublic), "--tpm2-public-key-pcrs=11", "--tpm2-signature="+put(t, p.PCRSignature), disk).CombinedOutput()
		return string(out), err
	}
	measureInto(t, socket, image)
	if out, err := enroll("first"); err != nil {
		t.Errorf("in the state that was signed: %v\n%s", err, out)
	}
	restart()
	measureInto(t, socket, image, "sysinit")
	if out, err := enroll("second"); err == nil || !strings.Contains(out, "signature") {
		t.Errorf("in a later phase: %v\n%s", err, out)
	}
}
