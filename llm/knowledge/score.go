package knowledge

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"tenin/llm/reading"
)

// maxCandidates bounds how many documents are scored; measured on the tuning
// questions, the right one is among the first 24 of some signal or nowhere.
const maxCandidates = 40

// Features of a query and a candidate, as the ranker sees them.
const (
	fAsked       = iota // nearest question, above the mean of all documents
	fSaid               // nearest answer, likewise
	fLent               // nearest question or borrowed sentence, likewise
	fAsked3             // mean of the three nearest questions, likewise
	fAskedNobody        // nearest question against nearest sentence of nobody
	fLentNobody
	fLentAlone // nearest borrowed sentence against nearest question
	fGap       // against the best other document
	fGapSaid
	fFirst // is the nearest of all
	fAskedRaw
	fSurface // character n-grams: cosine with the nearest question
	fSurfaceQuery
	fSurfaceLine
	fSurfaceGap
	fSurfaceLent
	fSound
	fSoundQuery
	fSoundLine
	fSoundGap
	fSoundShort // reading distance to the nearest question as a whole
	fMisheard   // nearest term by sound
	fMisheardShare
	fWords // words: cosine with the nearest question
	fWordsQuery
	fWordsAll // share of the query's words in all that the document says
	fWordsGap
	fBorrows
	fProduct
	fProductExact
	fProductSure
	fAsks
	fAsksGoods
	// What is the same for all candidates.
	fLength
	fWordCount
	fUnknown
	fNobody
	fTopAsked
	fTopSurface
	fTopSound
	fTopWords
	fEnglish
	fAsksAny
	fNoise
	fElsewhere
	fDigits
	fOne
	featureCount
)

// A candidate is a document with its features.
type candidate struct {
	doc      int32
	features [featureCount]float64
}

// A mask hides parts of the index from one search, to train on what it holds.
type mask struct {
	text string // hide lines with this text
}

var noisePattern = regexp.MustCompile(`^[\s\p{P}\p{S}]*$|^[(\[【♪（].*[)\]】♪）〜]$|♪`)

// byDoc collects the best of a text index's findings for each document.
type byDoc struct{ cosine, query, line []float64 }

func gather(x *termIndex, terms []string, docs int, hidden func(text int) bool) (byDoc, float64, float64) {
	found, weight, known := x.search(terms)
	out := byDoc{make([]float64, docs), make([]float64, docs), make([]float64, docs)}
	if weight == 0 {
		return out, 0, 0
	}
	for text, f := range found {
		if f.shared == 0 || hidden != nil && hidden(text) {
			continue
		}
		d := x.owners[text]
		out.cosine[d] = max(out.cosine[d], f.shared/math.Sqrt(weight*x.weights[text]))
		out.query[d] = max(out.query[d], f.shared/weight)
		// A text of one or two letters stands in much by chance.
		out.line[d] = max(out.line[d], f.shared/x.weights[text]*min(1, float64(x.lengths[text])/6))
	}
	return out, weight, known
}

