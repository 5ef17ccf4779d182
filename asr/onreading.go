package asr

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate sh -c "go run onreadings_make.go > onreadings.tsv"

//go:embed onreadings.tsv
var onReadings string

// onReading is the commonest Sino-Japanese reading of a character in katakana, "" where none is known. Characters that
// make no word together are read so: the dictionary reads 両収書 as リョー, オサム, ショ.
func onReading(r rune) string { return onTable()[r] }

var onTable = sync.OnceValue(func() map[rune]string {
	table := make(map[rune]string, 3000)
	for line := range strings.Lines(onReadings) {
		sound, characters, _ := strings.Cut(strings.TrimSpace(line), "\t")
		for _, r := range characters {
			table[r] = sound
		}
	}
	return table
})
