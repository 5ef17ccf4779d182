package config

import _ "embed"

// Example is a tenin.toml with every key, its default and its meaning.
//
//go:embed example.toml
var Example string
