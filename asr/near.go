package asr

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"unicode"

	"tenin/llm/reading"
)

const (
	// shortestNear is how many firm beats a word needs to be sought by sound: shorter ones sound like half the language, but
	// for those of two Chinese characters or more that are drawn out (通帳, 清掃), which are sought where they sound all but the same.
	shortestNear = 3
	shortSound   = 0.1
	// closeSound is how far, by reading.Within, a stretch may sound from a word that a prompt should name.
	closeSound = 0.32
	// closeShort and closeMiddle bound the same, in beats, for words of three and four firm beats.
	closeShort, closeMiddle = 0.6, 1.1
	// nearSound, nearShort and nearMiddle are the same for a word that is worth scoring.
	nearSound, nearShort, nearMiddle = 0.4, 0.9, 1.5
	// nearAlike is how far a word may sound from a stretch that has as many letters and some of them in the same places:
	// characters that make no word together are read by guess (両修書 for 領収書).
	nearAlike = 0.6
	// mostNear bounds the words that one transcript calls up.
	mostNear = 4
	// knownSound is how far one of the shop's words may sound from another that was heard (何回, 何階) to be scored.
	knownSound = 0.1
	// commonWords stand before them in a focused prompt.
	commonWords = 4
)

// near is a word that may have been said where a transcript has something else.
type near struct {
	*sounded
	distance float64
	close    bool // near enough to be named in a prompt unheard
	alike    bool
	madeUp   bool    // what stands in its place is no word of the dictionary
	known    bool    // what stands in its place is another of the shop's words
	likelier bool    // and one that stands behind it in the vocabulary
	better   float64 // beats by which it is nearer than its place to what the decoder heard aloud, where it was found in that; else 0
	from, to int     // the letters of the transcript in its place
}

// hearing is one way to read a transcript aloud.
type hearing struct {
	kana string
	// ends[i] is where the sound of the first i letters ends in kana, begins[i] where that of the others begins: before ends[i]
	// where it is not known whose the sound between them is.
	begins, ends []int
	aloud        bool // heard by the decoder, not read
}

// of is the sound of the letters from from to to.
func (h hearing) of(from, to int) string {
	return h.kana[h.begins[from]:max(h.begins[from], h.ends[to])]
}

// hearings are the dictionary's reading of text and, where it has Chinese characters, the one with each of them by itself:
// what Whisper makes up of sounds is no word of any dictionary.
func (x *Lexicon) hearings(text string) []hearing {
	runes := []rune(text)
	plain := hearing{kana: x.sound(text), ends: make([]int, len(runes)+1)}
	for i := range runes {
		plain.ends[i+1] = min(len(x.sound(string(runes[:i+1]))), len(plain.kana))
	}
	plain.begins = plain.ends
	apart := hearing{ends: []int{0}}
	for i := 0; i < len(runes); {
		if on := onReading(runes[i]); on != "" {
			apart.kana += on
			apart.ends = append(apart.ends, len(apart.kana))
			i++
			continue
		}
		j := i + 1
		for j < len(runes) && onReading(runes[j]) == "" {
			j++
		}
		base, whole := len(apart.kana), x.sound(string(runes[i:j]))
		for k := i + 1; k < j; k++ {
			apart.ends = append(apart.ends, base+min(len(x.sound(string(runes[i:k]))), len(whole)))
		}
		apart.kana += whole
		apart.ends = append(apart.ends, len(apart.kana))
		i = j
	}
	apart.begins = apart.ends
	if reading.Distance(apart.kana, plain.kana) == 0 {
		return []hearing{plain}
	}
	return []hearing{plain, apart}
}

