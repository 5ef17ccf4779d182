package counter

import (
	"math"
	"time"

	"tenin/cmd/internal/kiosk"
	"tenin/ui/shopper"
)

// hearing is what is known of the question while the microphone is open: numbers, and the words that are shown.
type hearing struct {
	words string
	firm  int // runes of words that two transcripts in a row agree on

	turn   uint64
	pieces int     // Loudnesses so far
	silent bool    // all of them were exactly 0
	loud   float32 // the loudest
	floor  float32 // what even the quietest of the last while does not fall below
	recent [floorPieces]float32
	level  float32 // what is shown, 0 to 1
}

// The measures, in parts of full scale. Speech at arm's length reaches a counter's microphone at -35 to -20 dBFS RMS over an
// eighth of a second; a shop's music and voices lie at -55 to -40.
const (
	// quietest is what speech reaches at least (-45 dBFS).
	quietest = 0.0056
	// noisy is what the room may reach between two words (-30 dBFS).
	noisy = 0.0316
	// hintAfter is after how many pieces without a word the reason is shown (3 s), floorPieces how far back the floor
	// looks (2 s).
	hintAfter   = int(3 * time.Second / kiosk.LoudnessEvery)
	floorPieces = int(2 * time.Second / kiosk.LoudnessEvery)
	// deadAfter is after how many pieces of exact silence (1 s) a microphone is taken to be off.
	deadAfter = int(time.Second / kiosk.LoudnessEvery)
	// steps of the level that is shown: each is a picture to draw.
	levelSteps = 12
)

// louder takes the next Loudness.
func (h hearing) louder(l kiosk.Loudness) hearing {
	h.recent[h.pieces%floorPieces] = l.RMS
	h.pieces++
	h.silent = h.silent && l.RMS == 0
	h.loud = max(h.loud, l.RMS)
	h.floor = 0
	if h.pieces >= floorPieces {
		h.floor = h.recent[0]
		for _, r := range h.recent {
			h.floor = min(h.floor, r)
		}
	}
	level := 0.0
	if l.RMS > 0 {
		level = (20*math.Log10(float64(l.RMS)) + 60) / 48
	}
	h.level = float32(math.Round(min(max(level, 0), 1)*levelSteps) / levelSteps)
	return h
}

// saying takes the words so far. What two transcripts in a row agree on is taken to be firm, and stays it.
func (h hearing) saying(words string) hearing {
	before, now := []rune(h.words), []rune(words)
	same := 0
	for same < len(before) && same < len(now) && before[same] == now[same] {
		same++
	}
	h.words, h.firm = words, same
	return h
}

// hint is why nothing is heard while the microphone is open.
func (h hearing) hint() shopper.Reason {
	switch {
	case h.words != "":
		return shopper.None
	case h.pieces >= deadAfter && h.silent:
		return shopper.Muted
	case h.pieces < hintAfter:
		return shopper.None
	case h.floor > noisy:
		return shopper.TooNoisy
	case h.loud < quietest:
		return shopper.TooQuiet
	}
	return shopper.None
}

// failure is why nothing was heard.
func (h hearing) failure() shopper.Reason {
	switch {
	case h.pieces >= deadAfter && h.silent:
		return shopper.Muted
	case h.floor > noisy:
		return shopper.TooNoisy
	case h.pieces >= deadAfter && h.loud < quietest:
		return shopper.TooQuiet
	}
	return shopper.NotUnderstood
}
