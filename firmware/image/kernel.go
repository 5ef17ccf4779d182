package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"tenin/firmware/keys"
	"tenin/firmware/uki"
)

// hardening is what every kiosk's kernel is told.
var hardening = []string{
	// A panic starts the device again, and boot counting takes the other slot in the end.
	"panic=5", "oops=panic",
	// No unsigned module and nothing that alters the kernel while it runs, with Secure Boot or without.
	"lockdown=integrity", "module.sig_enforce=1", "lsm=landlock,lockdown,yama,integrity",
	"init_on_alloc=1", "slab_nomerge", "page_alloc.shuffle=1", "randomize_kstack_offset=on", "vsyscall=none", "debugfs=off",
	// No partition is mounted for its type, and no machine's identity is made up where the firmware has one.
	"systemd.gpt_auto=0", "systemd.machine_id=firmware",
	// The watchdog runs from the initrd on: as long as a slow machine may take until systemd feeds it, in seconds.
	"i6300esb.heartbeat=120", "iTCO_wdt.heartbeat=120", "sp5100_tco.heartbeat=120", "wdat_wdt.timeout=120",
	// Nothing of the system is to be seen or asked on the screen.
	"quiet", "systemd.show_status=0", "vt.global_cursor_default=0", "sysctl.kernel.sysrq=0", "consoleblank=0",
}

// commandLine is the kernel's, which is signed and measured.
func (b *build) commandLine(root, models Slot) string {
	args := []string{"tenin.root=" + root.Argument(), "tenin.models=" + models.Argument(), fmt.Sprintf("tenin.version=%d", b.c.Version)}
	args = append(args, hardening...)
	if b.c.Test {
		args = append(args, "loglevel=4", "console=tty0", "console=ttyS0,115200")
	} else {
		args = append(args, "loglevel=1", "console=tty0")
	}
	return strings.Join(append(args, b.c.Kernel.Arguments...), " ")
}

// kernel assembles the unified kernel image, and signs it and the loader where there are keys. It returns the files.
func (b *build) kernel(rootDir, out string, root, models Slot) (image, loader string, err error) {
	uname, err := os.ReadFile(filepath.Join(rootDir, kernelNamed))
	if err != nil {
		return "", "", err
	}
	parts := uki.Parts{
		Stub: filepath.Join(rootDir, stubFile), Linux: filepath.Join(rootDir, kernelFile), Initrd: filepath.Join(rootDir, initrdFile),
		Cmdline: b.commandLine(root, models), OSRelease: osReleaseText(b.c), Uname: string(uname),
	}
	boot, err := os.ReadFile(filepath.Join(rootDir, loaderFile))
	if err != nil {
		return "", "", err
	}
	var set *keys.Set
	if b.c.Keys != "" {
		if set, err = keys.Open(b.c.Keys, b.o.Passphrase); err != nil {
			return "", "", err
		}
		defer set.Destroy()
		key, err := set.PCRKey()
		if err != nil {
			return "", "", err
		}
		parts.PCRPublicKey = set.PCRPublic
		// The empty phase alone: once the system has come up, the TPM gives the data's key to nobody.
		if parts.PCRSignature, err = uki.SignPCR(parts, key, ""); err != nil {
			return "", "", err
		}
		if boot, err = uki.SignPE(boot, set.DB); err != nil {
			return "", "", err
		}
	}
	bytes, err := uki.Assemble(parts)
	if err != nil {
		return "", "", err
	}
	if set != nil {
		if bytes, err = uki.SignPE(bytes, set.DB); err != nil {
			return "", "", err
		}
	}
	image, loader = filepath.Join(out, "tenin.efi"), filepath.Join(out, "systemd-bootx64.efi")
	if err := os.WriteFile(image, bytes, 0o644); err != nil {
		return "", "", err
	}
	return image, loader, os.WriteFile(loader, boot, 0o644)
}
