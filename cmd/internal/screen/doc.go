// Package screen is the kiosk's window, in a process of its own.
//
// The window needs a graphics library and a display server, which are large and speak to what is outside. So they stay
// out of the process that owns the vault: [Start] has the binary executed anew in a sandbox that holds the display's
// socket and the graphics libraries and nothing else, and the two speak over one inherited socket:
//
//	kiosk ── Picture ──► Screen.Show ══ numbered JSON frames ══► Main: a Fyne window, Stage, Draw
//	  ▲                                                              │
//	  └────────────────────── Touch ◄────────────────────────────────┘
//
// A [Picture] is plain data, drawn by the packages below ui; a [Touch] names what was touched. Whatever the window's
// process says is checked, and a process that says what no honest one would is replaced.
//
// The parts that need cgo carry the build tag engines. Without it [Start] returns an error and everything else works.
package screen
