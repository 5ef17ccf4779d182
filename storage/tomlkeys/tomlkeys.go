// Package tomlkeys is about the keys of a settings file: which there are, and how far a misspelt one is from them.
package tomlkeys

import (
	"reflect"
	"slices"
	"strings"
)

// Of lists every key of a struct's type as a file has it, sorted: "audio.microphone", …
func Of(t reflect.Type) []string {
	keys := walk(t, "", nil)
	slices.Sort(keys)
	return keys
}

func walk(t reflect.Type, prefix string, keys []string) []string {
	for i := range t.NumField() {
		field := t.Field(i)
		name := prefix + field.Tag.Get("toml")
		if field.Type.Kind() == reflect.Struct {
			keys = walk(field.Type, name+".", keys)
			continue
		}
		keys = append(keys, name)
	}
	return keys
}

// Last is a key without its tables.
func Last(key string) string { return key[strings.LastIndexByte(key, '.')+1:] }

// Distance is Levenshtein's, over bytes: keys are ASCII.
func Distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
