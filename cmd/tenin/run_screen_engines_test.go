//go:build engines

package main

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"tenin/cmd/internal/kiosk"
	"tenin/cmd/internal/screen/xfixture"
	"tenin/ui"
	kana "tenin/ui/keyboard"
	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
	"tenin/ui/uitest"
)

// display is the program on a display of its own, in a room with a microphone and a loudspeaker.
type display struct {
	*shop
	x       *xfixture.Server
	size    fyne.Size
	command *exec.Cmd
	said    *bytes.Buffer
	nearest float64 // how far the last picture was apart from what was waited for
}

// startDisplay starts the program and waits for its first screen.
func startDisplay(t *testing.T, s *shop) *display {
	t.Helper()
	x, err := xfixture.Start(t.Context(), xfixture.Options{})
	if errors.Is(err, xfixture.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	d := &display{shop: s, x: x, size: fyne.NewSize(1080, 1920), said: &bytes.Buffer{}}
	d.command = exec.Command("tenin", "run")
	d.command.Env = append(os.Environ(), append(s.env, "DISPLAY="+x.Display, "XAUTHORITY="+x.Authority)...)
	d.command.Stderr, d.command.Stdout = d.said, d.said
	if err := d.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.stop)
	// Its headline is there while the kiosk is being prepared; its button is not.
	ready := view(shopper.Attract{})
	d.waitForPicture(image.Rect(290, 1050, 790, 1560), shopper.Draw(ready, ui.Look{}, d.size, func(shopper.Event) {}))
	return d
}

// stop ends the program as a service manager does.
func (d *display) stop() {
	if d.command == nil {
		return
	}
	_ = d.command.Process.Signal(syscall.SIGTERM)
	hang := time.AfterFunc(patience, func() { _ = d.command.Process.Kill() })
	defer hang.Stop()
	if err := d.command.Wait(); err != nil {
		d.t.Errorf("it ended with %v and said %s", err, d.said)
	}
	d.command = nil
}

// screenShop is the name that stands at the top.
const screenShop = "緑屋"

// The part of an upright screen that says what the clerk is doing, in dots.
var headline = image.Rect(60, 160, 1020, 330)

// waitFor waits until the headline of a view is on the glass. The window draws by OpenGL and the expectation by software:
// letters differ at their edges, and all may lie a dot further.
func (d *display) waitFor(v shopper.View) {
	d.t.Helper()
	d.waitForPicture(headline, shopper.Draw(v, ui.Look{}, d.size, func(shopper.Event) {}))
}

func (d *display) waitForPicture(part image.Rectangle, o fyne.CanvasObject) {
	d.t.Helper()
	fyne.CurrentApp().Settings().SetTheme(ui.Theme(ui.Look{}))
	w := test.NewTempWindow(d.t, o)
	w.SetPadded(false)
	w.Resize(d.size)
	want := w.Canvas().Capture()
	begin := time.Now()
	for limit := begin.Add(longEnough); ; time.Sleep(30 * time.Millisecond) {
		got, err := d.x.Eye.Look(part)
		if err != nil {
			d.t.Fatal(err)
		}
		d.nearest = min(apart(got, want, part), apart(got, want, part.Add(image.Pt(1, 1))))
		if d.nearest < mostApart {
			d.t.Logf("shown after %v, %.1f apart", time.Since(begin).Round(time.Millisecond), d.nearest)
			return
		}
		if time.Now().After(limit) {
			d.keep("wanted.png", want)
			if all, err := d.x.Capture(); err == nil {
				d.keep("shown.png", all)
			}
			d.t.Fatalf("another screen is shown, %.0f apart; the program said %s", d.nearest, d.said)
		}
	}
}

// keep writes a picture of a failure into the folder that TENIN_PICTURES names.
func (d *display) keep(name string, img image.Image) {
	folder := os.Getenv("TENIN_PICTURES")
	if folder == "" {
		return
	}
	f, err := os.Create(filepath.Join(folder, d.t.Name()+"-"+name))
	if err != nil {
		d.t.Log(err)
		return
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		d.t.Log(err)
	}
}

// mostApart is how far the same screen by the two painters may be apart; other headlines are several times as far.
const mostApart = 10.0

// apart is the root mean square of the differences of two pictures in a rectangle, 0 to 255, seen through blocks of dots.
// got holds the rectangle alone.
func apart(got, want image.Image, part image.Rectangle) float64 {
	const block = 10
	sum, n := 0.0, 0
	grey := func(img image.Image, x0, y0 int) (sum float64) {
		for y := y0; y < y0+block; y++ {
			for x := x0; x < x0+block; x++ {
				r, g, b, _ := img.At(x, y).RGBA()
				sum += float64(299*r+587*g+114*b) / 1000 / 257
			}
		}
		return sum / (block * block)
	}
	at := got.Bounds().Min
	for y := 0; y+block <= part.Dy(); y += block {
		for x := 0; x+block <= part.Dx(); x += block {
			d := grey(got, at.X+x, at.Y+y) - grey(want, part.Min.X+x, part.Min.Y+y)
			sum += d * d
			n++
		}
	}
	return math.Sqrt(sum / float64(n))
}

