package screen

import (
	"encoding/json"
	"errors"
	"reflect"

	"tenin/ui"
	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

// view is a View on the wire: its fields, and its Screen beside them.
type view struct {
	Fields json.RawMessage `json:"fields"`
	Screen tagged          `json:"screen"`
}

type picture struct {
	Shopper    *view   `json:"shopper,omitempty"`
	Staff      *view   `json:"staff,omitempty"`
	Technician *view   `json:"technician,omitempty"`
	Look       ui.Look `json:"look"`
}

type touch struct {
	Shopper    *tagged `json:"shopper,omitempty"`
	Staff      *tagged `json:"staff,omitempty"`
	Technician *tagged `json:"technician,omitempty"`
}

var (
	errNoView  = errors.New("screen: a picture has exactly one view")
	errNoEvent = errors.New("screen: a touch has exactly one event")
)

// MarshalJSON fails on a picture without exactly one view, and on a number that JSON does not know (NaN, infinite).
func (p Picture) MarshalJSON() ([]byte, error) {
	if given(p.Shopper != nil, p.Staff != nil, p.Technician != nil) != 1 {
		return nil, errNoView
	}
	wire := picture{Look: p.Look}
	var err error
	switch {
	case p.Shopper != nil:
		v := *p.Shopper
		v.Screen = nil
		wire.Shopper, err = encodeView(v, p.Shopper.Screen, shopperScreens)
	case p.Staff != nil:
		v := *p.Staff
		v.Screen = nil
		wire.Staff, err = encodeView(v, p.Staff.Screen, staffScreens)
	default:
		v := *p.Technician
		v.Screen = nil
		wire.Technician, err = encodeView(v, p.Technician.Screen, technicianScreens)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(wire)
}

// UnmarshalJSON is strict: an unknown field or type is an error.
func (p *Picture) UnmarshalJSON(b []byte) (err error) {
	var wire picture
	if err := strict(b, &wire); err != nil {
		return err
	}
	if given(wire.Shopper != nil, wire.Staff != nil, wire.Technician != nil) != 1 {
		return errNoView
	}
	*p = Picture{Look: wire.Look}
	switch {
	case wire.Shopper != nil:
		p.Shopper = new(shopper.View)
		p.Shopper.Screen, err = decodeView(*wire.Shopper, p.Shopper, shopperScreens)
	case wire.Staff != nil:
		p.Staff = new(staff.View)
		p.Staff.Screen, err = decodeView(*wire.Staff, p.Staff, staffScreens)
	default:
		p.Technician = new(technician.View)
		p.Technician.Screen, err = decodeView(*wire.Technician, p.Technician, technicianScreens)
	}
	return err
}

// given counts.
func given(of ...bool) (n int) {
	for _, is := range of {
		if is {
			n++
		}
	}
	return n
}

func encodeView[S any](fields any, screen S, types sealed[S]) (*view, error) {
	t, err := types.encode(screen)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(fields)
	return &view{b, t}, err
}

// decodeView reads the fields, whose Screen is null, and returns the screen.
func decodeView[S any](v view, fields any, types sealed[S]) (screen S, err error) {
	if err := strict(v.Fields, fields); err != nil {
		return screen, err
	}
	return types.decode(v.Screen)
}

// MarshalJSON fails on a touch without exactly one event.
func (t Touch) MarshalJSON() ([]byte, error) {
	if given(t.Shopper != nil, t.Staff != nil, t.Technician != nil) != 1 {
		return nil, errNoEvent
	}
	var wire touch
	var event tagged
	var err error
	switch {
	case t.Shopper != nil:
		event, err = shopperEvents.encode(t.Shopper)
		wire.Shopper = &event
	case t.Staff != nil:
		event, err = staffEvents.encode(t.Staff)
		wire.Staff = &event
	default:
		event, err = technicianEvents.encode(t.Technician)
		wire.Technician = &event
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(wire)
}

// UnmarshalJSON is strict, and refuses values that no touch has: a number or a choice out of range, a long text.
func (t *Touch) UnmarshalJSON(b []byte) (err error) {
	var wire touch
	if err := strict(b, &wire); err != nil {
		return err
	}
	*t = Touch{}
	if given(wire.Shopper != nil, wire.Staff != nil, wire.Technician != nil) != 1 {
		return errNoEvent
	}
	var event any
	switch {
	case wire.Shopper != nil:
		t.Shopper, err = shopperEvents.decode(*wire.Shopper)
		event = t.Shopper
	case wire.Staff != nil:
		t.Staff, err = staffEvents.decode(*wire.Staff)
		event = t.Staff
	default:
		t.Technician, err = technicianEvents.decode(*wire.Technician)
		event = t.Technician
	}
	switch {
	case err != nil:
		return err
	case event == nil:
		return errNoEvent
	}
	return plausible(reflect.ValueOf(event))
}
