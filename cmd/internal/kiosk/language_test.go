package kiosk

import "testing"

func TestTypedTextIsJapaneseOrEnglishByItsLetters(t *testing.T) {
	for text, want := range map[string]string{
		"駐車場はどこ？": "ja", "とiれ": "ja", "ATM": "ja", "Wi-Fi": "ja", "PayPay": "ja", "Wi-Fiありますか": "ja", "1234": "ja", "": "ja",
		"Where can I park?": "en", "toilet": "en", "Parking?": "en", "SALE items": "en",
	} {
		if got := languageOf(text, "ja"); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if languageOf("42", "en") != "en" {
		t.Error("without letters the preferred language counts")
	}
}
