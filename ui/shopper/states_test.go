package shopper

import (
	"strings"

	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/uitest"
)

type state = uitest.State[View]

type variant = uitest.Variant[View]

// states are all the screens in one language, with words as long as a shop's own.
func states(l Language) []state {
	pick := func(ja, en string) string {
		if l == Japanese {
			return ja
		}
		return en
	}
	question := pick("電気ケトルの売り場はどこですか", "Where can I find an electric kettle?")
	text := pick("電気ケトルは6階のキッチン家電、棚K-12にございます。お値段は6,050円です。お取り寄せは、お近くのレジで承ります。",
		"Electric kettles are on 6F, kitchen appliances, shelf K-12. They cost 6,050 yen. To order one, please ask at the nearest till.")
	detail := pick("地下1階・地下2階の食品フロアは午後9時まで、8階レストラン街は午前11時から午後10時までです。ラストオーダーは午後9時です。年末年始は営業時間が変わります。元日は休業いたします。",
		"The food floors (B1 and B2) close at 9 p.m.; the restaurants on 8F are open from 11 a.m. to 10 p.m. Last orders are at 9 p.m. Hours differ around the new year. We are closed on January 1.")
	related := strings.Split(pick("炊飯器はどこですか|延長保証はつけられますか|配送してもらえますか", "Where are the rice cookers?|Can I add a longer warranty?|Do you deliver?"), "|")
	place := pick("6階 キッチン家電 棚K-12", "6F kitchen appliances, shelf K-12")
	floor := Map{
		Floor: pick("6階 くらしのフロア", "6F Home and living"),
		Areas: []Area{
			{Name: pick("日用品", "Household"), X: 0.03, Y: 0.05, W: 0.26, H: 0.32}, {Name: pick("タオル・バス用品", "Towels and bath"), X: 0.37, Y: 0.05, W: 0.26, H: 0.32},
			{Name: pick("寝具", "Bedding"), X: 0.71, Y: 0.05, W: 0.26, H: 0.32}, {Name: pick("キッチン用品", "Kitchenware"), X: 0.03, Y: 0.6, W: 0.26, H: 0.35},
			{Name: pick("キッチン家電", "Kitchen appliances"), X: 0.37, Y: 0.6, W: 0.26, H: 0.35, Goal: true}, {Name: pick("エレベーター", "Lifts"), X: 0.71, Y: 0.6, W: 0.26, H: 0.2},
		},
		Here: Point{0.84, 0.87}, There: Point{0.5, 0.6}, Path: []Point{{0.67, 0.87}, {0.67, 0.485}, {0.5, 0.485}},
	}
	board := func(layout keyboard.Layout, s keyboard.State, candidates ...string) keyboard.View {
		s.Layout = layout
		return keyboard.View{State: s, Candidates: candidates, Enter: pick("尋ねる", "Ask"), English: l == English}
	}
	all := []state{
		{Name: "attract", View: View{Screen: Attract{Examples: []string{pick("歯ブラシはどこですか", "Where are the toothbrushes?")}}}},
		{Name: "attract-notice", View: View{Screen: Attract{Examples: related, Slide: 2, Notice: pick("本日は棚卸しのため、午後7時に閉店いたします。", "Today we close at 7 p.m. for stocktaking.")}}},
		{Name: "attract-preparing", View: View{Screen: Attract{Preparing: true}}},
		{Name: "consent", View: View{Left: 42, Screen: Consent{}}},
		{Name: "listening", View: View{Screen: Listening{Level: 0.2, Kept: true}}},
		{Name: "listening-words", View: View{Screen: Listening{Level: 0.8, Words: question, Firm: 6, Kept: true}}},
		{Name: "listening-quiet", View: View{Screen: Listening{Hint: TooQuiet}}},
		{Name: "thinking", View: View{Screen: Thinking{Words: question, Beat: 1}}},
		{Name: "answer-speaking", View: View{Screen: Answer{Question: question, Text: text, Speaking: true, Heard: 30, Place: place, HasMap: true, HasDetail: true, Related: related}}},
		{Name: "answer", View: View{Left: 12, Screen: Answer{Question: question, Text: text, Place: place, HasMap: true, HasDetail: true, Related: related, AskHelped: true}}},
		{Name: "answer-long", View: View{Screen: Answer{Question: question, Text: text + detail + text, Related: related, Thanked: true}}},
		{Name: "detail", View: View{Left: 55, Screen: Detail{Title: question, Text: detail}}},
		{Name: "place", View: View{Left: 38, Screen: Place{Name: pick("電気ケトル", "Electric kettle"), Where: place, Note: pick("6,050円　在庫 15点", "6,050 yen, 15 in stock"), Map: floor}}},
		{Name: "clarify", View: View{Left: 30, Screen: Clarify{Heard: pick("えいきょう時間", "opening ours"), Choices: related}}},
		{Name: "staff", View: View{Screen: Staff{Waited: 34, Topic: pick("修理・保証", "Repairs and warranty")}}},
		{Name: "staff-late", View: View{Screen: Staff{Waited: 190, Late: true}}},
		{Name: "staff-coming", View: View{Screen: Staff{Waited: 75, Coming: true}}},
		{Name: "message", View: View{Left: 48, Screen: Message{Text: pick("先週買った傘の骨が折れていたので、直してもらえるか知りたいです。", "The umbrella I bought last week has a broken rib. Can it be repaired?")}}},
		{Name: "message-sent", View: View{Left: 20, Screen: Message{Sent: true}}},
		{Name: "receipt", View: View{Left: 60, Screen: Receipt{Code: "7K4M-2QXD-93", Days: 30}}},
		{Name: "typing", View: View{Screen: Typing{Board: board(keyboard.Gojuon, keyboard.State{Text: "", Composing: "はぶ"}, "歯ブラシ", "はぶ", "ハブ")}}},
		{Name: "typing-flick", View: View{Screen: Typing{Board: board(keyboard.Flick, keyboard.State{Text: "歯ブラシ"}, "はどこですか", "はありますか", "はいくらですか")}}},
		{Name: "typing-latin", View: View{Left: 25, Screen: Typing{Board: board(keyboard.Latin, keyboard.State{Text: "Where is the "}), Message: true}}},
		{Name: "typing-digits", View: View{Screen: Typing{Board: board(keyboard.Digits, keyboard.State{Text: "2060000000"})}}},
		{Name: "resetting", View: View{Screen: Resetting{}}},
		{Name: "closed", View: View{Screen: Closed{}}},
	}
	for _, r := range Reasons() {
		all = append(all, state{Name: "trouble-" + [...]string{"", "quiet", "noisy", "nomic", "muted", "unclear", "engine", "unavailable"}[r], View: View{Left: 15, Screen: Trouble{r}}})
	}
	for i := range all {
		all[i].View.Language, all[i].View.Shop = l, pick("てんいん百貨店", "Tenin Department Store")
	}
	return all
}

