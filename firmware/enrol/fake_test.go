package enrol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tenin/storage/seal"
)

// device is a machine made of files: the data partition is a file with a real LUKS header, which the real cryptsetup works on.
// What takes a kernel's device mapper, a TPM or a mount is recorded and played.
type device struct {
	t     *testing.T
	place Place
	disk  string
	ran   []string
	// fails names commands that fail, by their first words.
	fails map[string]error
	// tpm is the key that the TPM holds; empty: none, or a cleared one.
	tpm []byte
	// power fails before the command of this number, counted from 1.
	cut int
	// mounts are the places at which something is mounted.
	mounts []string
	// made is set when a file system was made on the open partition.
	made  int
	lsblk string
	// child plays this program in a unit of its own: what it returns for its arguments. code is what it ended with.
	child func(args []string, input string) ([]byte, error)
	code  int
}

var errPower = errors.New("the power is gone")

func newDevice(t *testing.T) *device {
	t.Helper()
	if _, err := exec.LookPath("cryptsetup"); err != nil {
		t.Skip("cryptsetup is missing: install cryptsetup-bin")
	}
	// Its socket's path has to be short, which a folder that is named after the test is not.
	root, err := os.MkdirTemp("", "device")
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(root)) })
	d := &device{t: t, place: Place(root), fails: map[string]error{}}
	block := d.place.In("sys/devices/pci0/block/vda/vda6")
	d.file("sys/devices/pci0/block/vda/vda6/uevent", "DEVNAME=vda6\nDEVTYPE=partition\nPARTN=6\nPARTNAME=data\n")
	d.dir("sys/class/block")
	must(t, os.Symlink(block, d.place.In("sys/class/block/vda6")))
	d.file("sys/devices/pci0/block/vda/vda6/size", "8388608\n")
	d.file("run/tenin/disk", "vda\n")
	d.file(pcrKey, "a key\n")
	d.file("proc/self/mountinfo", "")
	d.file("etc/machine-id", strings.Repeat("a", 32)+"\n")
	d.dir("dev/mapper")
	d.file(tpmDevice, "")
	d.disk = d.place.In("dev/vda6")
	must(t, os.WriteFile(d.disk, nil, 0o600))
	must(t, os.Truncate(d.disk, 20<<20))
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (d *device) dir(name string) { d.t.Helper(); must(d.t, os.MkdirAll(d.place.In(name), 0o755)) }

func (d *device) file(name, text string) {
	d.t.Helper()
	d.dir(filepath.Dir(name))
	must(d.t, os.WriteFile(d.place.In(name), []byte(text), 0o644))
}

func (d *device) data() *Data {
	return &Data{Machine: d, Place: d.place, Owner: [2]int{os.Getuid(), os.Getgid()}}
}

// restart is what a start of the machine forgets.
func (d *device) restart() {
	for _, name := range []string{mapped, DataOpen, DataFailed, setupKey} {
		_ = os.Remove(d.place.In(name))
	}
	d.mounts = nil
	d.cut = 0
	d.file("proc/self/mountinfo", "")
}

func (d *device) header() Header {
	d.t.Helper()
	h, luks, err := readHeader(context.Background(), Host{}, d.disk)
	must(d.t, err)
	if !luks {
		d.t.Fatal("no header")
	}
	return h
}

// opens says whether a passphrase opens the disk.
func (d *device) opens(passphrase []byte) bool {
	_, err := Host{}.Run(context.Background(), Command{
		Name: "cryptsetup", Args: []string{"open", "--test-passphrase", "--batch-mode", "--key-file", "{0}", d.disk}, Secrets: []seal.Secret{seal.NewSecret(passphrase)},
	})
	return err == nil
}

// Run implements Machine.
func (d *device) Run(ctx context.Context, c Command) ([]byte, error) {
	d.ran = append(d.ran, c.String())
	if d.cut > 0 && len(d.ran) >= d.cut {
		return nil, errPower
	}
	for words, err := range d.fails {
		if strings.HasPrefix(c.String(), words) {
			return nil, err
		}
	}
	switch c.Name {
	case "cryptsetup":
		return d.cryptsetup(ctx, c)
	case "systemd-cryptenroll":
		return nil, d.cryptenroll(ctx, c)
	case "systemd-cryptsetup":
		if len(d.tpm) == 0 || !d.opens(d.tpm) {
			return nil, &ExitError{c.Name, 1, "Failed to unseal secret using TPM2"}
		}
		return nil, os.WriteFile(d.place.In(mapped), nil, 0o600)
	case "mkfs.ext4":
		d.made++
	case "mount":
		place := c.Args[len(c.Args)-1]
		if !slices.Contains(d.mounts, place) {
			d.mounts = append(d.mounts, place)
		}
		text := ""
		for _, m := range d.mounts {
			text += "1 2 0:0 / " + m + " rw - ext4 x rw\n"
		}
		d.file("proc/self/mountinfo", text)
	case "systemctl":
		switch {
		case slices.Contains(c.Args, "tenin-first-boot.service"):
			_, _ = d.data().OpenData(ctx)
		case c.Args[0] == "start" && (c.Args[1] == joinUnit || c.Args[1] == stepUnit):
			return nil, d.step()
		case c.Args[0] == "show":
			return []byte(fmt.Sprintln(d.code)), nil
		}
	case "lsblk":
		return []byte(d.lsblk), nil
	}
	return nil, nil
}

