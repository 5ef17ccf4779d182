package asr

// CER is the character error rate of hyp against ref: Levenshtein edits divided by the letters of ref. Spaces, punctuation, case and width do not count. It may exceed 1.
// An empty ref gives 0 for an empty hyp and 1 for any other.
func CER(ref, hyp string) float64 {
	a, b := []rune(bare(ref)), []rune(bare(hyp))
	if len(a) == 0 {
		if len(b) == 0 {
			return 0
		}
		return 1
	}
	return float64(edits(a, b)) / float64(len(a))
}

func edits(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := diagonal
			if x != y {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