// letters are those whose sound lies between start and end; of the stretches that differ by a letter at either side the one
// that sounds most like kana.
func (h hearing) letters(runes []rune, kana string, start, end int) (from, to int) {
	from, to = -1, -1
	for i := range runes {
		if from < 0 && h.begins[i+1] > start {
			from = i
		}
		if to < 0 && h.ends[i+1] >= end {
			to = i + 1
		}
	}
	if from < 0 || to <= from {
		return 0, 0
	}
	best := 2.0
	f0, t0 := from, to
	for _, f := range []int{f0, f0 - 1, f0 + 1} {
		for _, t := range []int{t0, t0 + 1, t0 - 1} {
			if f < 0 || t <= f || t > len(runes) || h.ends[t] <= h.begins[f] || apart(runes[f:t]) {
				continue
			}
			if d := reading.Distance(kana, h.of(f, t)); d < best {
				best, from, to = d, f, t
			}
		}
	}
	if best > 1 {
		return 0, 0
	}
	// A character that nothing reads alone has no sound, and no place but in the word that it stands before (膨材表).
	for from > 0 && h.begins[from-1] == h.begins[from] && unicode.Is(unicode.Han, runes[from-1]) {
		from--
	}
	// Nor does a word begin with a small letter (ェルト in ウェルト for ベルト).
	for from > 0 && strings.ContainsRune(noBegin, runes[from]) && !notLetter(runes[from-1]) {
		from--
	}
	return from, to
}

// apart tells letters that cannot be one word. を stands between words, but in what was misheard; and Whisper writes a comma
// between the halves of a word that it does not know (新作、剣 for 診察券), and a stroke between what it takes for numbers (9/5室
// for 救護室).
func apart(letters []rune) bool {
	if first, last := letters[0], letters[len(letters)-1]; notLetter(first) || notLetter(last) || first == 'を' || last == 'を' {
		return true
	}
	return slices.ContainsFunc(letters, func(r rune) bool { return notLetter(r) && r != '、' && r != '/' })
}

func notLetter(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsNumber(r) && !unicode.IsMark(r)
}

// near returns the words that are not in text but sound like a stretch of it, the likeliest first. hearings are text's.
func (x *Lexicon) near(text string, hearings []hearing) []near {
	letters, runes := bare(text), []rune(text)
	if letters == "" {
		return nil
	}
	var all []near
	for n, h := range hearings {
		kinds := beatsOf(h.kana)
		type stretch struct{ start, end, word int }
		var written []stretch
		var found []near
		var at []stretch
		for i := range x.words {
			w := &x.words[i]
			if strings.Contains(letters, w.bare) {
				if n == 0 {
					if at := strings.Index(h.kana, w.kana); at >= 0 {
						written = append(written, stretch{at, at + len(w.kana), i})
					}
				}
				continue
			}
			limit, closer := nearSound, closeSound
			switch w.firm {
			case 2:
				limit, closer = shortSound, -1
			case 3:
				limit, closer = min(limit, nearShort/w.beats), min(closer, closeShort/w.beats)
			case 4:
				limit, closer = min(limit, nearMiddle/w.beats), min(closer, closeMiddle/w.beats)
			}
			place := -1
			if !h.aloud { // what was heard aloud is no guess at how characters are read
				place = alike(w.letters, runes)
			}
			switch {
			case place >= 0 && w.firm >= shortestNear:
				limit, closer = nearAlike, nearAlike
			case 3*bits.OnesCount64(w.kinds&^kinds) > bits.OnesCount64(w.kinds)+1:
				continue
			}
			m := reading.Within(w.kana, h.kana)
			if m.Distance > limit || m.End <= m.Start {
				continue
			}
			from, to := h.letters(runes, w.kana, m.Start, m.End)
			if place >= 0 && place < to && from < place+len(w.letters) {
				from, to = place, place+len(w.letters)
			}
			from, to = w.whole(runes, from, to)
			if to <= from {
				continue
			}
			f := near{sounded: w, distance: m.Distance, close: m.Distance <= closer, alike: place >= 0, from: from, to: to}
			if f.replaces(text) {
				found = append(found, f)
				at = append(at, stretch{m.Start, m.End, i})
			}
		}
		for i, f := range found {
			in := slices.IndexFunc(written, func(s stretch) bool { return s.start <= at[i].start && at[i].end <= s.end })
			f.known = in >= 0
			f.likelier = f.known && at[i].word < written[in].word
			// A stretch that is one of the shop's words as it stands was heard well, unless another sounds much the same; and
			// what sounds the same spelled out is no other word.
			if f.known && f.distance > knownSound || f.distance == 0 && allHiragana(f.text) {
				continue
			}
			if same := slices.IndexFunc(all, func(o near) bool { return o.sounded == f.sounded }); same < 0 {
				all = append(all, f)
			} else if f.distance < all[same].distance {
				all[same] = f
			}
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return cmp.Compare(b.gain(), a.gain()) })
	all = all[:min(mostNear, len(all))]
	for i := range all {
		all[i].madeUp = madeUp(string(runes[all[i].from:all[i].to]))
	}
	return all
}

