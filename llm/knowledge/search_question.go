package knowledge

import "regexp"

// A questionType is a set of what a sentence asks for.
type questionType uint16

const (
	askWhere questionType = 1 << iota
	askWhen
	askPrice
	askExists
	askMay
	askHow
	askWant
	askWho
	askLost
	questionTypes = 9
)

var questionPatterns = [questionTypes]*regexp.Regexp{
	regexp.MustCompile(`どこ|何階|なんかい|場所|どちら|どっち|どの辺|どのへん|売り?場|行き方|\bwhere\b|which floor|what floor`),
	regexp.MustCompile(`何時|なんじ|いつ|何曜|何日|時間|期限|まで|\bwhen\b|what time|how late|until|hours`),
	regexp.MustCompile(`いくら|料金|値段|何円|無料|タダ|ただで|有料|費用|なんぼ|how much|price|\bfree\b|\bcost`),
	regexp.MustCompile(`あります|ある\?|ある？|ある$|あるん|ありませ|ございます|置いて|売って|扱って|あらへん|あんの|do you (have|sell|carry)|is there|are there|any `),
	regexp.MustCompile(`でき|いいです|いい\?|いい？|使え|可能|もらえ|いただけ|ください|してほしい|大丈夫|払え|入れ|ええの|\bcan i\b|\bmay i\b|could (i|you)|can you|is it (ok|okay|possible)|allowed`),
	regexp.MustCompile(`どうやって|どうすれば|どうすりゃ|方法|やり方|教えて|仕方|手続き|how do|how can|how to`),
	regexp.MustCompile(`ほしい|欲しい|買いたい|買える|探して|さがして|ちょうだい|ください|\bwant\b|looking for|\bneed\b|\bbuy\b`),
	regexp.MustCompile(`誰|だれ|\bwho\b`),
	regexp.MustCompile(`なくし|落と|見つからな|はぐれ|忘れ|迷子|いなくな|\blost\b|can't find|missing`),
}

func questionTypeOf(text string) questionType {
	var t questionType
	for i, p := range questionPatterns {
		if p.MatchString(text) {
			t |= 1 << i
		}
	}
	return t
}

// A questionProfile is how many of a document's lines ask for each type, 0 to 1.
type questionProfile [questionTypes]float64

func profileOf(lines []line, product bool) questionProfile {
	var p questionProfile
	for _, l := range lines {
		for i := range p {
			if l.asks&(1<<i) != 0 {
				p[i] += 1 / float64(len(lines))
			}
		}
	}
	if product {
		// A shopper asks all of this about goods, whatever they are called.
		for _, t := range []int{0, 2, 3, 6} {
			p[t] = 1
		}
	}
	return p
}

// agreement says how well the question's types fit the profile: the mean of the
// profile over them, or 0.5 for a question that shows none.
func (p questionProfile) agreement(t questionType) float64 {
	sum, n := 0.0, 0
	for i := range p {
		if t&(1<<i) != 0 {
			sum += min(1, 2*p[i])
			n++
		}
	}
	if n == 0 {
		return 0.5
	}
	return sum / float64(n)
}
