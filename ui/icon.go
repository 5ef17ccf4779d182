package ui

import (
	"fmt"
	"image/color"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

// Icon names a pictogram. All are drawn with one round pen on a square of 24.
type Icon string

// The pictograms.
const (
	Mic      Icon = "mic"
	MicOff   Icon = "micoff"
	Pen      Icon = "pen"
	NoRecord Icon = "norecord"
	Bell     Icon = "bell"
	Home     Icon = "home"
	Sound    Icon = "sound"
	SoundOff Icon = "soundoff"
	Letters  Icon = "letters"
	Stop     Icon = "stop"
	Pin      Icon = "pin"
	Check    Icon = "check"
	Cross    Icon = "cross"
	Back     Icon = "back"
	Again    Icon = "again"
	More     Icon = "more"
	Card     Icon = "card"
	Erase    Icon = "erase"
	Shift    Icon = "shift"
	Tone     Icon = "tone"
	Chart    Icon = "chart"
	Gear     Icon = "gear"
	Padlock  Icon = "padlock"
	Ask      Icon = "ask"
	Talk     Icon = "talk"
	Play     Icon = "play"
	Walk     Icon = "walk"
)

var strokes = map[Icon]string{
	Mic:      `<path d="M12 3.5 L12 3.5 C10.2 3.5 9 4.8 9 6.5 L9 11.5 C9 13.2 10.2 14.5 12 14.5 C13.8 14.5 15 13.2 15 11.5 L15 6.5 C15 4.8 13.8 3.5 12 3.5 Z"/><path d="M6 11 C6 15 8.5 17.5 12 17.5 C15.5 17.5 18 15 18 11"/><path d="M12 17.5 L12 21"/><path d="M8.5 21 L15.5 21"/>`,
	MicOff:   `<path d="M12 3.5 C10.2 3.5 9 4.8 9 6.5 L9 11.5 C9 13.2 10.2 14.5 12 14.5 C13.8 14.5 15 13.2 15 11.5 L15 6.5 C15 4.8 13.8 3.5 12 3.5 Z"/><path d="M6 11 C6 15 8.5 17.5 12 17.5 C15.5 17.5 18 15 18 11"/><path d="M12 17.5 L12 21"/><path d="M4 3 L20 21"/>`,
	Pen:      `<path d="M3 6 L21 6 L21 18 L3 18 Z"/><path d="M6.5 9.7 L6.6 9.7"/><path d="M10.2 9.7 L10.3 9.7"/><path d="M13.9 9.7 L14 9.7"/><path d="M17.5 9.7 L17.6 9.7"/><path d="M8 14.5 L16 14.5"/>`,
	NoRecord: `<path d="M5 5 L9 5 L9 5"/><path d="M6 4 L15 4 L19 8 L19 20 L6 20 Z"/><path d="M3 3 L21 21"/>`,
	Bell:     `<path d="M5 17 L19 17 C17.5 15.5 17.5 13 17.5 11 C17.5 7.5 15.3 5 12 5 C8.7 5 6.5 7.5 6.5 11 C6.5 13 6.5 15.5 5 17 Z"/><path d="M12 5 L12 3"/><path d="M10 20 C10.6 21 13.4 21 14 20"/>`,
	Home:     `<path d="M4 11 L12 4 L20 11"/><path d="M6.5 9 L6.5 20 L17.5 20 L17.5 9"/>`,
	Sound:    `<path d="M4 9.5 L8 9.5 L12.5 5.5 L12.5 18.5 L8 14.5 L4 14.5 Z"/><path d="M15.5 9 C17 10.5 17 13.5 15.5 15"/><path d="M18 6.5 C21 9.5 21 14.5 18 17.5"/>`,
	SoundOff: `<path d="M4 9.5 L8 9.5 L12.5 5.5 L12.5 18.5 L8 14.5 L4 14.5 Z"/><path d="M16 9.5 L21 14.5"/><path d="M21 9.5 L16 14.5"/>`,
	Letters:  `<path d="M2.5 19 L8 5 L13.5 19"/><path d="M4.5 14.5 L11.5 14.5"/><path d="M15 19 L18.2 11 L21.5 19"/><path d="M16.2 16.5 L20.3 16.5"/>`,
	Stop:     `<path d="M6.5 6.5 L17.5 6.5 L17.5 17.5 L6.5 17.5 Z"/>`,
	Pin:      `<path d="M12 21 C8 16.5 5.5 13.5 5.5 10 C5.5 6.2 8.4 3.5 12 3.5 C15.6 3.5 18.5 6.2 18.5 10 C18.5 13.5 16 16.5 12 21 Z"/><path d="M12 7.5 C13.5 7.5 14.5 8.6 14.5 10 C14.5 11.4 13.5 12.5 12 12.5 C10.5 12.5 9.5 11.4 9.5 10 C9.5 8.6 10.5 7.5 12 7.5 Z"/>`,
	Check:    `<path d="M4.5 12.5 L10 18 L19.5 7"/>`,
	Cross:    `<path d="M6 6 L18 18"/><path d="M18 6 L6 18"/>`,
	Back:     `<path d="M14.5 5 L7.5 12 L14.5 19"/>`,
	Again:    `<path d="M19 12 C19 16 16 19 12 19 C8 19 5 16 5 12 C5 8 8 5 12 5 C14.5 5 16.7 6.2 18 8.2"/><path d="M18.5 4 L18.5 8.5 L14 8.5"/>`,
	More:     `<path d="M5 9 L12 16 L19 9"/>`,
	Card:     `<path d="M5 3.5 L19 3.5 L19 20.5 L16.5 19 L14.2 20.5 L12 19 L9.8 20.5 L7.5 19 L5 20.5 Z"/><path d="M8.5 8.5 L15.5 8.5"/><path d="M8.5 12.5 L15.5 12.5"/>`,
	Erase:    `<path d="M8 6 L21 6 L21 18 L8 18 L3 12 Z"/><path d="M11.5 9.5 L16.5 14.5"/><path d="M16.5 9.5 L11.5 14.5"/>`,
	Shift:    `<path d="M12 4 L4.5 12 L8.5 12 L8.5 19 L15.5 19 L15.5 12 L19.5 12 Z"/>`,
	Tone:     `<path d="M12 3.5 C16.7 3.5 20.5 7.3 20.5 12 C20.5 16.7 16.7 20.5 12 20.5 C7.3 20.5 3.5 16.7 3.5 12 C3.5 7.3 7.3 3.5 12 3.5 Z"/><path d="M12 3.5 L12 20.5"/><path d="M12 8 L18.5 8"/><path d="M12 12 L20 12"/><path d="M12 16 L18.5 16"/>`,
	Chart:    `<path d="M4 20 L20 20"/><path d="M7 20 L7 12"/><path d="M12 20 L12 5"/><path d="M17 20 L17 9"/>`,
	Gear:     `<path d="M4 7 L11 7"/><path d="M17 7 L20 7"/><path d="M14 4.5 C15.4 4.5 16.5 5.6 16.5 7 C16.5 8.4 15.4 9.5 14 9.5 C12.6 9.5 11.5 8.4 11.5 7 C11.5 5.6 12.6 4.5 14 4.5 Z"/><path d="M4 17 L7 17"/><path d="M13 17 L20 17"/><path d="M10 14.5 C11.4 14.5 12.5 15.6 12.5 17 C12.5 18.4 11.4 19.5 10 19.5 C8.6 19.5 7.5 18.4 7.5 17 C7.5 15.6 8.6 14.5 10 14.5 Z"/>`,
	Padlock:  `<path d="M5.5 11 L18.5 11 L18.5 20.5 L5.5 20.5 Z"/><path d="M8.5 11 L8.5 7.5 C8.5 5.3 10 3.8 12 3.8 C14 3.8 15.5 5.3 15.5 7.5 L15.5 11"/><path d="M12 14.8 L12 16.8"/>`,
	Ask:      `<path d="M12 3.5 C16.7 3.5 20.5 7.3 20.5 12 C20.5 16.7 16.7 20.5 12 20.5 C7.3 20.5 3.5 16.7 3.5 12 C3.5 7.3 7.3 3.5 12 3.5 Z"/><path d="M9.3 9.6 C9.3 8 10.4 7.2 12 7.2 C13.6 7.2 14.7 8.1 14.7 9.5 C14.7 11.3 12 11.4 12 13.6"/><path d="M12 16.7 L12 16.8"/>`,
	Talk:     `<path d="M3.5 4.5 L20.5 4.5 L20.5 16 L12 16 L7.5 20 L7.5 16 L3.5 16 Z"/><path d="M7.5 8.6 L16.5 8.6"/><path d="M7.5 12 L13 12"/>`,
	Play:     `<path d="M8 5.5 L18.5 12 L8 18.5 Z"/>`,
	Walk:     `<path d="M12.7 3.4 L12.8 3.4"/><path d="M12.5 8 L11.5 14 L8 20.5"/><path d="M11.5 14 L15 16 L16.5 20.5"/><path d="M8 11.5 L9.5 9 L12.5 8 L14.5 11 L17.5 12"/>`,
}

// Icons lists every pictogram.
func Icons() []Icon {
	all := make([]Icon, 0, len(strokes))
	for i := range strokes {
		all = append(all, i)
	}
	return all
}

func (i Icon) image(ink color.NRGBA) *canvas.Image {
	hex := fmt.Sprintf("#%02x%02x%02x", ink.R, ink.G, ink.B)
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24"><g fill="none" stroke="`)
	b.WriteString(hex)
	b.WriteString(`" stroke-width="1.9" stroke-linecap="round" stroke-linejoin="round">`)
	b.WriteString(strokes[i])
	b.WriteString(`</g></svg>`)
	// Fyne keeps what it rasterised under the resource's name.
	return canvas.NewImageFromResource(fyne.NewStaticResource(string(i)+hex[1:]+".svg", []byte(b.String())))
}
