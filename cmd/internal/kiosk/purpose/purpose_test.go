package purpose

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"tenin/cmd/internal/config"
	"tenin/ui"
	"tenin/ui/poster"
)

func text(t *testing.T, c config.Config, s Shop, language string) string {
	t.Helper()
	p, err := Notice(c, s, language)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := poster.Text(&out, p); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheNoticePromisesWhatTheSettingsSay(t *testing.T) {
	c := config.Default()
	c.Retention.Days, c.Retention.Audio, c.Hub.Enabled = 14, true, true
	s := Shop{Name: "てんいん百貨店", Contact: "1階 総合案内", Since: "2026年11月22日"}
	ja, en := text(t, c, s, "ja"), text(t, c, s, "en")
	for _, want := range []string{"てんいん百貨店", "14日", "お声と、ご質問", "要約だけ", "1階 総合案内", "2026年11月22日から"} {
		if !strings.Contains(ja, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, want := range []string{"After 14 days", "your voice is recorded", "Only summaries"} {
		if !strings.Contains(en, want) {
			t.Errorf("%q is missing", want)
		}
	}
	c.Retention.Audio, c.Hub.Enabled = false, false
	s.Purposes = []string{"館内のご案内のため"}
	ja, en = text(t, c, s, "ja"), text(t, c, s, "en")
	if strings.Contains(ja, "要約") || !strings.Contains(ja, "お声は記録しません") || !strings.Contains(ja, "館内のご案内のため") || strings.Contains(ja, "苦情") {
		t.Error(ja)
	}
	if strings.Contains(en, "summaries") || !strings.Contains(en, "Your voice is not.") {
		t.Error(en)
	}
}

func TestANoticeOfNobodyIsRefused(t *testing.T) {
	if _, err := Notice(config.Default(), Shop{Name: " "}, "ja"); !errors.Is(err, ErrNoName) {
		t.Error(err)
	}
}

func TestTheNoticeFitsOnItsPage(t *testing.T) {
	if !ui.HasFonts() {
		t.Skip("the page is painted in the screens' font: run with the tag engines")
	}
	for _, l := range Languages() {
		p, err := Notice(config.Default(), Shop{Name: "てんいん百貨店 Tenin Department Store", Contact: "03-0000-0000", Since: "2026"}, l)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := poster.Paint(p, 40); err != nil {
			t.Errorf("%s: %v", l, err)
		}
	}
}
