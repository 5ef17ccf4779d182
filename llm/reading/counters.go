package reading

import (
	"strings"
	"unicode/utf8"
)

// change names how a counter and the number before it alter each other.
type change uint8

const (
	plain    change = iota // 二枚 ニマイ: nothing changes
	kStop                  // 一個 イッコ, 六個 ロッコ, 八個 ハッコ, 十個 ジュッコ, 百個 ヒャッコ
	kVoiced                // as kStop, and 三階 サンガイ, 何階 ナンガイ
	sStop                  // 一歳 イッサイ, 八歳 ハッサイ, 十歳 ジュッサイ
	sVoiced                // as sStop, and 三足 サンゾク
	hVoiced                // 一本 イッポン, 三本 サンボン, 六本 ロッポン
	hPlosive               // 一分 イップン, 三分 サンプン, 四分 ヨンプン
	ten                    // 十% ジュッパーセント only
	native                 // 一箱 ヒトハコ, 二箱 フタハコ, then as kStop
	nativeH                // as native with 六箱 ロッパコ
	kUnit                  // 六キロ ロッキロ, 十キロ ジュッキロ
)

// A counter is a word behind a number. Short and seven say how four and seven
// sound before it, four and nine alike; whole gives readings that cannot be
// derived (一人 ヒトリ), by value.
type counter struct {
	kana  string
	kind  change
	four  string // "" for ヨン
	seven string // "" for ナナ
	nine  string // "" for キュー
	zero  string // "" for ゼロ
	whole map[uint64]string
}

var dayNames = map[uint64]string{
	1: "ツイタチ", 2: "フツカ", 3: "ミッカ", 4: "ヨッカ", 5: "イツカ", 6: "ムイカ", 7: "ナノカ", 8: "ヨーカ",
	9: "ココノカ", 10: "トーカ", 14: "ジューヨッカ", 20: "ハツカ", 24: "ニジューヨッカ",
}

var thingNames = map[uint64]string{
	1: "ヒトツ", 2: "フタツ", 3: "ミッツ", 4: "ヨッツ", 5: "イツツ", 6: "ムッツ", 7: "ナナツ", 8: "ヤッツ", 9: "ココノツ",
}

