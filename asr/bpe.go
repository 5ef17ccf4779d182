package asr

// textTokens is Whisper's vocabulary of text: the bytes of each and its number. Of two tokens the one with the lower number was
// merged earlier when the vocabulary was made (Sennrich et al. 2016), which is the order in which texts were split for
// training.
type textTokens map[string]int32

// split splits text as Whisper learned it: bytes are joined pair by pair, the earliest merge first. whisper_tokenize takes
// the longest token at each place instead, which the model finds less likely than what it would write itself. text is one
// run of letters with at most punctuation between them, as in a Japanese sentence.
func (v textTokens) split(text string) []int32 {
	parts := make([]string, len(text))
	for i := range len(text) {
		parts[i] = text[i : i+1]
	}
	for {
		at, earliest := -1, int32(0)
		for i := 0; i+1 < len(parts); i++ {
			if id, ok := v[parts[i]+parts[i+1]]; ok && (at < 0 || id < earliest) {
				at, earliest = i, id
			}
		}
		if at < 0 {
			break
		}
		parts[at] += parts[at+1]
		parts = append(parts[:at+1], parts[at+2:]...)
	}
	out := make([]int32, 0, len(parts))
	for _, p := range parts {
		if id, ok := v[p]; ok {
			out = append(out, id)
		}
	}
	return out
}
