package device

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Config is the whole of device.toml. Example holds every key with its meaning. Paths are absolute, or as seen from the
// working directory; Load has resolved what the file says relative to itself.
type Config struct {
	// Version is the monotonic number of this image, 1 or more. A device refuses one that is lower than what it has run.
	Version int64 `toml:"version"`
	// Name is what people call this version: "1.4.0".
	Name string `toml:"name"`
	// Test adds a console without a password, for tests in a virtual machine, and marks everything that comes of it.
	Test bool `toml:"test"`
	// Program is the tenin binary that goes into the image; empty means the running one.
	Program string `toml:"program"`
	// CPU is what the devices' processors are: CPUv3, or CPUNative where all have that of the machine that built the program.
	CPU string `toml:"cpu"`
	// Models is the folder of the weights; empty means the build's cache.
	Models string `toml:"models"`
	// StandIn takes whatever lies in Models, unverified. Test images only.
	StandIn bool `toml:"stand_in"`
	// Keys is the folder that `tenin firmware keys new` made; empty builds an unsigned image.
	Keys string `toml:"keys"`
	// EnrolKeys puts the Secure Boot keys on the ESP, so that a machine in setup mode takes them at its first start.
	EnrolKeys bool `toml:"enrol_keys"`
	// Lock is the list of package versions: written by the first build, honoured by later ones.
	Lock string `toml:"lock"`
	// Timezone is the name of the shop's, as in /usr/share/zoneinfo.
	Timezone string `toml:"timezone"`
	// Keyboard is the XKB layout of a keyboard that staff plug in.
	Keyboard string `toml:"keyboard"`

	Debian Debian `toml:"debian"`
	Kernel Kernel `toml:"kernel"`
	Disk   Disk   `toml:"disk"`
}

// Debian says where the packages come from.
type Debian struct {
	// Suite is the release that the image is made of.
	Suite string `toml:"suite"`
	// Sources is a file of apt sources (deb822 or one line each); empty means the build machine's own for Debian, with the
	// release changed to Suite.
	Sources string `toml:"sources"`
	// Components replaces the sources' own: "main", "non-free-firmware".
	Components []string `toml:"components"`
	// Packages are installed beside those that every kiosk has, such as firmware for a Wi-Fi card.
	Packages []string `toml:"packages"`
}

// Kernel is what the kernel gets beside what every kiosk's gets.
type Kernel struct {
	// Arguments are added to the command line, which is signed and measured: no device's own.
	Arguments []string `toml:"arguments"`
	// Modules are names of modules that the image would leave out, and keeps.
	Modules []string `toml:"modules"`
}

// Disk gives the partitions their sizes.
type Disk struct {
	ESP  Size `toml:"esp"`
	Root Size `toml:"root"`
	// Models is the size of one slot of weights; 0 means the least that holds today's, rounded up.
	Models Size `toml:"models"`
	// SecondModels makes models-b. Without it a device's weights cannot be updated.
	SecondModels bool `toml:"second_models"`
}

// The processors of devices.
const (
	// CPUv3 is any x86-64-v3: Intel since 2013 (with AVX2), AMD since 2015.
	CPUv3 = "v3"
	// CPUNative takes a program that was built for one CPU.
	CPUNative = "native"
)

// Product is the name that bundles carry and devices demand.
const Product = "tenin-kiosk"

// Default returns what holds where device.toml is silent; Version is missing there, since no default would be right.
func Default() Config {
	return Config{
		Name:     "0",
		CPU:      CPUv3,
		Lock:     "device.lock",
		Timezone: "Asia/Tokyo",
		Keyboard: "jp",
		Debian:   Debian{Suite: "trixie"},
		Disk:     Disk{ESP: 256 * MiB, Root: 384 * MiB, SecondModels: true},
	}
}

