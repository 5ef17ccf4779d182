//go:build !engines

package audio

// system has no devices in this build.
var system driver = noDevices{}

type noDevices struct{}

func (noDevices) devices() ([]Device, error)                         { return nil, ErrNoEngines }
func (noDevices) openInput(Device, func([]float32)) (stream, error)  { return nil, ErrNoEngines }
func (noDevices) openOutput(Device, func([]float32)) (stream, error) { return nil, ErrNoEngines }
