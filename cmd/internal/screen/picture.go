package screen

import (
	"tenin/ui"
	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

// Picture is what the window shows: exactly one of the views, and how it looks. It is plain data, and its JSON form
// gives the same Picture back.
type Picture struct {
	Shopper    *shopper.View
	Staff      *staff.View
	Technician *technician.View
	Look       ui.Look
}

// Touch is what was touched: exactly one event, of the view that was shown.
type Touch struct {
	Shopper    shopper.Event
	Staff      staff.Event
	Technician technician.Event
}
