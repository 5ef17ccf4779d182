// Package conformance has the suites that every VAD and every kind of devices passes, fakes and engines alike.
package conformance