// counters lists what follows a number in a shop, longest spelling first when
// looked up. Latin units are matched without regard to case except where two
// units differ by it.
var counters = map[string]counter{
	"円": {kana: "エン", four: "ヨ"}, "円引き": {kana: "エンビキ", four: "ヨ"}, "円引": {kana: "エンビキ", four: "ヨ"},
	"円札": {kana: "エンサツ", four: "ヨ"}, "円玉": {kana: "エンダマ", four: "ヨ"}, "円分": {kana: "エンブン", four: "ヨ"},
	"ドル": {kana: "ドル"}, "ユーロ": {kana: "ユーロ"}, "ウォン": {kana: "ウォン"}, "銭": {kana: "セン", kind: sStop},

	"時": {kana: "ジ", four: "ヨ", seven: "シチ", nine: "ク", zero: "レー"}, "時間": {kana: "ジカン", four: "ヨ", nine: "ク"},
	"分": {kana: "フン", kind: hPlosive}, "秒": {kana: "ビョー"}, "時間目": {kana: "ジカンメ", four: "ヨ", nine: "ク"},
	"日": {kana: "ニチ", seven: "シチ", nine: "ク", whole: dayNames},
	"月": {kana: "ガツ", four: "シ", seven: "シチ", nine: "ク"}, "年": {kana: "ネン", four: "ヨ"},
	"年度": {kana: "ネンド", four: "ヨ"}, "年生": {kana: "ネンセー", four: "ヨ"}, "周年": {kana: "シューネン", kind: sStop},
	"週間": {kana: "シューカン", kind: sStop}, "週": {kana: "シュー", kind: sStop}, "泊": {kana: "ハク", kind: hPlosive},
	"世紀": {kana: "セーキ", kind: sStop}, "代": {kana: "ダイ"}, "才": {kana: "サイ", kind: sStop, whole: map[uint64]string{20: "ハタチ"}},
	"歳": {kana: "サイ", kind: sStop, whole: map[uint64]string{20: "ハタチ"}}, "歳児": {kana: "サイジ", kind: sStop}, "学期": {kana: "ガッキ"},

	"人":  {kana: "ニン", four: "ヨ", seven: "シチ", whole: map[uint64]string{1: "ヒトリ", 2: "フタリ"}},
	"人様": {kana: "ニンサマ", four: "ヨ", whole: map[uint64]string{1: "ヒトリサマ", 2: "フタリサマ"}},
	"人前": {kana: "ニンマエ", four: "ヨ"}, "人用": {kana: "ニンヨー", four: "ヨ", whole: map[uint64]string{1: "ヒトリヨー", 2: "フタリヨー"}},
	"人組": {kana: "ニングミ", four: "ヨ", whole: map[uint64]string{2: "フタリグミ"}}, "人乗り": {kana: "ニンノリ", four: "ヨ", whole: map[uint64]string{1: "ヒトリノリ", 2: "フタリノリ"}},
	"名": {kana: "メー"}, "名様": {kana: "メーサマ"}, "者": {kana: "シャ"},

	"階": {kana: "カイ", kind: kVoiced}, "階建て": {kana: "カイダテ", kind: kVoiced}, "階席": {kana: "カイセキ", kind: kVoiced}, "段": {kana: "ダン"}, "段目": {kana: "ダンメ"},
	"f": {kana: "カイ", kind: kVoiced}, "列": {kana: "レツ"}, "列目": {kana: "レツメ"},
	"丁目": {kana: "チョーメ", kind: sStop}, "番地": {kana: "バンチ"}, "番": {kana: "バン"}, "番線": {kana: "バンセン"}, "番窓口": {kana: "バンマドグチ"}, "番出口": {kana: "バンデグチ"}, "番乗り場": {kana: "バンノリバ"}, "番テーブル": {kana: "バンテーブル"}, "番売り場": {kana: "バンウリバ"}, "番売場": {kana: "バンウリバ"}, "番レジ": {kana: "バンレジ"},
	"号": {kana: "ゴー"}, "号室": {kana: "ゴーシツ"}, "号館": {kana: "ゴーカン"}, "号店": {kana: "ゴーテン"}, "号車": {kana: "ゴーシャ"}, "号機": {kana: "ゴーキ"}, "号棟": {kana: "ゴートー"}, "合": {kana: "ゴー"},
	"店舗": {kana: "テンポ", kind: sStop}, "か所": {kana: "カショ", kind: kStop}, "ヵ所": {kana: "カショ", kind: kStop}, "カ所": {kana: "カショ", kind: kStop}, "ヶ所": {kana: "カショ", kind: kStop}, "箇所": {kana: "カショ", kind: kStop}, "ケ所": {kana: "カショ", kind: kStop},
	"か月": {kana: "カゲツ", kind: kStop}, "ヶ月": {kana: "カゲツ", kind: kStop}, "ヵ月": {kana: "カゲツ", kind: kStop}, "カ月": {kana: "カゲツ", kind: kStop}, "ケ月": {kana: "カゲツ", kind: kStop}, "箇月": {kana: "カゲツ", kind: kStop},
	"か国": {kana: "カコク", kind: kStop}, "ヶ国": {kana: "カコク", kind: kStop}, "カ国": {kana: "カコク", kind: kStop}, "ヵ国": {kana: "カコク", kind: kStop}, "か国語": {kana: "カコクゴ", kind: kStop}, "ヶ国語": {kana: "カコクゴ", kind: kStop}, "カ国語": {kana: "カコクゴ", kind: kStop}, "ヵ国語": {kana: "カコクゴ", kind: kStop},

	"本": {kana: "ホン", kind: hVoiced}, "杯": {kana: "ハイ", kind: hVoiced}, "匹": {kana: "ヒキ", kind: hVoiced}, "票": {kana: "ヒョー", kind: hVoiced}, "拍": {kana: "ハク", kind: hPlosive}, "歩": {kana: "ホ", kind: hPlosive}, "品目": {kana: "ヒンモク", kind: hPlosive}, "発": {kana: "ハツ", kind: hPlosive}, "編": {kana: "ヘン", kind: hPlosive}, "版": {kana: "ハン", kind: hPlosive}, "班": {kana: "ハン", kind: hPlosive},
	"個": {kana: "コ", kind: kStop}, "コ": {kana: "コ", kind: kStop}, "ヶ": {kana: "コ", kind: kStop}, "箇": {kana: "コ", kind: kStop}, "回": {kana: "カイ", kind: kStop}, "回線": {kana: "カイセン", kind: kStop}, "回払い": {kana: "カイバライ", kind: kStop}, "巻": {kana: "カン", kind: kStop}, "缶": {kana: "カン", kind: kStop}, "件": {kana: "ケン", kind: kStop}, "軒": {kana: "ケン", kind: kVoiced}, "曲": {kana: "キョク", kind: kStop}, "斤": {kana: "キン", kind: kStop}, "貫": {kana: "カン", kind: kStop}, "球": {kana: "キュー", kind: kStop}, "機": {kana: "キ", kind: kStop}, "基": {kana: "キ", kind: kStop}, "行": {kana: "ギョー"}, "級": {kana: "キュー", kind: kStop}, "桁": {kana: "ケタ", kind: native},
	"冊": {kana: "サツ", kind: sStop}, "足": {kana: "ソク", kind: sVoiced}, "席": {kana: "セキ", kind: sStop}, "セット": {kana: "セット"}, "室": {kana: "シツ", kind: sStop}, "種類": {kana: "シュルイ", kind: sStop}, "種": {kana: "シュ", kind: sStop}, "食": {kana: "ショク", kind: sStop}, "式": {kana: "シキ", kind: sStop}, "色": {kana: "ショク", kind: sStop}, "社": {kana: "シャ", kind: sStop}, "周": {kana: "シュー", kind: sStop}, "升": {kana: "ショー", kind: sStop},
	"点": {kana: "テン", kind: sStop}, "頭": {kana: "トー", kind: sStop}, "丁": {kana: "チョー", kind: sStop}, "着": {kana: "チャク", kind: sStop}, "通": {kana: "ツー", kind: sStop}, "通り": {kana: "トーリ", kind: sStop, whole: map[uint64]string{1: "ヒトトーリ", 2: "フタトーリ"}}, "等": {kana: "トー", kind: sStop}, "帖": {kana: "ジョー"}, "畳": {kana: "ジョー"}, "対": {kana: "ツイ", kind: sStop},
	"枚": {kana: "マイ"}, "枚組": {kana: "マイグミ"}, "台": {kana: "ダイ"}, "度": {kana: "ド"}, "膳": {kana: "ゼン"}, "面": {kana: "メン"}, "問": {kana: "モン"}, "題": {kana: "ダイ"}, "倍": {kana: "バイ"}, "部": {kana: "ブ"}, "便": {kana: "ビン"}, "羽": {kana: "ワ"}, "輪": {kana: "リン"}, "割": {kana: "ワリ"}, "割引": {kana: "ワリビキ"}, "割引き": {kana: "ワリビキ"}, "割り引き": {kana: "ワリビキ"}, "割増": {kana: "ワリマシ"}, "名義": {kana: "メーギ"}, "両": {kana: "リョー"}, "例": {kana: "レー"}, "路線": {kana: "ロセン"}, "位": {kana: "イ"}, "円均一": {kana: "エンキンイツ", four: "ヨ"}, "字": {kana: "ジ"}, "文字": {kana: "モジ", kind: native, whole: map[uint64]string{2: "ニモジ"}}, "次": {kana: "ジ"}, "人掛け": {kana: "ニンガケ", four: "ヨ", whole: map[uint64]string{1: "ヒトリガケ", 2: "フタリガケ"}},
	"つ": {kana: "ツ", whole: thingNames}, "箱": {kana: "ハコ", kind: nativeH}, "袋": {kana: "フクロ", kind: native}, "品": {kana: "シナ", kind: native}, "組": {kana: "クミ", kind: native}, "皿": {kana: "サラ", kind: native}, "切れ": {kana: "キレ", kind: native}, "束": {kana: "タバ", kind: native}, "株": {kana: "カブ", kind: native}, "口": {kana: "クチ", kind: native}, "玉": {kana: "タマ", kind: native}, "粒": {kana: "ツブ", kind: native}, "部屋": {kana: "ヘヤ", kind: native}, "棟": {kana: "トー", kind: sStop}, "枠": {kana: "ワク", kind: native}, "握り": {kana: "ニギリ", kind: native}, "山": {kana: "ヤマ", kind: native}, "房": {kana: "フサ", kind: native}, "瓶": {kana: "ビン"}, "匙": {kana: "サジ", kind: native}, "駅": {kana: "エキ", kind: native}, "晩": {kana: "バン", kind: native}, "揃い": {kana: "ソロイ", kind: native}, "重ね": {kana: "カサネ", kind: native},

	"%": {kana: "パーセント", kind: ten}, "%引き": {kana: "パーセントビキ", kind: ten}, "%引": {kana: "パーセントビキ", kind: ten}, "パーセント": {kana: "パーセント", kind: ten}, "パーセント引き": {kana: "パーセントビキ", kind: ten}, "%off": {kana: "パーセントオフ", kind: ten}, "%オフ": {kana: "パーセントオフ", kind: ten}, "%増量": {kana: "パーセントゾーリョー", kind: ten},
	"円off": {kana: "エンオフ", four: "ヨ"}, "円オフ": {kana: "エンオフ", four: "ヨ"},
	"ポイント": {kana: "ポイント"}, "pt": {kana: "ポイント"}, "ページ": {kana: "ページ", kind: ten}, "パック": {kana: "パック"}, "ピース": {kana: "ピース"}, "ケース": {kana: "ケース", kind: kUnit}, "カップ": {kana: "カップ", kind: kUnit}, "グラム": {kana: "グラム"}, "キログラム": {kana: "キログラム", kind: kUnit}, "キロメートル": {kana: "キロメートル", kind: kUnit}, "キロ": {kana: "キロ", kind: kUnit}, "カロリー": {kana: "カロリー", kind: kUnit}, "キロカロリー": {kana: "キロカロリー", kind: kUnit}, "メートル": {kana: "メートル"}, "センチ": {kana: "センチ", kind: sStop}, "センチメートル": {kana: "センチメートル", kind: sStop}, "ミリ": {kana: "ミリ"}, "ミリメートル": {kana: "ミリメートル"}, "リットル": {kana: "リットル"}, "ミリリットル": {kana: "ミリリットル"}, "ダース": {kana: "ダース"}, "トン": {kana: "トン", kind: sStop}, "インチ": {kana: "インチ"}, "ワット": {kana: "ワット"}, "ボルト": {kana: "ボルト"}, "アンペア": {kana: "アンペア"}, "人席": {kana: "ニンセキ", four: "ヨ"}, "サイズ": {kana: "サイズ"}, "スタンプ": {kana: "スタンプ"}, "フロア": {kana: "フロア"},
	"kg": {kana: "キログラム", kind: kUnit}, "g": {kana: "グラム"}, "mg": {kana: "ミリグラム"}, "km": {kana: "キロメートル", kind: kUnit}, "m": {kana: "メートル"}, "cm": {kana: "センチメートル", kind: sStop}, "mm": {kana: "ミリメートル"}, "l": {kana: "リットル"}, "ml": {kana: "ミリリットル"}, "dl": {kana: "デシリットル"}, "cc": {kana: "シーシー"}, "kcal": {kana: "キロカロリー", kind: kUnit}, "cal": {kana: "カロリー", kind: kUnit}, "w": {kana: "ワット"}, "v": {kana: "ボルト"}, "gb": {kana: "ギガバイト"}, "mb": {kana: "メガバイト"}, "tb": {kana: "テラバイト"}, "mah": {kana: "ミリアンペアアワー"}, "hz": {kana: "ヘルツ"}, "m2": {kana: "ヘイホーメートル"}, "°c": {kana: "ド"}, "°": {kana: "ド"}, "inch": {kana: "インチ"}, "off": {kana: "オフ"},
}

