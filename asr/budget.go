package asr

// The encoder works at 50 positions a second and its cost grows a little faster than their number, so a clip gets only
// what it needs. AUDIOCTX_MEASURED
const (
	fullContext   = 1500
	floorContext  = 384
	marginContext = 64
)

// audioContext is the number of encoder positions for a clip of n samples.
func audioContext(n int) int {
	c := (n*50+SampleRate-1)/SampleRate + marginContext
	c = (c + 7) / 8 * 8
	return min(max(c, floorContext), fullContext)
}

// maxTokens bounds the text tokens of a clip of n samples. Fast Japanese has about 10 morae a second and Whisper spends
// about one token on a mora at worst; a decode that wants more is looping.
func maxTokens(n int) int {
	return min(24+n*12/SampleRate, 220)
}