// tap touches what sends an event on a screen.
func (d *display) tap(v shopper.View, want shopper.Event) {
	d.t.Helper()
	var sent shopper.Event
	o := shopper.Draw(v, ui.Look{}, d.size, func(e shopper.Event) { sent = e })
	d.touch(o, func() bool { hit := sent == want; sent = nil; return hit })
}

// tapStaff is the same of the staff's screens.
func (d *display) tapStaff(v staff.View, want staff.Event) {
	d.t.Helper()
	var sent staff.Event
	o := staff.Draw(v, ui.Look{}, d.size, func(e staff.Event) { sent = e })
	d.touch(o, func() bool { hit := sent == want; sent = nil; return hit })
}

func (d *display) touch(o fyne.CanvasObject, hit func() bool) {
	d.t.Helper()
	for _, thing := range uitest.Things(o, d.size) {
		if tappable, ok := thing.Object.(fyne.Tappable); ok {
			if tappable.Tapped(&fyne.PointEvent{}); hit() {
				if err := d.x.Finger.Tap(int(thing.Box.X+thing.Box.W/2), int(thing.Box.Y+thing.Box.H/2)); err != nil {
					d.t.Fatal(err)
				}
				return
			}
		}
	}
	d.t.Fatal("the screen has no such button")
}

func view(s shopper.Screen) shopper.View { return shopper.View{Shop: screenShop, Screen: s} }

func TestAVisitByTouchAndVoiceOnADisplay(t *testing.T) {
	s := openShop(t, shopAnswers, through+"\n[shop]\nname = \""+screenShop+"\"\n")
	test.NewTempApp(t)
	d := startDisplay(t, s)
	consent := view(shopper.Consent{})
	d.tap(view(shopper.Attract{}), shopper.Start{})
	d.waitFor(consent)
	d.tap(consent, shopper.Consented{How: shopper.Speak})
	d.waitFor(view(shopper.Listening{Kept: true}))

	speaker := &ear{}
	defer s.sound.Record(t, "speaker", "16000", speaker)()
	s.ask()
	speaker.waitForSound(t)
	// What the clerk does stands in one line over the question and the answer, whatever these are.
	line := image.Rect(60, 150, 460, 235)
	answer := func(a shopper.Answer) shopper.View {
		a.Question, a.Text = "質問", "答え。"
		return view(a)
	}
	speaking, over := answer(shopper.Answer{Speaking: true}), answer(shopper.Answer{AskHelped: true})
	for _, v := range []shopper.View{speaking, over} {
		d.waitForPicture(line, shopper.Draw(v, ui.Look{}, d.size, func(shopper.Event) {}))
	}
	d.tap(over, shopper.Helped{Yes: true})
	receipt := view(shopper.Receipt{Code: "AAAA-BBBB-CC", Days: 30})
	d.tap(over, shopper.Finish{})
	d.waitFor(receipt)
	d.tap(receipt, shopper.Finish{})
	d.waitFor(view(shopper.Attract{}))
	d.stop()
	if list := s.sessions(); len(list) != 1 || list[0].Turns != 1 {
		t.Errorf("after one kept question the vault holds %+v", list)
	}
}