// suffixes may follow any counter: 3日間, 2つ目, 4人分, 6個入り.
var suffixes = map[string]string{
	"間": "カン", "間隔": "カンカク", "目": "メ", "分": "ブン", "入り": "イリ", "入": "イリ", "台": "ダイ", "前": "マエ", "後": "ゴ", "毎": "ゴト", "以上": "イジョー", "以内": "イナイ", "以下": "イカ", "未満": "ミマン", "限り": "カギリ", "付き": "ツキ", "用": "ヨー", "制": "セー", "券": "ケン", "超": "チョー", "程度": "テード", "相当": "ソートー", "半": "ハン",
}

const longestCounter = 8 // runes, "パーセント引き" and "番テーブル" among them

// matchCounter finds the longest counter at the start of s.
func matchCounter(s string) (name string, c counter, ok bool) {
	end := 0
	for range longestCounter {
		if end >= len(s) {
			break
		}
		_, size := utf8.DecodeRuneInString(s[end:])
		end += size
		head := s[:end]
		// 5G is no weight: grams are written with a small letter.
		if got, found := counters[asciiLower(head)]; found && head != "G" {
			name, c, ok = head, got, true
		}
	}
	// A Latin unit ends where the word ends: 5 men is not 5 m.
	if ok && isASCIIWord(rune(name[len(name)-1])) && len(name) < len(s) {
		if next := s[len(name)]; next >= 'a' && next <= 'z' || next >= 'A' && next <= 'Z' {
			return "", counter{}, false
		}
	}
	return name, c, ok
}

