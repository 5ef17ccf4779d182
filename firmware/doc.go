// Package firmware is the room of the device image: how it is built, signed, flashed, enrolled and updated. Its parts
// are in the folders below; DESIGN.md says how they fit.
package firmware