func TestStaffComeInByKnockingAndOnlyWithAPIN(t *testing.T) {
	s := openRoom(t, shopAnswers, through+"\n[shop]\nname = \""+screenShop+"\"\n")
	test.NewTempApp(t)
	pin := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(pin, []byte("271829\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tenin(t, s.env, "staff", "add", "hana", "--role", "manager", "--pin-file", pin)
	d := startDisplay(t, s)
	for range 5 {
		d.tap(view(shopper.Attract{}), shopper.Knock{})
		time.Sleep(100 * time.Millisecond)
	}
	pad := func(digits int, wrong bool) staff.View {
		return staff.View{Shop: screenShop, Screen: staff.Lock{Names: []string{"hana"}, Name: "hana", Digits: digits, Wrong: wrong, Back: true}}
	}
	whole := image.Rect(60, 400, 1020, 1800)
	d.waitForPicture(whole, staff.Draw(pad(0, false), ui.Look{}, d.size, func(staff.Event) {}))
	for _, digit := range strings.Split("271829", "") {
		d.tapStaff(pad(0, false), staff.PINKey{Key: digit})
	}
	d.tapStaff(pad(6, false), staff.EnterPIN{})
	calm := staff.View{Shop: screenShop, Screen: staff.Help{}}
	d.waitForPicture(whole, staff.Draw(calm, ui.Look{}, d.size, func(staff.Event) {}))
}

func TestATechnicianComesInAndTheKioskMakesRoomUntilTheSetUpIsLeft(t *testing.T) {
	s := openRoom(t, shopAnswers, through+"\n[shop]\nname = \""+screenShop+"\"\n")
	test.NewTempApp(t)
	for _, account := range [][]string{{"hana", "manager", "271829"}, {"teru", "technician", "314159"}} {
		pin := filepath.Join(t.TempDir(), "pin")
		if err := os.WriteFile(pin, []byte(account[2]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		flags := []string{"staff", "add", account[0], "--role", account[1], "--pin-file", pin}
		if account[0] != "hana" {
			manager := filepath.Join(t.TempDir(), "manager")
			if err := os.WriteFile(manager, []byte("271829\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			flags = append(flags, "--by", "hana", "--by-pin-file", manager)
		}
		tenin(t, s.env, flags...)
	}
	d := startDisplay(t, s)
	for range 5 {
		d.tap(view(shopper.Attract{}), shopper.Knock{})
		time.Sleep(100 * time.Millisecond)
	}
	pad := func(name string, digits int) staff.View {
		return staff.View{Shop: screenShop, Screen: staff.Lock{Names: []string{"hana", "teru"}, Name: name, Digits: digits, Back: true}}
	}
	whole := image.Rect(60, 400, 1020, 1800)
	d.waitForPicture(whole, staff.Draw(pad("", 0), ui.Look{}, d.size, func(staff.Event) {}))
	d.tapStaff(pad("", 0), staff.ChooseName{Name: "teru"})
	d.waitForPicture(whole, staff.Draw(pad("teru", 0), ui.Look{}, d.size, func(staff.Event) {}))
	for _, digit := range strings.Split("314159", "") {
		d.tapStaff(pad("teru", 0), staff.PINKey{Key: digit})
	}
	d.tapStaff(pad("teru", 6), staff.EnterPIN{})
	menu := technician.View{Kiosk: "1", Screen: technician.Menu{}}
	draw := func(send func(technician.Event)) fyne.CanvasObject {
		return technician.Draw(menu, ui.Look{}, d.size, send)
	}
	d.waitForPicture(whole, draw(func(technician.Event) {}))

	var left bool
	d.touch(draw(func(e technician.Event) { _, left = e.(technician.Leave) }), func() bool { return left })
	d.waitFor(view(shopper.Attract{}))
}

// keySink is a keyboard's sink for whom only the picture counts.
type keySink struct{}

func (keySink) Changed(kana.View) {}
func (keySink) Entered(string)    {}

func TestAVisitByTypingThatEndsWithStaffOnADisplay(t *testing.T) {
	s := openRoom(t, shopAnswers, through+"\n[shop]\nname = \""+screenShop+"\"\n")
	test.NewTempApp(t)
	d := startDisplay(t, s)
	consent := view(shopper.Consent{})
	d.tap(view(shopper.Attract{}), shopper.Start{})
	d.waitFor(consent)
	d.tap(consent, shopper.Consented{How: shopper.Type})
	board := kana.New(nil, keySink{}, "尋ねる", false)
	typing := func() shopper.View { return view(shopper.Typing{Board: board.View()}) }
	d.waitFor(typing())
	insert := func(letter string) kana.Key { return kana.Key{Kind: kana.Insert, Text: letter} }
	mark := kana.Key{Kind: kana.Modify}
	for _, key := range []kana.Key{
		insert("へ"), insert("ん"), insert("ひ"), mark, mark, insert("ん"), insert("て"), mark, insert("き"), insert("ま"), insert("す"), insert("か"),
	} {
		d.tap(typing(), shopper.Typed{Key: key})
		board.Press(key)
	}
	if text := board.View().State.String(); text != "へんぴんできますか" {
		t.Fatalf("the keys make %q", text)
	}
	d.tap(typing(), shopper.Typed{Key: kana.Key{Kind: kana.Enter}})
	line := image.Rect(60, 150, 460, 235)
	over := view(shopper.Answer{Question: "質問", Text: "答え。", AskHelped: true})
	d.waitForPicture(line, shopper.Draw(over, ui.Look{}, d.size, func(shopper.Event) {}))

	d.tap(over, shopper.CallStaff{})
	// What a banner says stands below its pictogram.
	banner := image.Rect(60, 440, 1020, 540)
	staffScreen := func(s shopper.Staff) fyne.CanvasObject {
		return shopper.Draw(view(s), ui.Look{}, d.size, func(shopper.Event) {})
	}
	d.waitForPicture(banner, staffScreen(shopper.Staff{}))
	house, err := kiosk.OpenHouse(t.Context(), filepath.Join(s.user, ".local", "share", "tenin"))
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	now, err := house.Situation(t.Context())
	if err != nil || len(now.Calls) != 1 {
		t.Fatalf("%+v, %v", now, err)
	}
	if err := house.Take(t.Context(), now.Calls[0].ID); err != nil {
		t.Fatal(err)
	}
	d.waitForPicture(banner, staffScreen(shopper.Staff{Coming: true}))
	if err := house.Handled(t.Context(), now.Calls[0].ID); err != nil {
		t.Fatal(err)
	}
	d.waitForPicture(line, shopper.Draw(over, ui.Look{}, d.size, func(shopper.Event) {}))
}
