package asr

import "runtime"

// WhisperOptions are the settings of OpenWhisper.
type WhisperOptions struct {
	// Threads of one decode; 0 means as many as there are CPUs, at most 4: more gain nothing on clips of a few seconds.
	Threads int
}

func (o WhisperOptions) threads() int {
	if o.Threads > 0 {
		return o.Threads
	}
	return min(runtime.NumCPU(), 4)
}
