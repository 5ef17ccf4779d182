//go:build !engines

package main

const hasEngines = false
