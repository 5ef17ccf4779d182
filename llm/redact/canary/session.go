package canary

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A Session is what one invented shopper says.
type Session struct {
	// Language is "ja" or "en".
	Language string
	// Text is the question, with what nobody needed to know for the answer.
	Text string
	// Marks are the pieces of Text that are personal. Each stands in no other session of the same Sessions, and is long
	// enough to be nothing else.
	Marks []string
}

// Sessions invents n shoppers, every second one Japanese. The same seed gives the same ones.
func Sessions(seed uint64, n int) []Session {
	g := &generator{rand.New(rand.NewPCG(seed, 0x63616e617279)), map[string]bool{}}
	list := make([]Session, n)
	for i := range list {
		if i%2 == 0 {
			list[i] = g.japanese(i)
		} else {
			list[i] = g.english(i)
		}
	}
	return list
}

type generator struct {
	*rand.Rand
	used map[string]bool
}

// unique tries until invent gives what was not used before. Where the words do not suffice for so many shoppers it panics.
func (g *generator) unique(invent func() string) string {
	for range 1000 {
		if s := invent(); !g.used[s] {
			g.used[s] = true
			return s
		}
	}
	panic("canary: too many sessions")
}

func (g *generator) of(words []string) string { return words[g.IntN(len(words))] }

func (g *generator) japanese(i int) Session {
	name := g.unique(func() string { return g.of(surnames) + g.of(givenNames) })
	address := g.unique(func() string {
		return fmt.Sprintf("%s%s%d丁目%d番%d号", g.of(cities), g.of(towns), 1+g.IntN(9), 1+g.IntN(40), 1+g.IntN(30))
	})
	illness := g.unique(func() string { return fmt.Sprintf("%d歳で%sの%s", 18+g.IntN(80), g.of(illnesses), g.of(treatments)) })
	phrase := g.unique(func() string {
		return fmt.Sprintf("%s%s%d年も話していません", g.of(secrets), g.of(confidants), 2+g.IntN(30))
	})
	marks := []string{name}
	tell := func(mark, sentence string) string {
		marks = append(marks, mark)
		return fmt.Sprintf(sentence, mark)
	}
	parts := []string{g.of(questions) + "、" + name + "と申します。"}
	for k := range 3 {
		// Neighbours differ, so that each kind is told by voice and by text, kept and unkept.
		switch (i/2 + 3*k) % 8 {
		case 0:
			parts = append(parts, tell(g.phone(), "電話は%sです。"))
		case 1:
			parts = append(parts, tell(address, "住所は%sです。"))
		case 2:
			parts = append(parts, tell(g.card(), "カードの番号は%sです。"))
		case 3:
			parts = append(parts, tell(g.mail(), "メールは%sへお願いします。"))
		case 4:
			parts = append(parts, tell(g.myNumber(), "マイナンバーは%sです。"))
		case 5:
			parts = append(parts, tell(illness, "%sをしています。"))
		case 6:
			parts = append(parts, tell(phrase, "%s。"))
		case 7:
			parts = append(parts, tell(g.account(), "口座の番号は%sです。"))
		}
	}
	return Session{"ja", strings.Join(parts, ""), marks}
}

func (g *generator) english(i int) Session {
	name := g.unique(func() string { return g.of(firstNames) + " " + g.of(lastNames) })
	address := g.unique(func() string { return fmt.Sprintf("%d %s %s", 100+g.IntN(9800), g.of(streetNames), g.of(streets)) })
	illness := g.unique(func() string {
		return fmt.Sprintf("%d years old with %s and %s", 18+g.IntN(80), g.of(diseases), g.of(drugs))
	})
	phrase := g.unique(func() string { return fmt.Sprintf("%s since %s in %d", g.of(worries), g.of(moments), 1960+g.IntN(60)) })
	marks := []string{name}
	tell := func(mark, sentence string) string {
		marks = append(marks, mark)
		return fmt.Sprintf(sentence, mark)
	}
	parts := []string{g.of(asks) + " My name is " + name + "."}
	for k := range 3 {
		switch (i/2 + 3*k) % 8 {
		case 0:
			parts = append(parts, tell(g.phone(), "Call me at %s."))
		case 1:
			parts = append(parts, tell(address, "I live at %s."))
		case 2:
			parts = append(parts, tell(g.card(), "My card is %s."))
		case 3:
			parts = append(parts, tell(g.mail(), "Write to %s."))
		case 4:
			parts = append(parts, tell(g.myNumber(), "My individual number is %s."))
		case 5:
			parts = append(parts, tell(illness, "I am %s."))
		case 6:
			parts = append(parts, tell(phrase, "%s."))
		case 7:
			parts = append(parts, tell(g.account(), "My account is %s."))
		}
	}
	return Session{"en", strings.Join(parts, " "), marks}
}

// phone returns a number of a block that no carrier has: the digit after the prefix is never 0.
func (g *generator) phone() string {
	return g.unique(func() string { return fmt.Sprintf("0%d0-0%03d-%04d", 7+g.IntN(3), g.IntN(1000), g.IntN(10000)) })
}

// card returns a number of 16 digits whose last is right (ISO/IEC 7812-1, annex B), of an issuer that does not exist: they
// begin with 9 only where a country gives them out itself.
func (g *generator) card() string {
	return g.unique(func() string {
		digits := []byte(fmt.Sprintf("99%013d", g.Int64N(1e13)))
		sum := 0
		for i, d := range digits {
			n := int(d - '0')
			if i%2 == 0 {
				if n *= 2; n > 9 {
					n -= 9
				}
			}
			sum += n
		}
		s := string(append(digits, byte('0'+(10-sum%10)%10)))
		return s[:4] + " " + s[4:8] + " " + s[8:12] + " " + s[12:]
	})
}

// myNumber returns twelve digits like those of an individual number, whose last is wrong on purpose: it is nobody's
// (ordinance 85 of 2014 of the Ministry of Internal Affairs, article 5, defines the right one).
func (g *generator) myNumber() string {
	return g.unique(func() string {
		digits := []byte(fmt.Sprintf("%011d", g.Int64N(1e11)))
		sum := 0
		for n := 1; n <= 11; n++ {
			weight := n + 1
			if n > 6 {
				weight = n - 5
			}
			sum += weight * int(digits[11-n]-'0')
		}
		right := 11 - sum%11
		if right > 9 {
			right = 0
		}
		return string(append(digits, byte('0'+(right+1+g.IntN(9))%10)))
	})
}

func (g *generator) account() string {
	return g.unique(func() string { return fmt.Sprintf("%03d-%07d", g.IntN(1000), g.IntN(1e7)) })
}

// mail returns an address of a domain that is reserved for examples (RFC 2606; JPRS for example.jp).
func (g *generator) mail() string {
	return g.unique(func() string {
		return fmt.Sprintf("%s.%s%d@example.%s", strings.ToLower(g.of(firstNames)), strings.ToLower(g.of(lastNames)), 10+g.IntN(90), g.of([]string{"jp", "com", "net"}))
	})
}
