// Package x11 is a small client of the X server on this machine, in pure Go: enough to ask what display there is and who
// uses it, to look at what is on it, and to touch it as a finger would. It has no windows.
//
// The formats are those of the X Window System Protocol, version 11, release 7 (x.org), and of the extensions XTEST 2.2
// and X-Resource 1.2. Numbers are little-endian on the wire, which the client chooses.
package x11
