// Package keyboard is the kiosk's own keyboard: 五十音, flick kana, romaji, Latin letters and digits, with candidates
// from the words of the shop.
//
// State and Press are pure: a key turns one State into the next. A Keyboard holds a State for a screen and tells a Sink
// what was typed. It is no input method of the system, so that no text field, hot key or menu of one can lead out of the
// kiosk, and what a shopper types is held nowhere but in the State.
package keyboard
