package knowledge

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A field is a column that this package understands, by its English name.
type field string

const (
	fieldID         field = "id"
	fieldQuestion   field = "question"
	fieldVariants   field = "variants"
	fieldAnswer     field = "answer"
	fieldDetail     field = "detail"
	fieldTopic      field = "topic"
	fieldBrand      field = "brand"
	fieldAudience   field = "audience"
	fieldValidFrom  field = "valid_from"
	fieldValidUntil field = "valid_until"
	fieldLanguage   field = "language"
	fieldPlace      field = "place"

	fieldName    field = "name"
	fieldReading field = "reading"
	fieldAliases field = "aliases"
	fieldJAN     field = "jan"
	fieldFloor   field = "floor"
	fieldPrice   field = "price"
	fieldStock   field = "stock"
)

// A kind is what a row of a file describes.
type kind int

const (
	kindNone kind = iota
	kindEntry
	kindProduct
)

// Headings by field, in the spelling of headingKey. 税抜価格 and 本体価格 are left
// out on purpose: a clerk who says a price says it with tax.
var (
	entryHeadings = headings(map[field]string{
		fieldID:         "id 質問id 回答id faqid 番号 no 管理番号 コード",
		fieldQuestion:   "question q 質問 質問文 質問内容 ご質問 問い 問 よくある質問 代表質問",
		fieldVariants:   "variants variant alternatives 言い換え 言いかえ 言換え いいかえ 別の聞き方 別の言い方 言い回し 類似質問 類義質問 質問例 質問のバリエーション バリエーション",
		fieldAnswer:     "answer a 回答 回答文 回答内容 ご回答 答え 答 こたえ 返答",
		fieldDetail:     "detail details 詳細 詳しい説明 補足 補足説明 詳細説明",
		fieldTopic:      "topic category カテゴリ カテゴリー 分類 話題 トピック 大分類",
		fieldBrand:      "brand ブランド ブランド名",
		fieldAudience:   "audience 対象 対象者 対象のお客様 対象客",
		fieldValidFrom:  "validfrom from start 有効開始 有効開始日 開始日 開始 適用開始 適用開始日 掲載開始 掲載開始日 有効期間開始 有効期限開始 から",
		fieldValidUntil: "validuntil until end validto 有効終了 有効終了日 終了日 終了 適用終了 適用終了日 掲載終了 掲載終了日 有効期間終了 有効期限終了 有効期限 まで",
		fieldLanguage:   "language lang 言語 言葉 ことば",
		fieldPlace:      "place location 場所 案内先 売場 売り場",
	})
	productHeadings = headings(map[field]string{
		fieldID:      "id 商品id 商品コード 商品番号 品番 productid sku 管理番号 コード no 番号",
		fieldName:    "name productname product 商品名 品名 商品 名称 名前 商品名称",
		fieldReading: "reading kana 読み よみ 読み仮名 読みがな よみがな ふりがな フリガナ 振り仮名 カナ かな 商品名カナ 商品名かな 商品名よみ 商品名読み",
		fieldAliases: "aliases alias 別名 別称 呼び名 通称 同義語 他の呼び方",
		fieldJAN:     "jan jancode ean ean13 barcode gtin janコード バーコード",
		fieldPlace:   "place shelf location 売場 売り場 売場名 棚 棚番 棚番号 場所 置き場 陳列場所 売場棚",
		fieldFloor:   "floor 階 フロア フロアー 階数",
		fieldPrice:   "price 価格 値段 税込価格 価格税込 販売価格 売価 税込 金額 単価 価格円 税込価格円 価格税込円 販売価格税込",
		fieldStock:   "stock quantity qty 在庫 在庫数 在庫個数 個数 数量 残数",
	})
)

func headings(names map[field]string) map[string]field {
	m := map[string]field{}
	for f, list := range names {
		m[headingKey(string(f))] = f
		for _, n := range strings.Fields(list) {
			m[headingKey(n)] = f
		}
	}
	return m
}

// headingKey is a heading without what people decorate headings with: width,
// case, white space, punctuation, "必須" and "任意".
func headingKey(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case r == 'ー':
			return r
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKC.String(text))
	for _, mark := range []string{"必須", "任意"} {
		if rest := strings.ReplaceAll(text, mark, ""); rest != "" {
			text = rest
		}
	}
	return text
}

// fieldFor finds the field of a heading. Columns of lists may be numbered
// (言い換え1, 言い換え2, 別名2).
func fieldFor(k kind, heading string) (field, bool) {
	m := entryHeadings
	if k == kindProduct {
		m = productHeadings
	}
	key := headingKey(heading)
	if f, ok := m[key]; ok {
		return f, true
	}
	f, ok := m[strings.TrimRight(key, "0123456789")]
	return f, ok && isList(f)
}

func isList(f field) bool { return f == fieldVariants || f == fieldAliases }

// kindOf tells what a table or object with these headings describes: answers
// need a question and an answer column, products a name. In a table a name
// alone is too little to be a heading row, for any list of people has one.
func kindOf(names []string) kind {
	has := func(k kind) map[field]bool {
		m := map[field]bool{}
		for _, n := range names {
			if f, ok := fieldFor(k, n); ok {
				m[f] = true
			}
		}
		return m
	}
	if e := has(kindEntry); e[fieldQuestion] && e[fieldAnswer] {
		return kindEntry
	}
	if p := has(kindProduct); p[fieldName] && len(p) > 1 {
		return kindProduct
	}
	return kindNone
}

// A cell is one value of a row as its file gives it.
type cell struct {
	// text is what a person sees; list replaces it where the file has arrays.
	text string
	list []string
	// raw is the number behind a formatted number of a workbook, else empty.
	raw string
	// wrong is set when the value is of a kind that no field has (an object).
	wrong string
}

func (c cell) empty() bool {
	return len(c.list) == 0 && strings.TrimSpace(c.text) == "" && c.wrong == ""
}

// A record is one row with its columns recognised.
type record struct {
	sheet  string
	row    int
	kind   kind
	values map[field]cell
	// headings are the columns' names in the file, for the report.
	headings map[field]string
}
