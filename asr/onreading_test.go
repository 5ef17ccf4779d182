package asr

import "testing"

func TestCharactersHaveTheirSinoJapaneseReading(t *testing.T) {
	for r, want := range map[rune]string{'収': "シュウ", '乳': "ニュウ", '護': "ゴ", '室': "シツ", '学': "ガク", 'あ': "", 'A': "", '！': ""} {
		if got := onReading(r); got != want {
			t.Errorf("%c is read %q instead of %q", r, got, want)
		}
	}
}