var (
	plainName   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.+~-]{0,39}$`)
	packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9.+-]+$`)
	zoneName    = regexp.MustCompile(`^[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*$`)
	word        = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
	// An argument with a space or a quote would be read as several by one reader and as one by another.
	argument = regexp.MustCompile(`^[!#%&'()*+,./0-9:;<=>?@A-Z\[\]^_a-z{|}~-]+$`)
)

// Reserved are the names of kernel arguments that a build sets itself.
var reserved = []string{"tenin.root", "tenin.models", "tenin.version", "panic", "init", "rdinit", "root", "lockdown", "module.sig_enforce"}

func (c *Config) check() error {
	switch {
	case c.Version == 0:
		return fmt.Errorf(`version is missing: give this image a number, higher than the last one's ("version = 1")`)
	case c.Version < 0:
		return fmt.Errorf("version is %d: use 1 or more", c.Version)
	case !plainName.MatchString(c.Name):
		return fmt.Errorf("name is %q: use up to 40 letters, digits and . + ~ -", c.Name)
	case c.StandIn && !c.Test:
		return fmt.Errorf("stand_in is for test images: set test = true as well, or leave it out")
	case c.CPU != CPUv3 && c.CPU != CPUNative:
		return fmt.Errorf("cpu is %q: use %q or %q", c.CPU, CPUv3, CPUNative)
	case c.EnrolKeys && c.Keys == "":
		return fmt.Errorf("enrol_keys needs keys: name the folder that `tenin firmware keys new` made")
	case c.Lock == "":
		return fmt.Errorf("lock is empty: name the file for the list of package versions")
	case !zoneName.MatchString(c.Timezone):
		return fmt.Errorf("timezone is %q: use a name such as \"Asia/Tokyo\"", c.Timezone)
	case !word.MatchString(c.Keyboard):
		return fmt.Errorf("keyboard is %q: use an XKB layout such as \"jp\" or \"us\"", c.Keyboard)
	case !word.MatchString(c.Debian.Suite):
		return fmt.Errorf("debian.suite is %q: use a release's name such as \"trixie\"", c.Debian.Suite)
	}
	for _, p := range c.Debian.Packages {
		if !packageName.MatchString(p) {
			return fmt.Errorf("debian.packages: %q is no package's name; versions are kept by the lock list", p)
		}
	}
	for _, p := range c.Debian.Components {
		if !word.MatchString(p) {
			return fmt.Errorf("debian.components: %q is no component: use names such as \"main\", \"non-free-firmware\"", p)
		}
	}
	for _, m := range c.Kernel.Modules {
		if !word.MatchString(m) {
			return fmt.Errorf("kernel.modules: %q is no module's name", m)
		}
	}
	for _, a := range c.Kernel.Arguments {
		key, _, _ := strings.Cut(a, "=")
		switch {
		case !argument.MatchString(a):
			return fmt.Errorf("kernel.arguments: %q holds a blank, a quote or a control character: write each argument as a text of its own", a)
		case slices.Contains(reserved, key):
			return fmt.Errorf("kernel.arguments: %s is set by the build", key)
		}
	}
	return c.Disk.check()
}

func (d Disk) check() error {
	for _, p := range []struct {
		key         string
		size, least Size
	}{{"esp", d.ESP, 64 * MiB}, {"root", d.Root, 64 * MiB}, {"models", d.Models, 0}} {
		switch {
		case p.size < p.least || p.size > 64*GiB:
			return fmt.Errorf("disk.%s is %s: use %s to 64 GiB", p.key, p.size, p.least)
		case p.size%MiB != 0:
			return fmt.Errorf("disk.%s is %s: use whole MiB", p.key, p.size)
		}
	}
	return nil
}

// resolve makes the paths in the file relative to the file's folder.
func (c *Config) resolve(folder string) {
	for _, p := range []*string{&c.Program, &c.Models, &c.Keys, &c.Lock, &c.Debian.Sources} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(folder, *p)
		}
	}
}
