package shopper

// Language is what the screens speak.
type Language int

// Japanese and English are complete. Chinese and Korean have fixed phrases that call somebody of the staff.
const (
	Japanese Language = iota
	English
	Chinese
	Korean
)

// Complete reports whether every screen exists in the language.
func (l Language) Complete() bool { return l == Japanese || l == English }

// Languages lists them in the order of their buttons.
func Languages() []Language { return []Language{Japanese, English, Chinese, Korean} }

// Name is the language in itself.
func (l Language) Name() string { return [...]string{"日本語", "English", "中文", "한국어"}[l] }
