package technician

// Language is what the screens speak.
type Language int

// The languages; every screen exists in both.
const (
	Japanese Language = iota
	English
)

// Languages lists them in the order of their buttons.
func Languages() []Language { return []Language{Japanese, English} }

// Name is the language in itself.
func (l Language) Name() string {
	if l == Japanese {
		return "日本語"
	}
	return "English"
}
