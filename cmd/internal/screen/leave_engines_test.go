//go:build engines

package screen_test

import (
	"testing"
	"time"

	"tenin/cmd/internal/screen/xfixture"
)

// Symbols of keys (X11/keysymdef.h).
const (
	shift, control, alt, super = 0xffe1, 0xffe3, 0xffe9, 0xffeb
	backspace, tab, escape     = 0xff08, 0xff09, 0xff1b
	remove, f1, f4, f12        = 0xffff, 0xffbe, 0xffc1, 0xffc9
)

func TestNoKeyChordOrButtonLeadsOutOfTheWindow(t *testing.T) {
	x := server(t, xfixture.Options{})
	s := window(t, x)
	show(t, s, answer())
	before, pid := capture(t, x, "keys"), s.PID()
	press := func(codes ...byte) {
		t.Helper()
		if err := x.Finger.Chord(codes...); err != nil {
			t.Fatal(err)
		}
	}
	// A corner without a button.
	if err := x.Finger.Move(1070, 1000); err != nil {
		t.Fatal(err)
	}
	keys, err := x.Eye.Keys()
	if err != nil {
		t.Fatal(err)
	}
	low, high := x.Eye.Codes()
	for code := int(low); code <= int(high); code++ {
		press(byte(code))
	}
	for _, with := range [][]uint32{{control}, {alt}, {super}, {shift}, {control, alt}, {control, shift}} {
		var held []byte
		for _, symbol := range with {
			held = append(held, keys[symbol])
		}
		for _, symbol := range []uint32{'c', 'v', 'x', 'a', 'q', 'w', 'z', 'n', 't', 'r', 'l', 'd', ' ', backspace, tab, escape, remove, f4} {
			press(append(held, keys[symbol])...)
		}
		for symbol := uint32(f1); symbol <= f12; symbol++ {
			press(append(held, keys[symbol])...)
		}
	}
	// The other buttons of a mouse, and its wheel.
	for _, at := range [][2]int{{1070, 1000}, {540, 300}, {200, 1860}} {
		if err := x.Finger.Move(at[0], at[1]); err != nil {
			t.Fatal(err)
		}
		for n := byte(2); n <= 9; n++ {
			if err := x.Finger.Button(n); err != nil {
				t.Fatal(err)
			}
		}
	}
	same(t, x, before)
	select {
	case <-x.Dead():
		t.Fatal("the display was ended")
	case touch := <-s.Touches():
		t.Errorf("a key touched %+v", touch)
	case <-time.After(300 * time.Millisecond):
	}
	same(t, x, before)
	if now := s.PID(); now != pid {
		t.Errorf("process %d, before %d", now, pid)
	}
	others, err := x.Others()
	if err != nil || len(others) != 1 {
		t.Errorf("clients %v, %v", others, err)
	}
}
