package main

import (
	"slices"
	"strings"
	"testing"
)

func TestACPUThatLacksWhatTheBuildNeedsIsToldSo(t *testing.T) {
	had := cpuHas["avx2"]
	defer func() { cpuHas["avx2"] = had }()
	cpuHas["avx2"] = false
	err := checkCPU("tenin-needs-cpu:avx,avx2,fma;")
	if err == nil || !strings.Contains(err.Error(), "avx2") || !strings.Contains(err.Error(), "make build CPU=v3") {
		t.Errorf("got %v", err)
	}
	if err := checkCPU("tenin-needs-cpu:a-feature-of-the-future;"); err == nil {
		t.Error("a feature that nobody knows was taken for there")
	}
	if err := checkCPU(""); err != nil {
		t.Errorf("a build without engines needs nothing, got %v", err)
	}
}

func TestAVariableIsReplacedAndNotAddedTwice(t *testing.T) {
	got := dropVariable([]string{"A=1", "B=2", "A=3", "AB=4"}, "A")
	if !slices.Equal(got, []string{"B=2", "AB=4"}) {
		t.Errorf("got %v", got)
	}
}
