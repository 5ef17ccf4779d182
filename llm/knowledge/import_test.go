package knowledge

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"golang.org/x/text/encoding/japanese"
	uni "golang.org/x/text/encoding/unicode"
	"pgregory.net/rapid"
)

func importText(t *testing.T, text string) (Batch, Report, error) {
	t.Helper()
	return Import(context.Background(), "test", strings.NewReader(text))
}

func mustImport(t *testing.T, text string) (Batch, Report) {
	t.Helper()
	b, r, err := importText(t, text)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return b, r
}

func TestAnExportedBatchIsReadBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawBatch(t)
		if len(want.Entries)+len(want.Products) == 0 {
			t.Skip("nothing to export")
		}
		got, report, err := Import(context.Background(), "export.jsonl", strings.NewReader(jsonl(want)))
		if err != nil || len(report.Refused) > 0 {
			t.Fatalf("%v\n%s", err, report)
		}
		if len(got.Entries)+len(want.Entries) > 0 && !reflect.DeepEqual(got.Entries, want.Entries) {
			t.Fatalf("entries\n got %+v\nwant %+v", got.Entries, want.Entries)
		}
		if len(got.Products)+len(want.Products) > 0 && !reflect.DeepEqual(got.Products, want.Products) {
			t.Fatalf("products\n got %+v\nwant %+v", got.Products, want.Products)
		}
	})
}

const answersCSV = "質問,言い換え,回答,カテゴリ,有効開始\n営業時間は？,何時まで｜何時から,\"午前10時から、\n午後8時までです。\",案内,令和8年4月1日\n返品できますか,,14日以内に承ります。,,\n"

