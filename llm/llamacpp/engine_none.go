//go:build !engines

package llama

func openEngine(string, ModelOptions, func(float32) bool) (backend, error) { return nil, ErrNoEngine }
