package poster

import (
	"fmt"
	"html/template"
	"io"
	"strings"
)

// Poster is a notice in one language.
type Poster struct {
	Language string // as HTML names it: "ja", "en"
	Shop     string
	Title    string
	Lead     string
	Sections []Section
	Foot     []string // who is responsible, how to reach them, since when it holds
}

// Section is a heading and what is said under it, a paragraph each.
type Section struct {
	Heading string
	Points  []string
}

// Text writes the posters as plain text, an empty line between two parts.
func Text(w io.Writer, posters ...Poster) error {
	for i, p := range posters {
		var b strings.Builder
		if i > 0 {
			b.WriteString("\n\n")
		}
		fmt.Fprintf(&b, "%s\n%s\n\n%s\n", p.Shop, p.Title, p.Lead)
		for _, s := range p.Sections {
			fmt.Fprintf(&b, "\n%s\n", s.Heading)
			for _, point := range s.Points {
				fmt.Fprintf(&b, "- %s\n", point)
			}
		}
		fmt.Fprintf(&b, "\n%s\n", strings.Join(p.Foot, "\n"))
		if _, err := io.WriteString(w, b.String()); err != nil {
			return err
		}
	}
	return nil
}

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="{{(index . 0).Language}}">
<meta charset="utf-8">
<title>{{(index . 0).Title}}</title>
<style>
@page { size: A4; margin: 16mm }
body { font: 12pt/1.6 "BIZ UDPGothic", "Noto Sans CJK JP", sans-serif; color: #1d2529; max-width: 178mm; margin: 0 auto }
section.page { break-after: page }
section.page:last-child { break-after: auto }
.shop { font-size: 12pt; border-top: 2.5mm solid #165e83; padding-top: 4mm }
h1 { font-size: 22pt; line-height: 1.3; margin: 1mm 0 3mm }
h2 { font-size: 13pt; color: #165e83; margin: 5mm 0 0 }
ul { margin: 0; padding-left: 6mm }
.foot { margin-top: 7mm; border-top: 0.3mm solid #7d8784; padding-top: 2mm; font-size: 10.5pt }
</style>
{{range .}}<section class="page" lang="{{.Language}}">
<div class="shop">{{.Shop}}</div>
<h1>{{.Title}}</h1>
<p>{{.Lead}}</p>
{{range .Sections}}<h2>{{.Heading}}</h2>
<ul>
{{range .Points}}<li>{{.}}</li>
{{end}}</ul>
{{end}}<div class="foot">{{range .Foot}}{{.}}<br>
{{end}}</div>
</section>
{{end}}`))

// HTML writes the posters as one document that a browser prints, a page each. It names fonts and brings none.
func HTML(w io.Writer, posters ...Poster) error {
	if len(posters) == 0 {
		return nil
	}
	return page.Execute(w, posters)
}
