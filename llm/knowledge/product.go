package knowledge

// A Product is one line of the shop's list of goods, unique by ID.
type Product struct {
	// ID is stable across imports. A product that came without one gets it from
	// its JAN or its name, see [DeriveProductID].
	ID string `json:"id"`
	// Name is what is printed and spoken.
	Name string `json:"name"`
	// Reading is the name in kana as the shop gave it. May be empty.
	Reading string `json:"reading,omitempty"`
	// Aliases are other names that shoppers use (歯みがき for 歯磨き粉).
	Aliases []string `json:"aliases,omitempty"`
	// JAN is the bar code's number: 8 or 13 digits (GTIN), or empty.
	JAN string `json:"jan,omitempty"`
	// Place is the department and shelf, Floor the floor (6F). Both may be empty.
	Place string `json:"place,omitempty"`
	Floor string `json:"floor,omitempty"`
	// Price is in yen with tax; 0 when the list gives none.
	Price int `json:"price,omitempty"`
	// Stock is the number of pieces in the shop; nil when the list gives none.
	Stock *int `json:"stock,omitempty"`
}

// Names are the name and its aliases in the spelling of [reading.Normalize],
// the name first, without empty or repeated ones. The reading is not among
// them.
func (p Product) Names() []string {
	return normalised(append([]string{p.Name}, p.Aliases...))
}

// SoldOut tells whether the list says that no piece is left. It is false when
// the list gives no stock.
func (p Product) SoldOut() bool { return p.Stock != nil && *p.Stock <= 0 }
