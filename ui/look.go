package ui

// Look is how the screens are drawn: for which panel, and for whose eyes and ears.
type Look struct {
	// DPI is the panel's resolution in dots per inch; 0 means DefaultDPI. All sizes follow from it.
	DPI float32
	// BigText draws all text larger by BigFactor.
	BigText bool
	// HighContrast draws black on white with outlines.
	HighContrast bool
	// ReducedMotion keeps what would move still: the level and the waiting dots.
	ReducedMotion bool
	// Accent is the shop's colour of what is to be touched, 0xRRGGBB; 0 means the screens' own. One on which no text can be
	// read is drawn darker, and HighContrast does without.
	Accent uint32
	// Silent says on the screen that nothing is spoken aloud.
	Silent bool
}

// DefaultDPI is a 21.5 inch panel with 1920×1080 dots, the usual one of a counter kiosk. On a larger panel with the same
// dots everything grows with it.
const DefaultDPI = 102

// MinTouch is the least width and height of whatever can be touched, in millimetres.
const MinTouch = 15

// BigFactor is by how much BigText enlarges.
const BigFactor = 1.3

// MM is the length of mm millimetres in Fyne's units, which are dots at scale 1.
func (l Look) MM(mm float32) float32 {
	dpi := l.DPI
	if dpi <= 0 {
		dpi = DefaultDPI
	}
	return mm * dpi / 25.4
}

// Step is a step of the type scale: the em height in millimetres, for an eye 60 cm away.
type Step float32

// The type scale. 5.6 mm at 60 cm are 32 minutes of arc, twice what a normal eye needs for kanji.
const (
	Small   Step = 5.6
	Body    Step = 7
	Lead    Step = 9
	Title   Step = 12.5
	Caption Step = 15
	Display Step = 21
)

// Em is the em height of a step in Fyne's units. Large steps grow less with BigText, since they are read as it is.
func (l Look) Em(s Step) float32 {
	factor := float32(1)
	if l.BigText {
		factor = BigFactor
		if s > Title {
			factor = 1.15
		}
	}
	return l.MM(float32(s)) * factor
}
