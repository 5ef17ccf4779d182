package screen_test

import (
	"tenin/cmd/internal/screen"
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// samples are a picture of each of the shopper's screens, in every language and look that draws something else.
func samples() (all []screen.Picture) {
	floor := shopper.Map{Floor: "6階", Areas: []shopper.Area{{Name: "寝具", X: 0.1, Y: 0.1, W: 0.3, H: 0.3, Goal: true}, {Name: "レジ", X: 0.6, Y: 0.5, W: 0.2, H: 0.2}},
		Here: shopper.Point{X: 0.8, Y: 0.9}, There: shopper.Point{X: 0.2, Y: 0.2}, Path: []shopper.Point{{X: 0.5, Y: 0.9}, {X: 0.5, Y: 0.2}}}
	text := "電気ケトルは6階のキッチン家電、棚K-12にございます。お値段は6,050円です。お取り寄せは、お近くのレジで承ります。"
	for _, look := range []ui.Look{{}, {BigText: true}, {HighContrast: true, Silent: true, ReducedMotion: true}} {
		for _, s := range []shopper.Screen{
			shopper.Attract{Examples: []string{"傘はどこですか"}, Notice: "本日は午後7時に閉店いたします。"}, shopper.Attract{Preparing: true},
			shopper.Consent{}, shopper.Listening{Level: 0.4, Words: "電気ケトルの売り場は", Firm: 4, Kept: true}, shopper.Listening{Hint: shopper.TooQuiet},
			shopper.Thinking{Words: "電気ケトルの売り場はどこですか"},
			shopper.Answer{Question: "電気ケトルはどこですか", Text: text, Speaking: true, Heard: 20, Place: "6階", HasMap: true, HasDetail: true, Related: []string{"炊飯器は？"}},
			shopper.Answer{Text: text + text + text, AskHelped: true}, shopper.Detail{Title: "電気ケトル", Text: text},
			shopper.Place{Name: "電気ケトル", Where: "6階", Note: "6,050円", Map: floor}, shopper.Clarify{Heard: "えいきょう時間", Choices: []string{"営業時間"}},
			shopper.Staff{Waited: 34, Topic: "修理"}, shopper.Message{Text: "傘の骨が折れました。"}, shopper.Receipt{Code: "7K4M-2QXD-93", Days: 30},
			shopper.Typing{Board: keyboard.View{State: keyboard.State{Layout: keyboard.Gojuon, Composing: "はぶ"}, Candidates: []string{"歯ブラシ"}, Enter: "尋ねる"}},
			shopper.Typing{Board: keyboard.View{State: keyboard.State{Layout: keyboard.Flick}, Enter: "尋ねる"}},
			shopper.Trouble{Reason: shopper.NoMicrophone}, shopper.Resetting{}, shopper.Closed{},
		} {
			for _, l := range []shopper.Language{shopper.Japanese, shopper.English} {
				all = append(all, screen.Picture{Look: look, Shopper: &shopper.View{Language: l, Shop: "てんいん百貨店", Left: 9, Screen: s}})
			}
		}
		for _, l := range []shopper.Language{shopper.Chinese, shopper.Korean} {
			all = append(all, screen.Picture{Look: look, Shopper: &shopper.View{Language: l, Shop: "てんいん百貨店", Screen: shopper.Attract{}}})
		}
	}
	return all
}
