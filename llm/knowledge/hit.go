package knowledge

// HitKind says what a search found.
type HitKind string

// The kinds of hit. A passage is a part of a longer text that the shop approved.
const (
	HitAnswer  HitKind = "answer"
	HitProduct HitKind = "product"
	HitPassage HitKind = "passage"
)

// Hit is one thing that the shop knows and that may answer a query.
type Hit struct {
	// ID is the entry's or the product's.
	ID string
	// Kind says which of Entry and Product is set.
	Kind HitKind
	// Score is the calibrated probability, 0 to 1, that this hit is what the shopper asked for.
	Score float64
	// Entry is set for HitAnswer and HitPassage: the version in the query's language when there is one.
	Entry *Entry
	// Product is set for HitProduct.
	Product *Product
}