func (d *device) cryptsetup(ctx context.Context, c Command) ([]byte, error) {
	switch {
	case c.Args[0] == "open":
		if !d.opens(c.Secrets[0].Bytes()) {
			return nil, &ExitError{c.Name, 2, "No key available with this passphrase."}
		}
		return nil, os.WriteFile(d.place.In(mapped), nil, 0o600)
	case c.Args[0] == "close":
		return nil, os.Remove(d.place.In(mapped))
	case c.Args[0] == "luksAddKey" && slices.Contains(c.Args, "--token-only"):
		// The TPM gives its key, which is then like any other.
		if len(d.tpm) == 0 {
			return nil, &ExitError{c.Name, 2, "no TPM"}
		}
		slot := c.Args[slices.Index(c.Args, "--new-key-slot")+1]
		args := append(append([]string{"luksAddKey", "--batch-mode", "--key-slot", slot}, quickly...), "--key-file", "{0}", d.disk, "{1}")
		return Host{}.Run(ctx, Command{Name: "cryptsetup", Args: args, Secrets: []seal.Secret{seal.NewSecret(d.tpm), c.Secrets[0]}})
	}
	return Host{}.Run(ctx, c)
}

// cryptenroll adds a key to the disk that only this TPM knows, and systemd's token about it.
func (d *device) cryptenroll(ctx context.Context, c Command) error {
	for _, want := range []string{"--tpm2-pcrs=7", "--tpm2-public-key-pcrs=11", "--tpm2-public-key=" + d.place.In(pcrKey)} {
		if !slices.Contains(c.Args, want) {
			d.t.Errorf("the TPM is bound without %s: %q", want, c.Args)
		}
	}
	h := d.header()
	if h.TPM() {
		return nil // "This PCR set is already enrolled, executing no operation."
	}
	slot, err := h.free()
	if err != nil {
		return err
	}
	d.tpm = slices.Clone(seal.Random(32).Bytes())
	args := append(append([]string{"luksAddKey", "--batch-mode", "--key-slot", fmt.Sprint(slot)}, quickly...), "--key-file", "{0}", d.disk, "{1}")
	if _, err := (Host{}).Run(ctx, Command{Name: "cryptsetup", Args: args, Secrets: []seal.Secret{c.Secrets[0], seal.NewSecret(d.tpm)}}); err != nil {
		return err
	}
	token, _ := json.Marshal(map[string]any{
		"type": tokenTPM, "keyslots": []string{fmt.Sprint(slot)}, "tpm2-blob": "", "tpm2-pcrs": []int{7}, "tpm2-pcr-bank": "sha256", "tpm2-primary-alg": "ecc", "tpm2-policy-hash": "",
	})
	_, err = Host{}.Run(ctx, Command{Name: "cryptsetup", Args: []string{"token", "import", "--disable-external-tokens", "--json-file", "-", d.disk}, Input: seal.TakeSecret(token)})
	return err
}

// ranWith says whether a command that begins so was run.
func (d *device) ranWith(words string) bool {
	return slices.ContainsFunc(d.ran, func(c string) bool { return strings.HasPrefix(c, words) })
}

// step plays a unit that runs what the step file says.
func (d *device) step() error {
	info, err := os.Stat(d.place.In(stepFile))
	must(d.t, err)
	if info.Mode().Perm() != 0o600 {
		d.t.Errorf("others may read what a child is told: %v", info.Mode())
	}
	text, err := os.ReadFile(d.place.In(stepFile))
	must(d.t, err)
	var do step
	must(d.t, json.Unmarshal(text, &do))
	if len(do.Args) < 2 || do.Args[0] != "--home" || do.Args[1] != d.place.In(Home) {
		d.t.Errorf("a child of another home: %q", do.Args)
	}
	out, err := d.child(do.Args[2:], string(do.Input))
	d.file(outFile, string(out))
	d.code = 0
	var exit *ExitError
	if errors.As(err, &exit) {
		d.code = exit.Code
		d.file(errFile, exit.Said+"\n")
		return &ExitError{"systemctl", 1, "Job failed. See \"journalctl -xe\" for details."}
	}
	return err
}
