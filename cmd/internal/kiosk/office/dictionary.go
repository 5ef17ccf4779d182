package office

import (
	"tenin/cmd/internal/kiosk"
	"tenin/ui/keyboard"
)

// Dictionary is what the staff's keyboard offers: the shop's words, and after a word what answers go on with.
func Dictionary(words []kiosk.ShopWord) *keyboard.Dictionary {
	list := make([]keyboard.Word, len(words))
	for i, w := range words {
		list[i] = keyboard.Word{Reading: w.Reading, Text: w.Text}
	}
	return keyboard.NewDictionary(list, "は", "で", "にございます。", "承ります。", "です。", "ございません。")
}
