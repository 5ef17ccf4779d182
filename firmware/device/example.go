package device

import _ "embed"

// Example is a device.toml with every key, its default and its meaning.
//
//go:embed example.toml
var Example string
