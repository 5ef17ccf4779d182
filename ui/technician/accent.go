package technician

import "image/color"

// Accents are the colours that are offered, 0xRRGGBB: 藍, 紺, 松葉, 臙脂, 小豆, 江戸紫, 煤竹, 墨.
func Accents() []uint32 {
	return []uint32{0x165e83, 0x1f3a6d, 0x2b5d3f, 0x8c1f33, 0x7d3b36, 0x5c4280, 0x5f4a36, 0x3a4245}
}

func nrgba(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 0xff}
}
