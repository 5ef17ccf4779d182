// Package onnx runs ONNX models in the process through onnxruntime.
//
// The shared library is embedded in the program and opened from memory, so that one file is all there is to copy.
// [Load] does that once; [OpenSession] and [NewSession] do it on their own when nobody did before.
//
// # Telemetry
//
// This onnxruntime carries its vendor's telemetry: it writes a database under the user's cache and holds an HTTP client.
// ORT_DISABLE_TELEMETRY=1 stops it, but only when the variable stands in the environment before the process starts.
// So Load refuses to open the library without it. A test runs the library under a system-call filter
// that kills the process at the first socket or created file.
//
// Without the build tag "engines" every call returns [ErrNoEngines].
package onnx

import "errors"

// RuntimeVersion is the version of the embedded onnxruntime. Samples made by a model differ a little from version to
// version, so whatever is cached by content has this in its key.
const RuntimeVersion = "1.31.1"

// TelemetryVariable must have the value "1" in the environment of the process before it starts.
const TelemetryVariable = "ORT_DISABLE_TELEMETRY"

var (
	// ErrNoEngines is returned by every call of a program that was built without the tag "engines".
	ErrNoEngines = errors.New("onnxruntime: built without engines: use make build")
	// ErrTelemetry is wrapped by Load when the process was started with the vendor's telemetry on.
	ErrTelemetry = errors.New("onnxruntime refused: telemetry is on")
	// ErrClosed is returned by Run on a closed session.
	ErrClosed = errors.New("onnxruntime: the session is closed")
)

// Options of a session.
type Options struct {
	// Threads that compute one operator together; less than 1 means 1. They sleep while they wait, they never spin.
	Threads int
}

// Tensor is one input or output: exactly one of Float32 and Int64 is set. An empty Shape is a scalar of one value.
// Values are in row-major order.
type Tensor struct {
	Shape   []int64
	Float32 []float32
	Int64   []int64
}

// Info says how the library was opened, for diagnosis.
type Info struct {
	// Version as the library itself reports it.
	Version string
	// Opened says from where: "memory", or a file that was removed again and why.
	Opened string
}
