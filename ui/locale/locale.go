// Package locale stands in for the library of this path by which Fyne asks the system for its language. Fyne asks when the
// program is loaded, and writes three lines to standard error where the answer is no language, as under C.UTF-8: every
// command would begin with them. The screens have their own words and languages, so what Fyne is told does not matter.
package locale

// Screens is the language that Fyne is told.
const Screens = "ja-JP"

// GetLocale returns Screens.
func GetLocale() (string, error) { return Screens, nil }

// GetLocales returns Screens.
func GetLocales() ([]string, error) { return []string{Screens}, nil }