// madeUp tells whether letters, two or more with a Chinese one among them, are words of one letter each to the dictionary:
// Whisper writes 両外 or 要概 for sounds that it cannot place.
func madeUp(letters string) bool {
	n, han := 0, false
	for _, t := range reading.Default().Analyze(letters) {
		r := []rune(t.Surface)
		if len(r) > 1 {
			return false
		}
		n++
		han = han || unicode.Is(unicode.Han, r[0])
	}
	return n > 1 && han
}

// gain orders near words: beats that agree.
func (n near) gain() float64 { return n.beats * (1 - 2*n.apart()) }

// apart is n's distance, or half of it where letters in common speak for the word too.
func (n near) apart() float64 {
	if n.alike {
		return n.distance / 2
	}
	return n.distance
}

// whole widens a stretch by a letter that w begins or ends with and that would else stand twice (冷やけ止|め for 日焼け止め).
func (w *sounded) whole(runes []rune, from, to int) (int, int) {
	word := []rune(w.text)
	if to <= from {
		return from, to
	}
	if from > 0 && runes[from-1] == word[0] && runes[from] != word[0] {
		from--
	}
	if to < len(runes) && runes[to] == word[len(word)-1] && runes[to-1] != word[len(word)-1] {
		to++
	}
	return from, to
}

// alike returns where in text there are as many letters as in word, a third of them the same in their places, Chinese ones
// at that; -1 when nowhere.
func alike(word, text []rune) int {
	if len(word) < 3 || len(word) > 6 || !unicode.Is(unicode.Han, word[0]) {
		return -1
	}
	best, most := -1, 0
	for at := 0; at+len(word) <= len(text); at++ {
		same := 0
		for i, r := range word {
			switch t := text[at+i]; {
			case r == t && unicode.Is(unicode.Han, r):
				same++
			case notLetter(t) || unicode.Is(unicode.Hiragana, t) != unicode.Is(unicode.Hiragana, r):
				same = -len(word)
			}
		}
		if same*3 >= len(word) && same > most {
			best, most = at, same
		}
	}
	return best
}

// in is text with n in the place of what sounds like it.
func (n near) in(text string) string {
	runes := []rune(text)
	return string(runes[:n.from]) + n.text + string(runes[n.to:])
}

// together is text with those of likely put in that do not overlap, the first of them first.
func together(text string, likely []near) (string, []near) {
	runes := []rune(text)
	taken := make([]bool, len(runes))
	at := map[int]string{}
	var put []near
	for _, n := range likely {
		if slices.Contains(taken[n.from:n.to], true) {
			continue
		}
		for i := n.from; i < n.to; i++ {
			taken[i] = true
		}
		at[n.from] = n.text
		put = append(put, n)
	}
	var b strings.Builder
	for i, r := range runes {
		b.WriteString(at[i])
		if !taken[i] {
			b.WriteRune(r)
		}
	}
	return b.String(), put
}

// replaces tells whether n is near enough to be worth a score in the place of letters. What is written in hiragana is mostly
// grammar (ますか is no マスカラ).
func (n near) replaces(text string) bool {
	if allHiragana(string([]rune(text)[n.from:n.to])) {
		return n.firm >= 4 && n.distance <= 0.2
	}
	return true
}