// count joins a number and its counter with the changes of sound that the pair
// asks for. The number's pieces come from [Integer] or [Decimal].
func count(pieces []Piece, value uint64, whole bool, name string, c counter) []Piece {
	if whole {
		if kana, ok := c.whole[value]; ok {
			return []Piece{{kanjiOf(pieces) + name, kana}}
		}
	}
	out := append([]Piece(nil), pieces...)
	last := &out[len(out)-1]
	unit := c.kana
	switch last.Written {
	case "四":
		if c.four != "" {
			last.Kana = c.four
		}
	case "七":
		if c.seven != "" {
			last.Kana = c.seven
		}
	case "九":
		if c.nine != "" {
			last.Kana = c.nine
		}
	case "零":
		if c.zero != "" && len(out) == 1 {
			last.Kana = c.zero
		}
	}
	last.Kana, unit = join(c.kind, last.Written, last.Kana, unit, whole && len(pieces) == 1)
	return append(out, Piece{name, unit})
}

// join applies kind to the last piece of a number and a counter's kana. alone
// says that the number is this one digit.
func join(kind change, last, kana, unit string, alone bool) (number, counted string) {
	switch kind {
	case plain:
		return kana, unit
	case ten:
		if last == "十" {
			kana = "ジュッ"
		}
		return kana, unit
	case native, nativeH:
		if alone && last == "一" {
			return "ヒト", unit
		}
		if alone && last == "二" {
			return "フタ", unit
		}
		if kind == nativeH {
			switch last {
			case "六", "八", "十", "百":
				return geminate(last, kana, true), plosive(unit)
			}
		}
		return kana, unit
	case kUnit:
		switch last {
		case "六":
			return "ロッ", unit
		case "十":
			return "ジュッ", unit
		case "百":
			return "ヒャッ", unit
		}
		return kana, unit
	}
	six := kind == kStop || kind == kVoiced || kind == hVoiced || kind == hPlosive
	stopped := geminate(last, kana, six)
	switch kind {
	case kVoiced, sVoiced:
		if last == "三" || last == "何" || last == "千" && kind == kVoiced && strings.HasPrefix(unit, "ケ") {
			return kana, voiced(unit)
		}
	case hVoiced:
		if stopped != kana {
			return stopped, plosive(unit)
		}
		if last == "三" || last == "千" || last == "万" || last == "何" {
			return kana, voiced(unit)
		}
	case hPlosive:
		if stopped != kana || last == "三" || last == "四" || last == "千" || last == "万" || last == "何" {
			return stopped, plosive(unit)
		}
	}
	return stopped, unit
}

