package worker

import (
	"context"

	"tenin/asr"
	"tenin/audio"
	"tenin/audio/speech"
	"tenin/llm"
	"tenin/llm/models"
	"tenin/llm/reading"
)

// Settings are what the pool tells a worker about its engines.
type Settings struct {
	Weights models.Store
	Threads int // of one engine call; 0: the engine's own choice
}

// Devices are a way in and out of the machine; audio.FakeDevices are some.
type Devices interface {
	Devices() ([]audio.Device, error)
	DefaultMicrophone() (audio.Device, error)
	OpenMicrophone(context.Context, audio.DeviceOptions) (*audio.Microphone, error)
	OpenSpeaker(context.Context, audio.DeviceOptions) (*audio.Speaker, error)
}

// Engines open what the roles compute with. A worker calls those of its own role only, before it is sealed.
type Engines struct {
	Recognizer func(Settings) (asr.Recognizer, error) // may have Tokens(string) int
	VAD        func(Settings) (audio.VAD, error)      // also called later, for a second VAD at the same time
	Reading    func() func(text string) string        // how a text sounds, for lexicons (reading.Analyzer.Katakana)
	Embedder   func(Settings) (llm.Embedder, error)
	Voice      func(Settings) (speech.Synthesizer, error)
	Devices    func(Settings) (Devices, error)
}

// RealEngines are those of this build; without the tag engines each says that there is none.
func RealEngines() Engines {
	return Engines{
		Recognizer: func(s Settings) (asr.Recognizer, error) {
			path, err := s.Weights.Path(models.Whisper)
			if err != nil {
				return nil, err
			}
			return asr.OpenWhisper(path, asr.WhisperOptions{Threads: s.Threads})
		},
		VAD: func(s Settings) (audio.VAD, error) {
			path, err := s.Weights.Path(models.Silero)
			if err != nil {
				return nil, err
			}
			return audio.OpenSilero(path)
		},
		Reading: func() func(string) string { return reading.Default().Katakana },
		Embedder: func(s Settings) (llm.Embedder, error) {
			path, err := s.Weights.Path(models.E5)
			if err != nil {
				return nil, err
			}
			return llm.OpenEmbedder(path)
		},
		Voice: func(s Settings) (speech.Synthesizer, error) {
			for _, name := range []string{models.Kokoro, models.KokoroVoices, models.KokoroVocab, models.KokoroWords} {
				if _, err := s.Weights.Path(name); err != nil {
					return nil, err
				}
			}
			return speech.LoadKokoro(speech.PathsIn(s.Weights.Dir()), reading.Default, s.Threads)
		},
		Devices: func(Settings) (Devices, error) { return system{}, nil },
	}
}

// system are the machine's own devices.
type system struct{}

func (system) Devices() ([]audio.Device, error)         { return audio.Devices() }
func (system) DefaultMicrophone() (audio.Device, error) { return audio.DefaultMicrophone() }
func (system) OpenMicrophone(ctx context.Context, o audio.DeviceOptions) (*audio.Microphone, error) {
	return audio.OpenMicrophone(ctx, o)
}
func (system) OpenSpeaker(ctx context.Context, o audio.DeviceOptions) (*audio.Speaker, error) {
	return audio.OpenSpeaker(ctx, o)
}
