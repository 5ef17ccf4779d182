package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tenin/cmd/internal/kiosk/purpose"
	"tenin/ui/poster"
)

func newNotice(f *flags) *cobra.Command {
	var shop purpose.Shop
	var output, language string
	var text bool
	c := &cobra.Command{
		Use:   "notice",
		Short: "A notice to print: what the kiosk uses a shopper's voice and words for",
		Long: `Writes the notice of the purpose of use that a shop hangs beside its kiosk, an A4 page in Japanese and one in English. How
long what is kept, and whether voice is, comes from the settings, and so does the shop's name. The kind of file follows from
its name: .pdf; .png for one language; .html for a browser, with its own fonts. JSON fields: output, languages, pages.`,
		Example: `  tenin notice --output notice.pdf --contact "1階 総合案内 03-0000-0000"
  tenin notice --output notice-en.png --language en
  tenin notice --text`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			languages := purpose.Languages()
			switch language {
			case "both":
			case "ja", "en":
				languages = []string{language}
			default:
				return usageError{fmt.Errorf("--language %q is unknown: use ja, en or both", language)}
			}
			kind := strings.ToLower(filepath.Ext(output))
			switch {
			case text && output != "":
				return usageError{errors.New("--text prints the notice, and --output writes a file: use one of them")}
			case text:
			case output == "":
				return usageError{errors.New("where to? name a file with --output FILE.pdf, or print it with --text")}
			case kind == ".png" && len(languages) > 1:
				return usageError{errors.New("a picture is one page: choose --language ja or en, or write a .pdf")}
			case kind != ".pdf" && kind != ".png" && kind != ".html":
				return usageError{fmt.Errorf("--output %s is of no known kind: use .pdf, .png or .html", output)}
			}
			_, settings, err := f.load()
			if err != nil {
				return err
			}
			shop.Name = cmp.Or(shop.Name, settings.Shop.Name)
			shop.Company = cmp.Or(shop.Company, settings.Notice.Company)
			shop.Contact = cmp.Or(shop.Contact, settings.Notice.Contact)
			if len(shop.Purposes) == 0 {
				shop.Purposes = settings.Notice.Purposes
			}
			var posters []poster.Poster
			for _, l := range languages {
				p, err := purpose.Notice(settings, shop, l)
				if errors.Is(err, purpose.ErrNoName) {
					return usageError{fmt.Errorf("%w: set shop.name in tenin.toml, or use --shop NAME", err)}
				} else if err != nil {
					return err
				}
				posters = append(posters, p)
			}
			if text {
				return poster.Text(cmd.OutOrStdout(), posters...)
			}
			if err := checkOutput(output); err != nil {
				return err
			}
			data, err := printed(kind, posters)
			if errors.Is(err, poster.ErrNoFont) {
				return fmt.Errorf("%w: use --output FILE.html or --text, or a tenin made by `make build`", err)
			} else if err != nil {
				return err
			}
			if err := os.WriteFile(output, data, 0o644); err != nil {
				return fmt.Errorf("%s cannot be written: %w", output, errors.Unwrap(err))
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), map[string]any{"output": output, "languages": languages, "pages": len(posters)})
			}
			pages := "a page"
			if len(posters) > 1 {
				pages = fmt.Sprintf("%d pages", len(posters))
			}
			f.say("%s has %s: print it on A4", output, pages)
			return nil
		},
	}
	c.Flags().StringVarP(&output, "output", "o", "", "the file: .pdf, .png or .html")
	c.Flags().BoolVar(&text, "text", false, "print it as text")
	c.Flags().StringVar(&language, "language", "both", "ja, en or both")
	c.Flags().StringVar(&shop.Name, "shop", "", "the shop's name (default: shop.name of the settings)")
	c.Flags().StringVar(&shop.Company, "company", "", "who is responsible for the data (default: notice.company of the settings, or the shop)")
	c.Flags().StringVar(&shop.Contact, "contact", "", "how they are reached: a counter, a telephone number (default: notice.contact)")
	c.Flags().StringVar(&shop.Since, "since", "", "from when it holds, as it is to be printed")
	c.Flags().StringArrayVar(&shop.Purposes, "purpose", nil, "a purpose, instead of notice.purposes or the built-in ones; may be given again")
	return c
}

// printed are the posters as a file of that kind.
func printed(kind string, posters []poster.Poster) ([]byte, error) {
	var out bytes.Buffer
	if kind == ".html" {
		err := poster.HTML(&out, posters...)
		return out.Bytes(), err
	}
	var pages []*image.RGBA
	for _, p := range posters {
		page, err := poster.Paint(p, poster.DPI)
		if err != nil {
			return nil, err
		}
		pages = append(pages, page)
	}
	if kind == ".png" {
		err := png.Encode(&out, pages[0])
		return out.Bytes(), err
	}
	err := poster.PDF(&out, posters[0].Title, pages...)
	return out.Bytes(), err
}
