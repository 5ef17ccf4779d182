package speech

import (
	"strings"

	"tenin/llm/reading"
)

// Lengths in beats of 0.13 s: a chunk stays below five seconds, because the
// model's memory grows with its longest input and stays (453 MB after 4.2 s,
// 669 MB after 9.1 s); the first one is shorter, because the shopper waits for
// it (0.3 s of work for each second on two threads).
const (
	chunkMorae = 34
	firstMorae = 20
	leastMorae = 5 // a chunk below this sounds cut off
)

// Pauses behind a chunk, in seconds.
const (
	sentencePause = 0.35
	commaPause    = 0.15
	phrasePause   = 0.05
)

// maxPhonemes is the most that the model takes besides its two end marks: 511
// fails in the engine.
const maxPhonemes = 510

// A chunk is what the model speaks in one run.
type chunk struct {
	phonemes string
	morae    int
	pause    float64 // seconds of silence behind it
}

// chunks cuts text into pieces for the model: at sentence ends, then at 、, then
// between words, best behind a particle.
func (f *FrontEnd) chunks(text string) []chunk {
	var out []chunk
	for _, sentence := range f.sentences(text) {
		limit := chunkMorae
		if len(out) == 0 {
			limit = firstMorae
		}
		for len(sentence) > 0 {
			n, pause := cut(sentence, limit)
			out = append(out, f.fit(sentence[:n], pause)...)
			sentence = sentence[n:]
			limit = chunkMorae
		}
	}
	if len(out) > 0 {
		out[len(out)-1].pause = 0
	}
	return out
}

// cut chooses how many nodes of a sentence go into one chunk of at most limit
// beats, and the pause behind it.
func cut(sentence []node, limit int) (n int, pause float64) {
	total := 0
	for _, s := range sentence {
		total += s.morae()
	}
	if total <= limit {
		return len(sentence), sentencePause
	}
	sum, comma, phrase, word := 0, 0, 0, 0
	for i, s := range sentence {
		if sum += s.morae(); sum > limit {
			break
		}
		if rest := total - sum; sum < leastMorae || rest < leastMorae {
			continue
		}
		// A mark belongs to the chunk that it ends.
		if i+1 < len(sentence) && sentence[i+1].mark {
			continue
		}
		word = i + 1
		switch {
		case s.mark && s.kana == "、":
			comma = i + 1
		case s.particle && i+1 < len(sentence) && !sentence[i+1].particle:
			phrase = i + 1
		}
	}
	switch {
	case comma > 0:
		return comma, commaPause
	case total <= chunkMorae && phrase == 0:
		return len(sentence), sentencePause
	case phrase > 0:
		return phrase, phrasePause
	case word > 0:
		return word, phrasePause
	}
	return 1, phrasePause
}

func (n node) morae() int {
	if n.mark {
		return 0
	}
	return reading.Morae(n.kana)
}

// fit romanises a chunk and, where one word alone is beyond the model's limit,
// splits it by force.
func (f *FrontEnd) fit(nodes []node, pause float64) []chunk {
	if !hasSound(nodes) {
		return nil
	}
	morae := 0
	for _, n := range nodes {
		morae += n.morae()
	}
	p := f.phonemes(nodes)
	if p == "" {
		return nil
	}
	if pause == phrasePause && !strings.ContainsRune(",.!?", lastRune(p)) {
		// The comma keeps the voice up: without it the model ends the sentence here.
		p += ","
	}
	if len([]rune(p)) <= maxPhonemes && morae <= 2*chunkMorae {
		return []chunk{{p, morae, pause}}
	}
	if len(nodes) > 1 {
		half := len(nodes) / 2
		return append(f.fit(nodes[:half], phrasePause), f.fit(nodes[half:], pause)...)
	}
	kana := []rune(nodes[0].kana)
	half := len(kana) / 2
	if half == 0 {
		return []chunk{{p, morae, pause}}
	}
	left, right := nodes[0], nodes[0]
	left.kana, right.kana = string(kana[:half]), string(kana[half:])
	return append(f.fit([]node{left}, phrasePause), f.fit([]node{right}, pause)...)
}