// candidates finds the documents worth scoring and their features. Vector is nil
// without an embedder.
func (x *Index) candidates(query string, vector []float32, m *mask) []candidate {
	n := len(x.docs)
	q := x.read(query)
	asks := questionTypeOf(query)
	var hidden func(int) bool
	if m != nil {
		hidden = func(text int) bool { return text < len(x.lines) && x.lines[text].text == m.text }
	}

	surface, _, _ := gather(x.surface, surfaceTerms(query), n, hidden)
	sound, _, _ := gather(x.sound, soundTerms(q.kana), n, hidden)
	words, wordWeight, wordKnown := gather(x.meaning, q.words, n, hidden)
	all := x.coverage(q.words)
	lentSurface, _, _ := gather(x.borrowed, surfaceTerms(query), n, nil)
	misheard, misheardShare := x.misheard(q.kana, hidden != nil)

	asked, said, lent := fill(n, -1), fill(n, -1), fill(n, -1)
	asked3 := fill(n, 0)
	nobody, meanAsked, meanSaid := 0.0, 0.0, 0.0
	if vector != nil {
		similar := x.asked.similar(vector)
		var top [3]float64
		at := 0
		for d := range x.docs {
			top = [3]float64{-1, -1, -1}
			for ; at < int(x.docs[d].past); at++ {
				if hidden != nil && hidden(at) {
					continue
				}
				if s := float64(similar[at]); s > top[0] {
					top = [3]float64{s, top[0], top[1]}
				} else if s > top[1] {
					top = [3]float64{top[0], s, top[1]}
				} else if s > top[2] {
					top[2] = s
				}
			}
			asked[d] = max(top[0], 0.6)
			for i, t := range top {
				if t < 0 {
					top[i] = top[max(i-1, 0)] - 0.02
				}
			}
			asked3[d] = max((top[0]+top[1]+top[2])/3, 0.6)
			meanAsked += asked[d] / float64(n)
		}
		said = x.said.best(vector, n)
		for _, s := range said {
			meanSaid += s / float64(n)
		}
		lent = x.lent.best(vector, n)
		for _, s := range x.nobody.similar(vector) {
			nobody = max(nobody, float64(s))
		}
	}
	near := make([]float64, n)
	for d := range near {
		near[d] = max(asked[d], lent[d])
	}

	picked := x.pick(near, said, surface.cosine, surface.line, sound.cosine, sound.line, words.cosine, all, lentSurface.cosine, misheard)
	topNear, topSaid := topTwo(near), topTwo(said)
	topSurface, topSound, topWords := topTwo(surface.cosine), topTwo(sound.cosine), topTwo(all)
	unknown := 0.0
	if wordWeight > 0 {
		unknown = 1 - wordKnown/wordWeight
	}
	noise := 0.0
	if noisePattern.MatchString(query) || distinct(query) <= 2 {
		noise = 1
	}
	elsewhere := truth(x.elsewhere(query))
	digits := min(1, float64(countDigits(query))/8)
	length := math.Log1p(float64(reading.Morae(q.kana))) / 3
	goods := asks&(askWhere|askExists|askWant|askPrice) != 0
	out := make([]candidate, len(picked))
	for i, d := range picked {
		doc := &x.docs[d]
		c := candidate{doc: d}
		f := &c.features
		if vector != nil {
			f[fAsked] = 20 * (asked[d] - meanAsked)
			f[fSaid] = 20 * (said[d] - meanSaid)
			f[fLent] = 20 * (near[d] - meanAsked)
			f[fAsked3] = 20 * (asked3[d] - meanAsked)
			f[fAskedNobody] = 20 * (asked[d] - nobody)
			f[fLentNobody] = 20 * (near[d] - nobody)
			if lent[d] > 0 {
				f[fLentAlone] = 20 * (lent[d] - asked[d])
			}
			f[fGap] = 20 * topNear.gap(near[d])
			f[fGapSaid] = 20 * topSaid.gap(said[d])
			f[fFirst] = truth(near[d] == topNear[0])
			f[fAskedRaw] = 10 * (near[d] - 0.9)
			f[fNobody] = 20 * (nobody - meanAsked)
			f[fTopAsked] = 20 * (topNear[0] - nobody)
		}
		f[fSurface], f[fSurfaceQuery], f[fSurfaceLine] = surface.cosine[d], surface.query[d], surface.line[d]
		f[fSurfaceGap] = topSurface.gap(surface.cosine[d])
		f[fSurfaceLent] = lentSurface.cosine[d]
		f[fSound], f[fSoundQuery], f[fSoundLine] = sound.cosine[d], sound.query[d], sound.line[d]
		f[fSoundGap] = topSound.gap(sound.cosine[d])
		f[fSoundShort] = 1 - x.nearestSound(q.kana, doc, hidden)
		f[fMisheard], f[fMisheardShare] = misheard[d], misheardShare[d]
		f[fWords], f[fWordsQuery] = words.cosine[d], words.query[d]
		f[fWordsAll], f[fWordsGap] = all[d], topWords.gap(all[d])
		f[fBorrows] = truth(doc.borrows)
		if doc.product != nil {
			f[fProduct] = 1
			exact := 0.0
			for _, l := range x.lines[doc.first:doc.past] {
				if names(query, l.text) || l.kana != "" && len(l.kana) > 6 && strings.Contains(q.kana, l.kana) {
					exact = max(exact, float64(utf8.RuneCountInString(l.kana))/math.Max(1, float64(utf8.RuneCountInString(q.kana))))
				}
			}
			f[fProductExact] = math.Sqrt(min(1, exact))
			f[fProductSure] = math.Sqrt(min(1, exact)) * truth(goods || q.content <= 1)
			f[fAsksGoods] = truth(goods)
		}
		f[fAsks] = doc.asks.agreement(asks)
		f[fLength] = length
		f[fWordCount] = math.Min(1, float64(q.content)/6)
		f[fUnknown] = unknown
		f[fTopSurface], f[fTopSound], f[fTopWords] = topSurface[0], topSound[0], topWords[0]
		f[fEnglish] = truth(languageOf(query) == "en")
		f[fAsksAny] = truth(asks != 0)
		f[fNoise] = noise
		f[fElsewhere] = elsewhere
		f[fDigits] = digits
		f[fOne] = 1
		out[i] = c
	}
	return out
}