// fixedStates are the screens of a language that has fixed phrases only.
func fixedStates(l Language) []state {
	return []state{
		{Name: "fixed", View: View{Language: l, Shop: "てんいん百貨店", Left: 30, Screen: Attract{}}},
		{Name: "fixed-called", View: View{Language: l, Shop: "てんいん百貨店", Screen: Staff{Waited: 12}}},
		{Name: "fixed-late", View: View{Language: l, Shop: "てんいん百貨店", Screen: Staff{Waited: 200, Late: true}}},
	}
}

// variant is one way to draw a state.
// variants are every state in both orientations, every language and both sizes of text, and some in high contrast, without
// sound and without motion.
func variants() (all []variant) {
	for _, l := range Languages() {
		list := fixedStates(l)
		if l.Complete() {
			list = states(l)
		}
		all = append(all, uitest.Variants(list, [...]string{"ja", "en", "zh", "ko"}[l])...)
	}
	for _, s := range states(Japanese) {
		switch s.Name {
		case "attract", "listening-words", "thinking", "answer-speaking", "place", "staff", "trouble-quiet":
			look := ui.Look{HighContrast: true, ReducedMotion: true, Silent: true}
			all = append(all, variant{Name: s.Name + "-ja-portrait-contrast", Look: look, Size: uitest.Portrait, View: s.View})
		case "answer":
			all = append(all, variant{Name: s.Name + "-ja-portrait-accent", Look: ui.Look{Accent: 0x8c1f33}, Size: uitest.Portrait, View: s.View})
		}
	}
	return all
}
