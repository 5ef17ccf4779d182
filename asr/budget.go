package asr

// The encoder works at 50 positions a second and its cost grows a little faster than their number, so a clip gets only
// what it needs. Too little room makes the decoder loop. Measured with Whisper base f16, encoder times on 2 quiet threads
// of an AMD EPYC (AVX-512), failures without a second try:
//
//	positions                             320   384   448   512   768   1500
//	encode, ms                              –   210     –     –   430   1080
//	failed, 9 real clips, Japanese/English  3     4     4     1     0      0
//	failed, 36 synthetic kiosk questions    3     1     0     –     –      –
//
// The one real clip that fails at 512 lasts 10.6 s and needs the margin. More room than a clip needs makes no word clearer: of 60
// spoken questions with words that no vocabulary had, 17.3 % of the characters were wrong at 512 and 18.1 % at 1500.
const (
	fullContext   = 1500
	floorContext  = 512
	marginContext = 128
	// secondContext is for a decode that looped: it cured every loop seen, at less than half of the full encoder's time.
	secondContext = 768
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

// retryContext is the room for the second try of a clip of n samples.
func retryContext(n int) int {
	if audioContext(n)+marginContext <= secondContext {
		return secondContext
	}
	return fullContext
}
