// Package device reads device.toml, the one file that says what a kiosk's image is made of, and knows how its disk is laid out.
//
// Every key but version has a default. A key that nobody knows is an error that names the nearest known one: a build takes
// minutes, and a setting that was silently ignored is seen when the kiosk stands in the shop.
package device