// coverage is the share of the words' idf that each document says anywhere.
func (x *Index) coverage(words []string) []float64 {
	out := make([]float64, len(x.docs))
	total := 0.0
	seen := map[string]bool{}
	last := make([]int32, len(x.docs))
	for n, w := range words {
		if seen[w] {
			continue
		}
		seen[w] = true
		id, ok := x.meaning.ids[w]
		if !ok {
			total += x.meaning.rare
			continue
		}
		total += x.meaning.idf[id]
		for _, p := range x.meaning.postings[id] {
			if d := x.meaning.owners[p.text]; last[d] != int32(n+1) {
				last[d] = int32(n + 1)
				out[d] += x.meaning.idf[id]
			}
		}
	}
	if total > 0 {
		for d := range out {
			out[d] /= total
		}
	}
	return out
}

// misheard says for each document how near its nearest term comes to some stretch
// of the query by sound, 0 to 1, long terms counting more, and which share of
// the query that stretch is.
func (x *Index) misheard(kana string, training bool) (near, share []float64) {
	near, share = make([]float64, len(x.docs)), make([]float64, len(x.docs))
	kana = clipSound(kana)
	total := float64(reading.Morae(kana))
	if total < 2 {
		return near, share
	}
	heard := soundsOf(kana)
	for _, t := range x.terms {
		if !t.beats.mostly(heard) || t.morae > total+2 || training && t.kana == kana {
			continue
		}
		match := reading.Within(t.kana, kana)
		rarity := math.Log(float64(len(x.docs)+1)/float64(len(t.docs))) / math.Log(float64(len(x.docs)+1))
		s := max(0, 1-2*match.Distance) * min(1, 0.4+t.morae/10) * rarity
		for _, d := range t.docs {
			if s > near[d] {
				near[d], share[d] = s, s*min(1, t.morae/total)
			}
		}
	}
	return near, share
}

func clipSound(kana string) string {
	rs := []rune(kana)
	if len(rs) > maxSoundMorae {
		rs = append(rs[:maxSoundMorae/2:maxSoundMorae/2], rs[len(rs)-maxSoundMorae/2:]...)
	}
	return string(rs)
}

// nearestSound is the smallest distance of the whole query to a line's reading.
func (x *Index) nearestSound(kana string, d *document, hidden func(int) bool) float64 {
	best := 1.0
	length := utf8.RuneCountInString(kana)
	if length == 0 || length > 40 {
		return best
	}
	heard := soundsOf(kana)
	for i := d.first; i < d.past; i++ {
		if !heard.mostly(x.lines[i].beats) {
			continue
		}
		n := utf8.RuneCountInString(x.lines[i].kana)
		if n == 0 || n > 2*length || length > 2*n || hidden != nil && hidden(int(i)) {
			continue
		}
		best = min(best, reading.Distance(kana, x.lines[i].kana))
	}
	return best
}

// pick is the union of the best few documents of each signal, best of the first
// signals first.
func (x *Index) pick(signals ...[]float64) []int32 {
	const each = 8
	chosen := map[int32]bool{}
	order := make([]int32, len(x.docs))
	for _, s := range signals {
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortFunc(order, func(a, b int32) int {
			return cmp.Or(cmp.Compare(s[b], s[a]), cmp.Compare(a, b))
		})
		for _, d := range order[:min(each, len(order))] {
			if s[d] > 0 && len(chosen) < maxCandidates {
				chosen[d] = true
			}
		}
	}
	out := make([]int32, 0, len(chosen))
	for d := range chosen {
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

// two are the largest values of a signal.
type two [2]float64

func topTwo(s []float64) two {
	t := two{math.Inf(-1), math.Inf(-1)}
	for _, v := range s {
		if v > t[0] {
			t = two{v, t[0]}
		} else if v > t[1] {
			t[1] = v
		}
	}
	return t
}

// gap is how far v is above the best other value.
func (t two) gap(v float64) float64 {
	if math.IsInf(t[1], -1) {
		return 0
	}
	if v == t[0] {
		return v - t[1]
	}
	return v - t[0]
}

func fill(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// names tells whether query holds name. One letter names only when alone.
func names(query, name string) bool {
	return query == name || utf8.RuneCountInString(name) > 1 && strings.Contains(query, name)
}

func countDigits(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

func distinct(s string) int {
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	return len(seen)
}
