package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/cpu"
)

// environment is what the native engines read before main runs: onnxruntime starts its telemetry when it is loaded
// unless the first variable stands, and OpenMP reads how long its barriers spin when its library is mapped.
var environment = map[string]string{
	"ORT_DISABLE_TELEMETRY": "1",
	"GOMP_SPINCOUNT":        "10000",
}

// ensureEnvironment executes the program anew, with the same arguments and process id, when a variable of the
// engines is not set: setting it from inside would be too late. The commands of `tenin firmware` open no engine, and four of
// them run at each start of a device.
func ensureEnvironment(args []string) error {
	if !hasEngines || len(args) > 1 && args[1] == "firmware" {
		return nil
	}
	env := os.Environ()
	complete := true
	for name, value := range environment {
		if os.Getenv(name) != value {
			complete = false
			env = append(dropVariable(env, name), name+"="+value)
		}
	}
	if complete {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("cannot find this program to start it with the engines' settings: %w", err)
	}
	if err := syscall.Exec(self, os.Args, env); err != nil {
		return fmt.Errorf("cannot start this program with the engines' settings: %w", err)
	}
	return nil
}

func dropVariable(env []string, name string) []string {
	kept := env[:0]
	for _, v := range env {
		if !strings.HasPrefix(v, name+"=") {
			kept = append(kept, v)
		}
	}
	return kept
}

// cpuHas answers for the names that the build writes (the compiler's own macro names, in lower case).
var cpuHas = map[string]bool{
	"avx": cpu.X86.HasAVX, "avx2": cpu.X86.HasAVX2, "fma": cpu.X86.HasFMA, "bmi2": cpu.X86.HasBMI2,
	// x/sys has no field for F16C: every CPU with AVX2 has it.
	"f16c":    cpu.X86.HasAVX2,
	"avx512f": cpu.X86.HasAVX512F, "avx512bw": cpu.X86.HasAVX512BW, "avx512dq": cpu.X86.HasAVX512DQ,
	"avx512vl": cpu.X86.HasAVX512VL, "avx512cd": cpu.X86.HasAVX512CD, "avx512vbmi": cpu.X86.HasAVX512VBMI,
	"avx512vnni": cpu.X86.HasAVX512VNNI, "avx512bf16": cpu.X86.HasAVX512BF16, "avxvnni": cpu.X86.HasAVXVNNI,
}

// checkCPU refuses to go on where the engines' kernels would end in an illegal instruction. features is the list that the build
// took from the compiler, as "tenin-needs-cpu:avx,avx2;", which the builder of images looks for; empty for a build without
// engines.
func checkCPU(features string) error {
	_, features, _ = strings.Cut(strings.TrimSuffix(features, ";"), ":")
	var lacking []string
	for name := range strings.SplitSeq(features, ",") {
		if name != "" && !cpuHas[name] {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	return fmt.Errorf("this program was built for another CPU: this one lacks %s; build it with `make build CPU=v3`, or on this machine",
		strings.Join(lacking, ", "))
}
