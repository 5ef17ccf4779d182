package technician

import "tenin/ui/keyboard"

// Event is what a technician has touched.
type Event interface{ event() }

// The events. Those without fields are buttons.
type (
	// ChooseLanguage is a touch of a language's button.
	ChooseLanguage struct{ Language Language }
	// ToggleBigText and ToggleContrast change the look.
	ToggleBigText struct{}
	// ToggleContrast changes the colours.
	ToggleContrast struct{}
	// StillHere stops the count to the lock.
	StillHere struct{}
	// Leave locks the screens and returns to the shopper's.
	Leave struct{}
	// Back goes back to the list or to the menu, and gives up what was typed.
	Back struct{}
	// Digit is a key of the number pad, 0 to 9.
	Digit struct{ N int }
	// Rub takes the last digit away.
	Rub struct{}
	// Enter ends a PIN or a number.
	Enter struct{}
	// LostPIN asks for a way in by the recovery key.
	LostPIN struct{}
	// Open is a touch of the menu.
	Open struct{ Page Page }
	// OpenStep is a touch of a step in the list.
	OpenStep struct{ Step Step }
	// Next goes to the next step that is not done.
	Next struct{}
	// Test runs a step's test, or looks again.
	Test struct{}
	// Answer answers the question that a test asks.
	Answer struct{ Yes bool }
	// EditField opens the keyboard for a field.
	EditField struct{ Field Field }
	// Typed is a key of the keyboard.
	Typed struct{ Key keyboard.Key }
	// ToggleHidden shows what is typed in the place of dots, or dots again.
	ToggleHidden struct{}
	// ChooseTurn turns the picture, clockwise, by 0, 90, 180 or 270 degrees.
	ChooseTurn struct{ Degrees int }
	// ChooseRadio says whether Wi-Fi is used or a cable.
	ChooseRadio struct{ Radio bool }
	// ChooseFixed says whether the address is fixed or given.
	ChooseFixed struct{ Fixed bool }
	// ChooseSpeaks says what shoppers speak.
	ChooseSpeaks struct{ Speaks Speaks }
	// ChooseAccent takes a colour, 0xRRGGBB.
	ChooseAccent struct{ RGB uint32 }
	// Without does the step without what it is about: no hub, a key file.
	Without struct{}
	// WrittenDown says that the recovery key was written down.
	WrittenDown struct{}
	// Touched is a touch in the test of the panel, in fractions of the picture.
	Touched struct{ X, Y float32 }
	// ChoosePlace takes the place of the support bundle.
	ChoosePlace struct{ Index int }
	// HoldDown is a finger on the button that must be held, HoldUp its end. If the finger leaves the button before, no
	// HoldUp comes, so it must be HoldUp that does what the button says.
	HoldDown struct{}
	// HoldUp is the end of HoldDown.
	HoldUp struct{}
	// ChoosePower chooses what is to be started anew or shut down.
	ChoosePower struct{ What PowerKind }
	// Confirm says yes to what was asked.
	Confirm struct{}
)

// Page is an entry of the menu.
type Page int

// The pages.
const (
	PageSetUp Page = iota
	PageHealth
	PageBundle
	PagePIN
	PagePower
	PageWipe
)

// Pages lists them in their order.
func Pages() []Page { return []Page{PageSetUp, PageHealth, PageBundle, PagePIN, PagePower, PageWipe} }

func (ChooseLanguage) event() {}
func (ToggleBigText) event()  {}
func (ToggleContrast) event() {}
func (StillHere) event()      {}
func (Leave) event()          {}
func (Back) event()           {}
func (Digit) event()          {}
func (Rub) event()            {}
func (Enter) event()          {}
func (LostPIN) event()        {}
func (Open) event()           {}
func (OpenStep) event()       {}
func (Next) event()           {}
func (Test) event()           {}
func (Answer) event()         {}
func (EditField) event()      {}
func (Typed) event()          {}
func (ToggleHidden) event()   {}
func (ChooseTurn) event()     {}
func (ChooseRadio) event()    {}
func (ChooseFixed) event()    {}
func (ChooseSpeaks) event()   {}
func (ChooseAccent) event()   {}
func (Without) event()        {}
func (WrittenDown) event()    {}
func (Touched) event()        {}
func (ChoosePlace) event()    {}
func (HoldDown) event()       {}
func (HoldUp) event()         {}
func (ChoosePower) event()    {}
func (Confirm) event()        {}
