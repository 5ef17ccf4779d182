package uki

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"tenin/firmware/internal/sample"
)

const systemdMeasure = "/usr/lib/systemd/systemd-measure"

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func put(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSystemdMeasureCalculatesTheSamePCR11(t *testing.T) {
	if _, err := os.Stat(systemdMeasure); err != nil {
		t.Skip("systemd-measure is missing: install the package systemd to compare with it")
	}
	knowsUname := strings.Contains(run(t, systemdMeasure, "--help"), "--uname")
	for _, version := range []string{"252.39-1", "257.13-1"} {
		for _, uname := range []string{"", "6.12.0-amd64"} {
			p := newParts(t)
			p.Stub, p.Uname = put(t, sample.Stub(version)), uname
			args := []string{"calculate", "--json=short", "--bank=sha256", "--phase=", "--phase=sysinit:ready",
				"--linux=" + p.Linux, "--initrd=" + p.Initrd, "--cmdline=" + put(t, []byte(p.Cmdline)),
				"--osrel=" + put(t, []byte(p.OSRelease)), "--pcrpkey=" + put(t, p.PCRPublicKey)}
			if version[:3] != "252" {
				if !knowsUname {
					t.Logf("systemd-measure knows no --uname and no --sbat: a stub of %s is not compared", version)
					continue
				}
				args = append(args, "--sbat="+put(t, []byte(sample.SBAT)))
				if uname != "" {
					args = append(args, "--uname="+put(t, []byte(uname)))
				}
			}
			var got struct {
				SHA256 []struct{ Phase, Hash string }
			}
			if err := json.Unmarshal([]byte(run(t, systemdMeasure, args...)), &got); err != nil {
				t.Fatal(err)
			}
			pcr, err := Measure(p)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.SHA256) != 2 {
				t.Fatalf("systemd-measure says %+v", got)
			}
			if ours := hex.EncodeToString(pcr[:]); got.SHA256[0].Hash != ours {
				t.Errorf("stub %s, uname %q: systemd-measure says %s, Measure %s", version, uname, got.SHA256[0].Hash, ours)
			}
			pcr = Phase(Phase(pcr, "sysinit"), "ready")
			if ours := hex.EncodeToString(pcr[:]); got.SHA256[1].Hash != ours {
				t.Errorf("stub %s, uname %q, ready: systemd-measure says %s, Phase %s", version, uname, got.SHA256[1].Hash, ours)
			}
		}
	}
}

func TestSbverifyAcceptsWhatWasSigned(t *testing.T) {
	if _, err := exec.LookPath("sbverify"); err != nil {
		t.Skip("sbverify is missing: install the package sbsigntool to compare with it")
	}
	set := testKeys(t)
	certificate := filepath.Join(set.Dir, "db.crt")
	check := func(image []byte) {
		t.Helper()
		image, err := SignPE(image, set.DB)
		if err != nil {
			t.Fatal(err)
		}
		out := run(t, "sbverify", "--cert", certificate, put(t, image))
		if !strings.Contains(out, "Signature verification OK") {
			t.Errorf("sbverify says %q", out)
		}
		if err := VerifyPE(image, set.DB.Certificate()); err != nil {
			t.Error(err)
		}
	}
	p := newParts(t)
	check(assembled(t, p))
	for _, stub := range realStubs() {
		p.Stub = stub
		check(assembled(t, p))
		if loader, err := os.ReadFile(filepath.Join(filepath.Dir(stub), "systemd-bootx64.efi")); err == nil {
			check(loader)
		}
	}
}

func TestVerifyPEAcceptsWhatSbsignSigned(t *testing.T) {
	if _, err := exec.LookPath("sbsign"); err != nil {
		t.Skip("sbsign is missing: install the package sbsigntool to compare with it")
	}
	set := testKeys(t)
	image := put(t, assembled(t, newParts(t)))
	run(t, "sbsign", "--key", filepath.Join(set.Dir, "db.key"), "--cert", filepath.Join(set.Dir, "db.crt"), "--output", image+".signed", image)
	b, err := os.ReadFile(image + ".signed")
	if err != nil {
		t.Fatal(err)
	}
	if err := VerifyPE(b, set.DB.Certificate()); err != nil {
		t.Error(err)
	}
}

func TestObjdumpReadsAnAssembledImage(t *testing.T) {
	if _, err := exec.LookPath("objcopy"); err != nil {
		t.Skip("objcopy is missing: install the package binutils to compare with it")
	}
	p := newParts(t)
	image := put(t, assembled(t, p))
	for _, name := range []string{"cmdline", "osrel", "uname", "pcrpkey"} {
		run(t, "objcopy", "-O", "binary", "--only-section=."+name, image, image+"."+name)
		got, err := os.ReadFile(image + "." + name)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]byte{"cmdline": []byte(p.Cmdline), "osrel": []byte(p.OSRelease), "uname": []byte(p.Uname), "pcrpkey": p.PCRPublicKey}[name]
		if !bytes.Equal(got, want) {
			t.Errorf("section .%s is %q", name, got)
		}
	}
}
