package worker

// Role is what a worker is for.
type Role string

// The roles.
const (
	ASR   Role = "asr"   // recogniser and VAD
	LLM   Role = "llm"   // embedder
	Voice Role = "voice" // synthesizer
	Audio Role = "audio" // microphone and loudspeaker
)

// Roles are all of them, in the order in which they are refreshed.
func Roles() []Role { return []Role{ASR, LLM, Voice, Audio} }