func TestOneTableReadsTheSameInEveryEncodingAndWithEverySeparator(t *testing.T) {
	want, _ := mustImport(t, answersCSV)
	if len(want.Entries) != 2 || want.Entries[0].Answer != "午前10時から、\n午後8時までです。" || len(want.Entries[0].Variants) != 2 {
		t.Fatalf("%+v", want.Entries)
	}
	if day := want.Entries[0].ValidFrom; !day.Equal(time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("valid from %v", day)
	}
	sjis, err := japanese.ShiftJIS.NewEncoder().String(answersCSV)
	if err != nil {
		t.Fatal(err)
	}
	euc, err := japanese.EUCJP.NewEncoder().String(answersCSV)
	if err != nil {
		t.Fatal(err)
	}
	utf16, err := uni.UTF16(uni.LittleEndian, uni.UseBOM).NewEncoder().String(strings.ReplaceAll(answersCSV, ",", "\t"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ encoding, format, text string }{
		{"UTF-8 with BOM", "csv", "\ufeff" + answersCSV},
		{"UTF-8", "csv", strings.ReplaceAll(answersCSV, "\n", "\r\n")},
		{"UTF-8", "csv", strings.ReplaceAll(answersCSV, "\n", "\r")},
		{"UTF-8", "csv", strings.ReplaceAll(answersCSV, ",", ";")},
		{"UTF-8", "tsv", strings.ReplaceAll(answersCSV, ",", "\t")},
		{"UTF-8", "csv", "sep=;\n" + strings.ReplaceAll(answersCSV, ",", ";")},
		{"UTF-8", "csv", "店内案内（改訂版）,,\n2026年,,\n\n" + answersCSV},
		{"Shift_JIS", "csv", sjis},
		{"EUC-JP", "csv", euc},
		{"UTF-16", "tsv", utf16},
	} {
		got, report := mustImport(t, c.text)
		if report.Encoding != c.encoding || report.Format != c.format {
			t.Errorf("read as %s %s, want %s %s", report.Format, report.Encoding, c.format, c.encoding)
		}
		if !reflect.DeepEqual(got.Entries, want.Entries) {
			t.Errorf("%s %s: %+v", c.format, c.encoding, got.Entries)
		}
	}
}

func TestAFileThatIsNoKnowledgeFileIsNamedInOneLine(t *testing.T) {
	ole := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 512)
	wide := func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" }
	for _, c := range []struct {
		name, text string
		want       error
		says       string
	}{
		{"no bytes", "", ErrEmpty, "empty"},
		{"blank lines", " \n\n\t", ErrEmpty, "empty"},
		{"a BOM alone", "\ufeff", ErrEmpty, "empty"},
		{"cut JSON", "{\"question\":\"a\",\"answer\":\"b\"}\n{\"question\":\"c\",\"ans", ErrSyntax, "line 2"},
		{"cut array", "[{\"question\":\"a\",\"answer\":\"b\"},\n{\"question\":\"c\",\"answer\":\"d\"}", ErrSyntax, "line 2"},
		{"broken JSON", "{\"question\":\"a\",\"answer\":\"b\"}\n{question:1}\n", ErrSyntax, "line 2"},
		{"array and more", "[{\"question\":\"a\",\"answer\":\"b\"}]\n\nx", ErrSyntax, "line 3"},
		{"open quote", "質問,回答\na,\"b\nc,d\n", ErrSyntax, "line 2"},
		{"quote inside", "質問,回答\na,b\"c\n", ErrSyntax, "line 2"},
		{"no encoding", "質問,回答\n\xff\xfe\xfa,b\n", ErrEncoding, "line 2"},
		{"PDF", "%PDF-1.7\n", ErrNotKnowledge, "PDF"},
		{"web page", "<!DOCTYPE html>", ErrNotKnowledge, "web page"},
		{"binary", "\x01\x02\x00\x03abc", ErrNotKnowledge, "neither text"},
		{"zip", "PK\x03\x04 cut", ErrSyntax, "cut"},
		{"old Excel", ole + wide("Workbook"), ErrOldExcel, ".xlsx"},
		{"password", ole + wide("EncryptedPackage"), ErrPassword, "password"},
		{"prose", "こんにちは\nさようなら\n", ErrNoHeadings, "質問"},
		{"headings alone", "質問,回答\n", ErrNothingTaken, "no row"},
		{"all refused", "質問,回答\na,\nb,\n", ErrNothingTaken, "2 refused"},
	} {
		_, _, err := importText(t, c.text)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v saying %q", c.name, err, c.want, c.says)
		}
	}
}

