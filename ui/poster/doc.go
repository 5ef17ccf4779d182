// Package poster sets a notice on a page to be printed: as text, as HTML, as a picture of an A4 page, and as a PDF of such
// pictures. The picture is painted in the screens' font, so that a printed notice looks like the kiosk that it stands beside
// and prints the same on every machine.
package poster
