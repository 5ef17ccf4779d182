// Package ui is what the screens of Tenin are drawn with: one look (colours, type, touch sizes), its fonts, and a
// small kit of sheets, blocks of text, buttons and pictograms on top of Fyne.
//
// Screens live in sub packages. A screen is a function from plain data (a View) to a fyne.CanvasObject; what is
// touched comes back as an Event. Nothing here decides anything, opens a window, reads a clock or starts a
// goroutine: the same View always gives the same picture, which is what the golden pictures rely on.
//
// Every function that touches Fyne objects must run on Fyne's goroutine (fyne.Do), as Fyne demands since 2.6.
package ui
