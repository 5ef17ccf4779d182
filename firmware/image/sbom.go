package image

func (b *build) inventory(r Result, packages []Package) error { return nil }
