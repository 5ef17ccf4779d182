package dialogue

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tenin/llm/knowledge"
)

// productText fills the one template that products have. It says only what the list holds: no price, no sentence
// about a price.
func productText(p *knowledge.Product, language string) string {
	if language == "en" {
		return productEnglish(p)
	}
	var b strings.Builder
	place := where(p)
	if place == "" {
		fmt.Fprintf(&b, "%sは、当店で扱っております。売場は係員におたずねください。", p.Name)
	} else {
		fmt.Fprintf(&b, "%sは、%sにございます。", p.Name, place)
	}
	if p.Price > 0 {
		fmt.Fprintf(&b, "価格は税込%s円です。", thousands(p.Price))
	}
	if p.SoldOut() {
		b.WriteString("ただいま品切れのため、入荷は係員におたずねください。")
	}
	return b.String()
}

func productEnglish(p *knowledge.Product) string {
	var b strings.Builder
	place := where(p)
	if place == "" {
		fmt.Fprintf(&b, "We carry %s. Please ask a member of staff where it is.", p.Name)
	} else {
		fmt.Fprintf(&b, "You will find %s at %s.", p.Name, place)
	}
	if p.Price > 0 {
		fmt.Fprintf(&b, " It is %s yen, tax included.", thousands(p.Price))
	}
	if p.SoldOut() {
		b.WriteString(" It is sold out at the moment; please ask a member of staff.")
	}
	return b.String()
}

// where names floor and shelf once: a place often begins with its floor already.
func where(p *knowledge.Product) string {
	floor := floorName(p.Floor)
	switch {
	case p.Place == "":
		return floor
	case floor == "" || strings.Contains(p.Place, floor) || strings.Contains(p.Place, p.Floor):
		return p.Place
	default:
		return floor + " " + p.Place
	}
}

var floorCode = regexp.MustCompile(`^(B?)([0-9]{1,2})F?$`)

// floorName writes the codes of floor plans as they are said: 6F is 6階, B1 is 地下1階. Another name stays as it is.
func floorName(floor string) string {
	m := floorCode.FindStringSubmatch(floor)
	if m == nil {
		return floor
	}
	if m[1] != "" {
		return "地下" + m[2] + "階"
	}
	return m[2] + "階"
}

func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