// geminate gives the clipped form of a number's last piece: イチ to イッ. six
// says whether 六 and 百 are clipped too (they are before カ and ハ rows).
func geminate(last, kana string, six bool) string {
	switch last {
	case "一":
		return "イッ"
	case "八":
		return "ハッ"
	case "十":
		return "ジュッ"
	case "六":
		if six {
			return "ロッ"
		}
	case "百":
		if six {
			return strings.TrimSuffix(kana, "ク") + "ッ"
		}
	}
	return kana
}

var voicedRow = map[rune]rune{
	'カ': 'ガ', 'キ': 'ギ', 'ク': 'グ', 'ケ': 'ゲ', 'コ': 'ゴ', 'サ': 'ザ', 'シ': 'ジ', 'ス': 'ズ', 'セ': 'ゼ', 'ソ': 'ゾ',
	'タ': 'ダ', 'チ': 'ヂ', 'ツ': 'ヅ', 'テ': 'デ', 'ト': 'ド', 'ハ': 'バ', 'ヒ': 'ビ', 'フ': 'ブ', 'ヘ': 'ベ', 'ホ': 'ボ',
}

var plosiveRow = map[rune]rune{'ハ': 'パ', 'ヒ': 'ピ', 'フ': 'プ', 'ヘ': 'ペ', 'ホ': 'ポ'}

func voiced(s string) string  { return swapFirst(s, voicedRow) }
func plosive(s string) string { return swapFirst(s, plosiveRow) }

func swapFirst(s string, row map[rune]rune) string {
	r, size := utf8.DecodeRuneInString(s)
	if v, ok := row[r]; ok {
		return string(v) + s[size:]
	}
	return s
}

func kanjiOf(pieces []Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Written)
	}
	return b.String()
}

func decodeRune(s string) (rune, int) { return utf8.DecodeRuneInString(s) }
