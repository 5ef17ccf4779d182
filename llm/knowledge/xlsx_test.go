package knowledge

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// workbook makes an .xlsx file: rows by sheet, then whatever change does.
func workbook(t testing.TB, sheets map[string][][]any, change func(*excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for name, rows := range sheets {
		if _, err := f.NewSheet(name); err != nil {
			t.Fatal(err)
		}
		for i, r := range rows {
			cell, _ := excelize.CoordinatesToCellName(1, i+1)
			if err := f.SetSheetRow(name, cell, &r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, ok := sheets["Sheet1"]; !ok {
		if err := f.DeleteSheet("Sheet1"); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(f)
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func importBytes(t testing.TB, data []byte) (Batch, Report) {
	t.Helper()
	b, r, err := Import(context.Background(), "book.csv", bytes.NewReader(data)) // the wrong name must not matter
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return b, r
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func TestAnswersAndProductsAreToldApartBySheet(t *testing.T) {
	b, r := importBytes(t, workbook(t, map[string][][]any{
		"表紙":   {{"てんいん百貨店"}, {"2026年版"}},
		"質問集":  {{"店内のご案内"}, {}, {"No.", "質問（必須）", "回答", "言い換え1", "言い換え2"}, {1, "営業時間は", "8時まで", "何時まで", "いつまで"}, {}, {2, "定休日は", "元日です"}},
		"商品一覧": {{"商品コード", "品名", "フリガナ", "売り場", "棚番", "税込価格（円）", "在庫数"}, {"001", "鉛筆", "エンピツ", "文具", "A-1", 120, 0}},
	}, nil))
	if r.Format != "xlsx" || len(r.Warnings) != 1 || r.Warnings[0].Sheet != "表紙" {
		t.Errorf("%s", r)
	}
	if len(b.Entries) != 2 || b.Entries[0].ID != "1" || !reflect.DeepEqual(b.Entries[0].Variants, []string{"何時まで", "いつまで"}) {
		t.Errorf("%+v", b.Entries)
	}
	if len(b.Products) != 1 {
		t.Fatalf("%+v", b.Products)
	}
	if p := b.Products[0]; p.ID != "001" || p.Place != "文具 A-1" || p.Price != 120 || !p.SoldOut() || p.Reading != "エンピツ" {
		t.Errorf("%+v", p)
	}
}

func TestDatesPricesAndCodesAreReadAsTheyAreStored(t *testing.T) {
	day := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	b, r := importBytes(t, workbook(t, map[string][][]any{
		"質問": {{"質問", "回答", "有効開始", "有効終了"}, {"q", "a", day, "令和9年3月31日"}, {"q2", "a", 46113, 20270331}},
		"商品": {{"商品ID", "商品名", "JAN", "価格"}, {1, "鉛筆", 4901234567894, 1280}, {2, "筆箱", 12345678905, 2.5e3}},
	}, func(f *excelize.File) {
		code, err := f.NewStyle(&excelize.Style{CustomNumFmt: new("000")})
		must(t, err)
		yen, err := f.NewStyle(&excelize.Style{CustomNumFmt: new("\"¥\"#,##0.00")})
		must(t, err)
		wareki, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		must(t, err)
		must(t, f.SetCellStyle("商品", "A2", "A3", code), f.SetCellStyle("商品", "D2", "D3", yen), f.SetCellStyle("質問", "C2", "C3", wareki))
	}))
	if len(r.Refused) > 0 || len(r.Warnings) != 1 || r.Warnings[0].Column != "JAN" {
		t.Errorf("%s", r)
	}
	for _, e := range b.Entries {
		if !e.ValidFrom.Equal(day) || formatDay(e.ValidUntil) != "2027-03-31" {
			t.Errorf("%s: %v to %v", e.Question, e.ValidFrom, e.ValidUntil)
		}
	}
	if p := b.Products[0]; p.ID != "001" || p.JAN != "4901234567894" || p.Price != 1280 {
		t.Errorf("%+v", p)
	}
	if p := b.Products[1]; p.JAN != "0012345678905" || p.Price != 2500 {
		t.Errorf("%+v", p)
	}
}

func TestAMergedCategoryIsFilledDownAndSaidSo(t *testing.T) {
	b, r := importBytes(t, workbook(t, map[string][][]any{
		"S": {{"カテゴリ", "質問", "回答"}, {"案内", "q1", "a1"}, {nil, "q2", "a2"}, {nil, "q3", "a3"}, {nil, "q4", "a4"}},
	}, func(f *excelize.File) { must(t, f.MergeCell("S", "A2", "A4")) }))
	var topics []string
	for _, e := range b.Entries {
		topics = append(topics, e.Topic)
	}
	if !reflect.DeepEqual(topics, []string{"案内", "案内", "案内", ""}) {
		t.Errorf("%q", topics)
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].String(), "sheet S, row 2, カテゴリ: merged cells A2:A4") {
		t.Errorf("%s", r)
	}
}

func TestAMergedAnswerIsRefusedRowByRow(t *testing.T) {
	b, r := importBytes(t, workbook(t, map[string][][]any{
		"S": {{"ID", "質問", "回答", "詳細"}, {"a", "q1", "a1"}, {"b", "q2", "a2"}, {"c", "q3", nil}, {"d", "q4", "a4"}},
	}, func(f *excelize.File) { must(t, f.MergeCell("S", "C3", "C4"), f.MergeCell("S", "C5", "D5")) }))
	if len(b.Entries) != 1 || b.Entries[0].ID != "a" {
		t.Errorf("%+v", b.Entries)
	}
	rows := map[int]string{}
	for _, p := range r.Refused {
		rows[p.Row] = p.Column
		if !strings.Contains(p.Reason, "merged") {
			t.Errorf("%s", p)
		}
	}
	if !reflect.DeepEqual(rows, map[int]string{3: "回答", 4: "回答", 5: "回答"}) {
		t.Errorf("%s", r)
	}
	if !reflect.DeepEqual(b.KeepEntries, []string{"b", "c", "d"}) {
		t.Errorf("kept %v", b.KeepEntries)
	}
}

func TestHeadingsOnTwoRowsTitlesAndWideCellsAreUnderstood(t *testing.T) {
	b, r := importBytes(t, workbook(t, map[string][][]any{
		"S": {
			{"質問と回答"},
			{"質問", "回答", nil, "有効期間", nil},
			{nil, nil, nil, "開始", "終了"},
			{"■ 営業について"},
			{"q1", "a1", nil, "2026/4/1", "2026/5/1"},
			{"質問", "回答", nil, "有効期間", nil},
			{"q2", "a2"},
		},
	}, func(f *excelize.File) {
		must(t, f.MergeCell("S", "A1", "E1"), f.MergeCell("S", "A2", "A3"), f.MergeCell("S", "B2", "C3"), f.MergeCell("S", "D2", "E2"),
			f.MergeCell("S", "A4", "E4"), f.MergeCell("S", "B5", "C5"))
	}))
	if len(b.Entries) != 2 || b.Entries[0].Answer != "a1" || formatDay(b.Entries[0].ValidFrom) != "2026-04-01" || formatDay(b.Entries[0].ValidUntil) != "2026-05-01" {
		t.Errorf("%+v", b.Entries)
	}
	if len(r.Refused) != 0 || len(r.UnknownColumns) != 0 || len(r.Warnings) != 1 || r.Warnings[0].Row != 4 {
		t.Errorf("%s", r)
	}
}

func TestAHiddenSheetIsNotReadButSaid(t *testing.T) {
	b, r := importBytes(t, workbook(t, map[string][][]any{
		"公開":  {{"質問", "回答"}, {"q1", "a1"}},
		"下書き": {{"質問", "回答"}, {"q2", "まだ決まっていません"}},
	}, func(f *excelize.File) {
		i, err := f.GetSheetIndex("公開")
		must(t, err)
		f.SetActiveSheet(i)
		must(t, f.SetSheetVisible("下書き", false))
	}))
	if len(b.Entries) != 1 || len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Reason, "hidden") {
		t.Errorf("%s", r)
	}
}

func TestAWorkbookThatIsNoneIsNamed(t *testing.T) {
	archive := func(names ...string) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, n := range names {
			w, err := z.Create(n)
			must(t, err)
			_, err = w.Write([]byte("<x/>"))
			must(t, err)
		}
		must(t, z.Close())
		return b.Bytes()
	}
	good := workbook(t, map[string][][]any{"S": {{"質問", "回答"}, {"q", "a"}}}, nil)
	var locked bytes.Buffer
	f, err := excelize.OpenReader(bytes.NewReader(good))
	must(t, err)
	must(t, f.Write(&locked, excelize.Options{Password: "secret"}), f.Close())
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"cut", good[:len(good)/2], ErrSyntax},
		{"password", locked.Bytes(), ErrPassword},
		{"empty book", workbook(t, map[string][][]any{"S": {}}, nil), ErrNoHeadings},
		{"no headings", workbook(t, map[string][][]any{"S": {{"a", "b"}, {1, 2}}}, nil), ErrNoHeadings},
		{"zip", archive("a.txt"), ErrNotKnowledge},
		{"OpenDocument", archive("mimetype", "content.xml"), ErrNotKnowledge},
		{"Word", archive("[Content_Types].xml", "word/document.xml"), ErrNotKnowledge},
		{"binary workbook", archive("xl/workbook.bin"), ErrNotKnowledge},
		{"hollow workbook", archive("xl/workbook.xml"), ErrSyntax},
	} {
		_, _, err := Import(context.Background(), c.name, bytes.NewReader(c.data))
		if !errors.Is(err, c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestAZipBombIsRefusedBeforeItIsUnpacked(t *testing.T) {
	for _, claims := range [][]uint64{{maxUnpackedBytes + 1}, {maxUnpackedBytes / 2, maxUnpackedBytes/2 + 1}, {1 << 63, 1 << 63}} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for i, size := range claims {
			w, err := z.CreateRaw(&zip.FileHeader{Name: []string{"xl/workbook.xml", "xl/worksheets/sheet1.xml"}[i], Method: zip.Deflate, UncompressedSize64: size, CompressedSize64: 2})
			must(t, err)
			_, err = w.Write([]byte{3, 0})
			must(t, err)
		}
		must(t, z.Close())
		if _, _, err := Import(context.Background(), "bomb.xlsx", &b); !errors.Is(err, ErrTooLarge) {
			t.Error(err)
		}
	}
}

func TestAFileInAWorkbookThatIsLargerThanItClaimsIsRefused(t *testing.T) {
	var packed, b bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	must(t, err)
	_, err = w.Write(make([]byte, 1<<20))
	must(t, err, w.Close())
	z := zip.NewWriter(&b)
	raw, err := z.CreateRaw(&zip.FileHeader{Name: "xl/workbook.xml", Method: zip.Deflate, UncompressedSize64: 10, CompressedSize64: uint64(packed.Len())})
	must(t, err)
	_, err = raw.Write(packed.Bytes())
	must(t, err, z.Close())
	if _, _, err := Import(context.Background(), "liar.xlsx", &b); !errors.Is(err, ErrSyntax) {
		t.Error(err)
	}
}
