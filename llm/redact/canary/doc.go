// Package canary invents personal data and searches for it where it must not be.
//
// Sessions says what so many shoppers, none of whom exists, tell a kiosk: names, addresses, numbers, illnesses. Whoever
// brought these sentences to a program hands the places that must not hold them to a Search:
//
//	search := canary.NewSearch()
//	for _, s := range canary.Sessions(seed, 200) {
//		search.AddSession(s)
//	}
//	finds, err := search.Tree(home)
//
// A Search finds each piece however a program may have written it: as text, as it is read aloud, in UTF-16, hexadecimal,
// base64, and more (Forms).
package canary
