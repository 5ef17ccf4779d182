package bench

import (
	"fmt"

	"tenin/cmd/internal/screen"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// spoken are partial words as a recogniser brings them.
var spoken = []string{"電気", "電気ケトル", "電気ケトルの売り", "電気ケトルの売り場は", "電気ケトルの売り場はどこ", "電気ケトルの売り場はどこですか"}

func of(s shopper.Screen) screen.Picture {
	return screen.Picture{Shopper: &shopper.View{Shop: "てんいん百貨店", Screen: s}}
}

func attractPicture(slide int) screen.Picture {
	return of(shopper.Attract{Examples: []string{"傘はどこですか", "駐車場はありますか", "何時までですか"}, Slide: slide})
}

// listening is the nth partial, 0: none yet, with a level that goes up and down.
func listening(n, beat int) screen.Picture {
	l := shopper.Listening{Level: float32(beat%7) / 7, Kept: true}
	if n > 0 {
		l.Words = spoken[n-1]
	}
	return of(l)
}

func isStart(t screen.Touch) bool {
	_, ok := t.Shopper.(shopper.Start)
	return ok
}

// visitPictures are those of one visit, by voice or by keyboard, with an answer that no other visit has.
func visitPictures(n int) []screen.Picture {
	question := spoken[len(spoken)-1]
	text := fmt.Sprintf("電気ケトルは6階のキッチン家電、棚K-%dにございます。お値段は%d円です。お取り寄せは、お近くのレジで承ります。", n%40, 5000+n*10)
	all := []screen.Picture{attractPicture(n), of(shopper.Consent{})}
	if n%3 == 2 {
		for i := range 6 {
			all = append(all, of(shopper.Typing{Board: keyboard.View{State: keyboard.State{Layout: keyboard.Layout(i % 5), Composing: "けとる"[:3+3*(i%3)]},
				Candidates: []string{"ケトル", fmt.Sprintf("けとる%d", n)}, Enter: "尋ねる"}}))
		}
	} else {
		for i := range 3 * len(spoken) {
			all = append(all, listening(i/3+1, i))
		}
	}
	for beat := range 6 {
		all = append(all, of(shopper.Thinking{Words: question, Beat: beat}))
	}
	answer := shopper.Answer{Question: question, Text: text, Place: "6階 キッチン家電", HasMap: true, HasDetail: true,
		Related: []string{"炊飯器はどこですか", "延長保証はつけられますか"}}
	answer.Speaking = true
	for answer.Heard = 0; answer.Heard < len([]rune(text)); answer.Heard += 6 {
		all = append(all, of(answer))
	}
	answer.Speaking, answer.AskHelped = false, true
	return append(all, of(answer),
		of(shopper.Place{Name: "電気ケトル", Where: "6階 キッチン家電", Note: "在庫あり", Map: shopper.Map{Floor: "6階",
			Areas: []shopper.Area{{Name: "寝具", X: 0.7, Y: 0.05, W: 0.26, H: 0.32}, {Name: "キッチン家電", X: 0.37, Y: 0.6, W: 0.26, H: 0.35, Goal: true}},
			Here:  shopper.Point{X: 0.84, Y: 0.87}, There: shopper.Point{X: 0.5, Y: 0.6}, Path: []shopper.Point{{X: 0.5, Y: 0.87}}}}),
		of(shopper.Staff{Waited: n % 100, Topic: "修理・保証"}), of(shopper.Receipt{Code: fmt.Sprintf("7K4M-2QXD-%02d", n%100), Days: 30}),
		of(shopper.Resetting{}))
}
