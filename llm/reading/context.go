package reading

import "strings"

// settle corrects readings that hang on the neighbouring words.
func settle(tokens []Token) {
	for i := range tokens {
		t := &tokens[i]
		prev, next := neighbour(tokens, i-1), neighbour(tokens, i+1)
		switch {
		case t.Surface == "行っ" && t.POS == "動詞":
			t.set("オコナッ", "イッ", prev.Surface == "を" || next.Surface == "て" && aids[neighbour(tokens, i+2).Base] && !goal[prev.Surface])
		case t.Surface == "方" && t.POS == "名詞" && t.Pron == "ホー":
			t.set("カタ", "ホー", isPerson(tokens, i))
		case t.Base == "開く" && t.POS == "動詞" && strings.HasPrefix(t.Pron, "ヒラ"):
			// Doors and shops アク; only を takes ヒラク.
			if prev.Surface != "を" {
				t.replaceHead("ヒラ", "ア")
			}
		case t.Base == "空く" && t.POS == "動詞":
			if !strings.Contains(neighbour(tokens, i-2).Surface, "腹") && prev.Surface != "腹" {
				t.replaceHead("ス", "ア")
			}
		case t.Surface == "後" && t.POS == "名詞" && prev.Sub == subNumber:
			t.Reading, t.Pron = "ゴ", "ゴ"
		case t.Surface == "表" && t.POS == "名詞" && prev.POS != "名詞":
			// The front of a shop; behind a noun it is a list: 料金表 リョーキンヒョー.
			t.Reading, t.Pron = "オモテ", "オモテ"
		case t.Surface == "中" && t.POS == "名詞" && strings.HasSuffix(prev.Surface, "日"):
			t.Reading, t.Pron = "ジュウ", "ジュー"
		}
	}
}

// aids are the helpers behind 行って that say it is 行う: 行っております.
var aids = map[string]bool{"おる": true, "いる": true, "下さる": false}

// goal are the particles of a destination: 銀行に行って.
var goal = map[string]bool{"に": true, "へ": true, "まで": true}

// isPerson tells 方 that means a person (お持ちの方は) from a direction or
// comparison (大きい方が).
func isPerson(tokens []Token, i int) bool {
	prev, next := neighbour(tokens, i-1), neighbour(tokens, i+1)
	if prev.Surface == "の" {
		head := neighbour(tokens, i-3)
		if head.Surface == "お" || head.Surface == "ご" || head.Surface == "御" {
			return true
		}
	}
	switch next.Surface {
	case "が", "":
		return false
	}
	switch prev.POS {
	case "動詞", "助動詞":
		return true
	}
	return prev.Surface == "の" && (next.Surface == "は" || next.Surface == "へ" || next.Surface == "も" || next.Surface == "に")
}

func neighbour(tokens []Token, i int) Token {
	if i < 0 || i >= len(tokens) {
		return Token{}
	}
	return tokens[i]
}

// set gives t the reading yes or no.
func (t *Token) set(yes, no string, cond bool) {
	if !cond {
		yes = no
	}
	t.Reading, t.Pron = yes, yes
}

func (t *Token) replaceHead(old, head string) {
	if strings.HasPrefix(t.Pron, old) {
		t.Pron = head + strings.TrimPrefix(t.Pron, old)
		t.Reading = head + strings.TrimPrefix(t.Reading, old)
	}
}
