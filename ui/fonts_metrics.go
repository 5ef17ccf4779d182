package ui

import (
	"bytes"
	"encoding/binary"
)

// roomy returns a copy of a TrueType font that claims more height: above and below each share of an em. Fyne paints a line
// into a picture as high as the font says and puts the baseline on a whole dot, which pushes the tails of g and p, short
// as they are in a Japanese font that claims one em, out of the picture by up to a dot: at 22 dots that is a third of the
// tail. Only the numbers of the tables hhea and OS/2 change (OpenType 1.9, "hhea", "OS/2"); what is no TrueType font comes
// back as it was.
func roomy(font []byte, share float64) []byte {
	head, hhea, os2 := sfntTable(font, "head"), sfntTable(font, "hhea"), sfntTable(font, "OS/2")
	if head == 0 || hhea == 0 || head+20 > len(font) || hhea+8 > len(font) {
		return font
	}
	out := bytes.Clone(font)
	more := int16(share * float64(binary.BigEndian.Uint16(out[head+18:])))
	add := func(at int, by int16) {
		if at+2 <= len(out) {
			binary.BigEndian.PutUint16(out[at:], uint16(int16(binary.BigEndian.Uint16(out[at:]))+by))
		}
	}
	add(hhea+4, more)
	add(hhea+6, -more)
	if os2 != 0 {
		add(os2+68, more)  // sTypoAscender
		add(os2+70, -more) // sTypoDescender
		add(os2+74, more)  // usWinAscent
		add(os2+76, more)  // usWinDescent
	}
	return out
}

// sfntTable is where a table begins; 0 if there is none.
func sfntTable(font []byte, tag string) int {
	if len(font) < 12 {
		return 0
	}
	for i := range int(binary.BigEndian.Uint16(font[4:])) {
		at := 12 + 16*i
		if at+16 > len(font) {
			return 0
		}
		if offset := int(binary.BigEndian.Uint32(font[at+8:])); string(font[at:at+4]) == tag && offset < len(font) {
			return offset
		}
	}
	return 0
}
