// Package service is what a kiosk that systemd started is told by it, and tells it: where the home is, a credential,
// that it is ready, that it is still alive. Without systemd every call does nothing, or says that there is nothing.
//
// The units are in firmware/systemd; a test here reads them.
package service
