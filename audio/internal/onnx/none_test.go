//go:build !engines

package onnx

import (
	"errors"
	"testing"
)

func TestABuildWithoutEnginesSaysSo(t *testing.T) {
	_, opened := OpenSession("x.onnx", nil, nil, Options{})
	_, made := NewSession(nil, nil, nil, Options{})
	for _, err := range []error{Load(), opened, made} {
		if !errors.Is(err, ErrNoEngines) {
			t.Errorf("got %v", err)
		}
	}
}
