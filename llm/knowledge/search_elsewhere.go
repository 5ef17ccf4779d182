package knowledge

import (
	"slices"
	"strings"
)

// elsewhereWords name chains that most shoppers know and say that a place is not
// this one. A word that the shop's own questions hold does not count.
var elsewhereWords = strings.Fields(`隣の となりの 向かいの むかいの 駅前の 近所の 近くの 斜め前の よその ほかの店 他の店 別の店 通りの向こう 市役所 区役所 役場 警察 図書館 税務署 ハローワーク
	セブン ローソン ファミマ ファミリーマート ミニストップ イオン イトーヨーカドー ヨーカドー 西友 ライフ マルエツ 成城石井 コストコ 業務スーパー ドンキ ドン・キホーテ 伊勢丹 三越 高島屋 大丸 松坂屋 そごう 西武 東武 阪急 阪神 近鉄 小田急 京王 丸井 マルイ パルコ ルミネ
	ユニクロ しまむら ザラ ワークマン 無印 ニトリ ikea イケア ダイソー セリア キャンドゥ ロフト ハンズ ヨドバシ ビックカメラ ヤマダ電機 ケーズデンキ エディオン ノジマ マツキヨ マツモトキヨシ ウエルシア ツルハ スギ薬局 カインズ コメリ コーナン ビバホーム ケイヨー
	スタバ スターバックス ドトール タリーズ コメダ マック マクドナルド モスバーガー ケンタッキー 吉野家 すき家 松屋 サイゼリヤ サイゼ ガスト デニーズ スシロー くら寿司 丸亀 ミスド メルカリ アマゾン ヤフオク amazon ヤマト運輸 佐川 ドコモ ソフトバンク ジャパネット トイザらス 西松屋 赤ちゃん本舗 アカチャンホンポ ディズニー usj
	starbucks mcdonald's mcdonalds walmart costco 7-eleven lawson familymart uniqlo muji isetan takashimaya mitsukoshi tesco`)

// foreign are the elsewhereWords that lines do not hold.
func foreign(lines []line) []string {
	var out []string
	for _, w := range elsewhereWords {
		if !slices.ContainsFunc(lines, func(l line) bool { return strings.Contains(l.text, w) }) {
			out = append(out, w)
		}
	}
	return out
}

func (x *Index) elsewhere(query string) bool {
	return slices.ContainsFunc(x.others, func(w string) bool { return strings.Contains(query, w) })
}