func TestAFileAboveTheLimitIsNotRead(t *testing.T) {
	_, _, err := Import(context.Background(), "x", io.MultiReader(strings.NewReader("質問,回答\n"), io.LimitReader(zeros{}, MaxFileBytes)))
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
	_, _, err = importText(t, "質問,回答\n"+strings.Repeat("a,b\n", MaxRows+1))
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAnImportEndsWithItsContextAndItsReader(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := Import(ctx, "x", strings.NewReader(answersCSV)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	broken := errors.New("the stick was pulled")
	if _, _, err := Import(context.Background(), "x", iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// refusals imports a table with one good row, so that the import as a whole
// succeeds, and returns the reasons against the other.
func refusals(t *testing.T, header, good, bad string) (refused, warnings []Problem) {
	t.Helper()
	_, r := mustImport(t, header+"\n"+good+"\n"+bad+"\n")
	return r.Refused, r.Warnings
}

func TestARowThatCannotBeServedIsRefusedWithItsNumberAndReason(t *testing.T) {
	const header, good = "ID,質問,回答,有効開始,有効終了,言語", "g,よい質問,よい答え,,,"
	for _, c := range []struct{ row, column, says string }{
		{"x,質問だけ,,,,", "回答", "missing"},
		{"x,,答えだけ,,,", "質問", "missing"},
		{"g,別の質問,別の答え,,,", "ID", "row 2"},
		{",よい質問？,別の答え,,,\n,よい質問,別の答え,,,", "ID", "same question as in row 3"},
		{"x,q,a,2026-02-30,,", "有効開始", "no such day"},
		{"x,q,a,令和8年13月1日,,", "有効開始", "no such day"},
		{"x,q,a,4月1日,,", "有効開始", "year"},
		{"x,q,a,4/1/2026,,", "有効開始", "told apart"},
		{"x,q,a,そのうち,,", "有効開始", "not a date"},
		{"x,q,a,2026-05-01,2026-04-01,", "有効終了", "before it begins"},
		{"x,q,a,,,クリンゴン語", "言語", "unknown language"},
		{"x,q,a\x07b,,,", "回答", "control character"},
		{"x,q,a\u202eb,,,", "回答", "control character"},
		{"x,q,#REF!,,,", "回答", "#REF!"},
		{"x,q," + strings.Repeat("あ", 1001) + ",,,", "回答", "too long"},
		{"x,q," + strings.Repeat("あ", 10001) + ",,,", "回答", "10001"},
		{strings.Repeat("x", 101) + ",q,a,,,", "ID", "101"},
	} {
		refused, _ := refusals(t, header, good, c.row)
		if len(refused) != 1 {
			t.Errorf("%s: refused %v", excerpt(c.row), refused)
			continue
		}
		p := refused[0]
		if p.Row < 3 || p.Column != c.column || !strings.Contains(p.Reason, c.says) || strings.Contains(p.Reason, "\n") {
			t.Errorf("%s: %s, want column %s and %q", excerpt(c.row), p, c.column, c.says)
		}
	}
}

func TestAProductThatCannotBeTrustedIsRefusedOrWarnedAbout(t *testing.T) {
	const header, good = "商品ID,商品名,JAN,価格,在庫", "g,鉛筆,,,"
	for _, c := range []struct{ row, refused, warning string }{
		{"x,,,,", "missing", ""},
		{"x,消しゴム,,時価,", "price", ""},
		{"x,消しゴム,,12.5,", "price", ""},
		{"x,消しゴム,,-100,", "price", ""},
		{"x,消しゴム,,100円(税抜),", "without tax", ""},
		{"x,消しゴム,,,山ほど", "pieces", ""},
		{"g,消しゴム,,,", "row 2", ""},
		{",鉛筆,,,\n,鉛筆,,,", "same product", ""},
		{"x,消しゴム,4901234567890,,", "", "check digit"},
		{"x,消しゴム,123,,", "", "digits"},
		{"x,消しゴム,4.90E+12,,", "", "rounded"},
		{"x,消しゴム,なんとか,,", "", "bar code"},
		{"x,消しゴム,,,-3", "", "below zero"},
		{"x,消しゴム,4901234567894,\"¥1,280円\",12個", "", ""},
	} {
		refused, warnings := refusals(t, header, good, c.row)
		check := func(what, want string, got []Problem) {
			switch {
			case want == "" && len(got) > 0:
				t.Errorf("%s: %s %v", c.row, what, got)
			case want != "" && (len(got) != 1 || !strings.Contains(got[0].Reason, want)):
				t.Errorf("%s: %s %v, want %q", c.row, what, got, want)
			}
		}
		check("refused", c.refused, refused)
		check("warned", c.warning, warnings)
	}
}

func TestARefusedRowIsRememberedSoThatItsOldAnswerCanStay(t *testing.T) {
	b, _ := mustImport(t, "ID,質問,回答\na,q1,\nb,q2,答え\n,q3,\n")
	if want := []string{"a", DeriveEntryID("q3")}; !reflect.DeepEqual(b.KeepEntries, want) {
		t.Errorf("kept %v, want %v", b.KeepEntries, want)
	}
}

func TestARowWithoutAnIDGetsTheSameOneEveryTime(t *testing.T) {
	a, _ := mustImport(t, "質問,回答\n営業時間は何時ですか？,答え\n")
	b, _ := mustImport(t, "回答,質問\n別の答え, 営業時間は何時ですか \n")
	if a.Entries[0].ID != b.Entries[0].ID || a.Entries[0].ID == "" {
		t.Errorf("%s and %s", a.Entries[0].ID, b.Entries[0].ID)
	}
	p, _ := mustImport(t, "商品名,JAN,売場\n鉛筆,4901234567894,6階\n筆箱,,6階\n")
	if p.Products[0].ID != "jan-4901234567894" || !strings.HasPrefix(p.Products[1].ID, "n-") {
		t.Errorf("%+v", p.Products)
	}
}

func TestColumnsAndFieldsThatAreNotReadAreNamed(t *testing.T) {
	_, r := mustImport(t, "質問,回答,備考,担当\nq,a,x,y\n")
	if want := []Column{{"", "備考"}, {"", "担当"}}; !reflect.DeepEqual(r.UnknownColumns, want) {
		t.Errorf("%v", r.UnknownColumns)
	}
	_, r = mustImport(t, `{"question":"q","answer":"a","colour":"red","note":null}`)
	if want := []Column{{"", "colour"}, {"", "note"}}; !reflect.DeepEqual(r.UnknownColumns, want) {
		t.Errorf("%v", r.UnknownColumns)
	}
	// A price without tax must not pass for one with it.
	b, r := mustImport(t, "商品名,売場,税抜価格\n鉛筆,6階,100\n")
	if b.Products[0].Price != 0 || len(r.UnknownColumns) != 1 {
		t.Errorf("%+v %v", b.Products, r.UnknownColumns)
	}
}

func TestJSONObjectsAreTakenOneByOneWhateverTheirLayout(t *testing.T) {
	b, r := mustImport(t, "[\n {\"question\": \"q1\",\n  \"answer\": \"a1\"},\n {\"name\": \"鉛筆\", \"jan\": 4901234567894, \"price\": 120, \"stock\": \"0\"},\n 5,\n {\"colour\": 1},\n {\"question\": 3, \"answer\": true},\n {\"質問\": \"q2\", \"回答\": \"a2\", \"言い換え\": \"x|y\"}]")
	if len(b.Entries) != 2 || len(b.Products) != 1 || r.Format != "json" {
		t.Fatalf("%+v\n%s", b, r)
	}
	if p := b.Products[0]; p.JAN != "4901234567894" || p.Price != 120 || !p.SoldOut() {
		t.Errorf("%+v", p)
	}
	if v := b.Entries[1].Variants; !reflect.DeepEqual(v, []string{"x", "y"}) {
		t.Errorf("variants %q", v)
	}
	rows := []int{}
	for _, p := range r.Refused {
		rows = append(rows, p.Row)
	}
	if !reflect.DeepEqual(rows, []int{5, 6, 7}) {
		t.Errorf("%s", r)
	}
}

func TestAnEntryWithoutALanguageIsInTheOneItIsWrittenIn(t *testing.T) {
	b, _ := mustImport(t, "質問,回答,言語\nDo you have Wi-Fi?,Yes.,\nWi-Fi,ございます。,\n화장실,1층,\nOpen?,Yes.,日本語\nOpen?,Yes.,en-GB\n")
	var got []string
	for _, e := range b.Entries {
		got = append(got, e.Language)
	}
	if want := []string{"en", "ja", "ko", "ja", "en"}; !reflect.DeepEqual(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestDaysAreReadAsShopsWriteThem(t *testing.T) {
	want := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	for _, text := range []string{"2026-04-01", "2026/4/1", "2026.4.1", "20260401", "2026年4月1日", "２０２６年４月１日", "令和8年4月1日", "令和 8 年 4 月 1 日", "R8.4.1", "r8/4/1", "平成38年4月1日", "2026年4月1日(水)", "2026年4月1日（水）から", "2026-04-01 00:00:00", "2026-04-01T09:30:00+09:00", "2026/4/1 水曜日"} {
		got, err := parseDay(text, "", false)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
	if got, err := parseDay("令和元年5月1日", "", false); err != nil || got.Year() != 2019 {
		t.Errorf("%v %v", got, err)
	}
	for _, text := range []string{"", "-", "なし", "無期限"} {
		if got, err := parseDay(text, "", false); err != nil || !got.IsZero() {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
	for _, text := range []string{"令和0年1月1日", "2026-00-10", "1-2-3", "2026年", "あした", "0000-01-01"} {
		if got, err := parseDay(text, "", false); err == nil {
			t.Errorf("%q: read as %v", text, got)
		}
	}
}

func TestAnEntryIsValidOnItsFirstAndOnItsLastDay(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	e := Entry{ValidFrom: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), ValidUntil: time.Date(2026, 4, 2, 0, 0, 0, 0, time.UTC)}
	for _, c := range []struct {
		at   time.Time
		want bool
	}{
		{time.Date(2026, 3, 31, 23, 59, 0, 0, tokyo), false},
		{time.Date(2026, 4, 1, 0, 0, 0, 0, tokyo), true},
		{time.Date(2026, 4, 2, 23, 59, 0, 0, tokyo), true},
		{time.Date(2026, 4, 3, 0, 0, 0, 0, tokyo), false},
	} {
		if got := e.ValidAt(c.at); got != c.want {
			t.Errorf("%v: %t", c.at, got)
		}
	}
}

func TestThePricesOfAListAreReadInWholeYen(t *testing.T) {
	for text, want := range map[string]int{"1280": 1280, "1,280": 1280, "1,280円": 1280, "¥1,280": 1280, "￥１２８０": 1280, "1280.0": 1280, "税込 1,280 円": 1280, "1,280円（税込）": 1280, "1,280円-": 1280, "": 0, "-": 0, "未定": 0} {
		if got, err := parsePrice(text, ""); err != nil || got != want {
			t.Errorf("%q: %d %v", text, got, err)
		}
	}
	for _, text := range []string{"12,80", "abc", "1280ドル", "1〜2", "9999999999999", "NaN", "1e400"} {
		if got, err := parsePrice(text, ""); err == nil {
			t.Errorf("%q: read as %d", text, got)
		}
	}
}

func TestTheSampleFilesOfAHardwareShopAreRead(t *testing.T) {
	for name, want := range map[string]struct{ entries, products, refused, warnings int }{
		"faq-ja.csv":       {12, 0, 0, 0},
		"faq-sjis.csv":     {12, 0, 0, 0},
		"faq.xlsx":         {8, 6, 0, 2},
		"bad-rows.csv":     {2, 0, 6, 0},
		"bad-products.csv": {0, 4, 5, 2},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		b, r, err := Import(context.Background(), name, bytes.NewReader(data))
		if err != nil {
			t.Error(err)
			continue
		}
		if len(b.Entries) != want.entries || len(b.Products) != want.products || len(r.Refused) != want.refused || len(r.Warnings) != want.warnings {
			t.Errorf("want %+v:\n%s", want, r)
		}
	}
}

func TestTheSameTableInUTF8AndInShiftJISIsTheSameKnowledge(t *testing.T) {
	read := func(name string) Batch {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		b, _ := mustImport(t, string(data))
		return b
	}
	if d := Compare(read("faq-ja.csv"), read("faq-sjis.csv")); !d.Empty() {
		t.Errorf("%s", d)
	}
}

func TestAReportNamesEveryProblemOnALineOfItsOwn(t *testing.T) {
	_, r := mustImport(t, "質問,回答,備考\nq,a,x\nr,,\n")
	want := "test (csv, UTF-8): 1 answer taken, 1 refused, 0 warnings\nrefused: row 3, 回答: the answer is missing\nnot read: column 備考\n"
	if got := r.String(); got != want {
		t.Errorf("%s", got)
	}
}
