package image

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// needsCPU is how a tenin program says what its kernels need of the CPU: the Makefile sets main.cpuFeatures to it.
var needsCPU = regexp.MustCompile(`tenin-needs-cpu:([a-z0-9,]*);`)

// portable are the features of x86-64-v3 (System V ABI, AMD64 supplement, 3.1.1) among those that a program names: what is sold
// as a kiosk's PC has them.
var portable = []string{"avx", "avx2", "bmi2", "f16c", "fma"}

// checkCPU refuses a program that was built for the CPU of the machine that built it: on a device with another one it would
// end before it says anything. A program that does not say what it needs is taken.
func checkCPU(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("program: %w", err)
	}
	if info.Size() == 0 {
		return fmt.Errorf("program %s is empty", path)
	}
	content, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("program %s: %w", path, err)
	}
	defer unix.Munmap(content)
	var beyond []string
	if found := needsCPU.FindSubmatch(content); found != nil {
		for name := range strings.SplitSeq(string(found[1]), ",") {
			if name != "" && !slices.Contains(portable, name) {
				beyond = append(beyond, name)
			}
		}
	}
	if len(beyond) == 0 {
		return nil
	}
	return fmt.Errorf("program %s was built for the CPU of the machine that built it and needs %s, which other PCs lack: build it with `make build CPU=v3`, or set cpu = \"native\" where every device has that CPU",
		path, strings.Join(beyond, ", "))
}
