package reading

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDistanceIsZeroForTheSameSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := kana().Draw(t, "s")
		if d := Distance(s, s); d != 0 {
			t.Fatalf("%q is %f from itself", s, d)
		}
		if d := Distance(s, ToHiragana(s)); d != 0 {
			t.Fatalf("%q is %f from its hiragana", s, d)
		}
	})
}

func TestDistanceIsSymmetricAndBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.OneOf(kana(), rapid.String()).Draw(t, "a"), kana().Draw(t, "b")
		d, e := Distance(a, b), Distance(b, a)
		if math.Abs(d-e) > 1e-9 || d < 0 || d > 1 {
			t.Fatalf("%q %q: %f and %f", a, b, d, e)
		}
	})
}

func TestATermIsFoundInsideASentenceThatHoldsIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head, needle, tail := kana().Draw(t, "head"), kana().Draw(t, "needle"), kana().Draw(t, "tail")
		m := Within(needle, head+"、"+needle+"、"+tail)
		if m.Distance > 1e-9 || m.Distance < 0 {
			t.Fatalf("%q in %q: %+v", needle, head+needle+tail, m)
		}
	})
}

func TestMisheardTermsStayNear(t *testing.T) {
	for _, x := range []struct {
		a, b string
		most float64
	}{
		{"エーギョージカン", "エイキョウジカン", 0.1},
		{"チューシャジョー", "チューシャジョウ", 0},
		{"ヘンピン", "ヘンビン", 0.1},
		{"シツレー", "ヒツレイ", 0.1},
		{"ポイントカード", "ポイントカド", 0.1},
		{"キッテ", "キテ", 0.15},
		{"ダイジョーブ", "ライジョーブ", 0.15},
	} {
		if d := Distance(x.a, x.b); d > x.most {
			t.Errorf("%s and %s are %.3f apart, more than %.3f", x.a, x.b, d, x.most)
		}
	}
	if d := Distance("トイレ", "レジ"); d < 0.5 {
		t.Errorf("different words are only %.3f apart", d)
	}
}

func TestNBeforeYSoundsAsInOneBeat(t *testing.T) {
	for _, c := range []struct {
		a, b string
		most float64
	}{
		{"ジュニューシツ", "ジンユウシツ", 0.15}, {"リニューショク", "リンユウショク", 0.1}, {"テンニュー", "テンユウ", 0.2}, {"ホンヤ", "ホンヤ", 0}, {"ホンヤ", "ホニャ", 0.15},
	} {
		if d := Distance(c.a, c.b); d > c.most {
			t.Errorf("%s and %s are %.3f apart", c.a, c.b, d)
		}
	}
	if d := Distance("ホンヤ", "ホヤ"); d < 0.15 {
		t.Errorf("a beat more is only %.3f", d)
	}
}

func TestWithinGivesThePlaceOfAMisheardTerm(t *testing.T) {
	hay := "スミマセンエイキョウジカンオオシエテクダサイ"
	m := Within("エーギョージカン", hay)
	if m.Distance > 0.1 || hay[m.Start:m.End] != "エイキョウジカン" {
		t.Errorf("got %+v: %q", m, hay[m.Start:m.End])
	}
	if m := Within("チューシャジョー", hay); m.Distance < 0.4 {
		t.Errorf("a term that was not said is only %.3f away", m.Distance)
	}
}

func TestAlignLaysSoundsBesideEachOther(t *testing.T) {
	const written, heard = "ウデトキショハナンサイ", "タクジショーハナンサイ"
	_, late := Align(written, heard)
	for a, b := range map[string]string{"ショ": "ショー", "ナン": "ナン", "ハ": "ハ"} {
		if from, to := strings.Index(written, a), strings.Index(heard, b); late[from] != to || late[from+len(a)] != to+len(b) {
			t.Errorf("%s lies at %d to %d instead of %d to %d", a, late[from], late[from+len(a)], to, to+len(b))
		}
	}
	// What b alone has lies between the end of what stands before it and the beginning of what stands behind it.
	early, late := Align("ノソアゲモ", "ノスソアゲモ")
	if at := len("ノ"); early[at] != len("ノ") || late[at] != len("ノス") {
		t.Error(early, late)
	}
	if early, late := Align("カミ", "アノカミ"); early[0] != 0 || late[0] != len("アノ") {
		t.Error(early, late)
	}
	if early, late := Align("アノカミ", "カミ"); early[len("アノ")] != 0 || late[len("アノ")] != 0 {
		t.Error(early, late)
	}
}

func checkAlign(t interface{ Fatalf(string, ...any) }, a, b string) {
	early, late := Align(a, b)
	if len(early) != len(a)+1 || len(late) != len(a)+1 || late[len(a)] != len(b) || !slices.IsSorted(early) || !slices.IsSorted(late) || early[0] != 0 {
		t.Fatalf("%v %v", early, late)
	}
	for i := range early {
		if early[i] > late[i] {
			t.Fatalf("%d: %d is behind %d", i, early[i], late[i])
		}
	}
}

func TestAlignIsInOrderAndWithinBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := kana().Draw(t, "a"), kana().Draw(t, "b")
		checkAlign(t, a, b)
		early, late := Align(a, a)
		for _, m := range morae(a) {
			if early[m.start] > m.start || late[m.start] < m.start {
				t.Fatalf("%d lies at %d to %d of the same", m.start, early[m.start], late[m.start])
			}
		}
	})
}

func FuzzAlign(f *testing.F) {
	f.Add("エーギョー", "エイギョウジカン")
	f.Add("", "ー")
	f.Fuzz(func(t *testing.T, a, b string) { checkAlign(t, a, b) })
}

func FuzzWithin(f *testing.F) {
	f.Add("エーギョー", "エイギョウジカン")
	f.Add("", "ー")
	f.Fuzz(func(t *testing.T, a, b string) {
		m := Within(a, b)
		if m.Distance < 0 || m.Distance > 1 || m.Start < 0 || m.End > len(b) || m.Start > m.End {
			t.Fatalf("%+v", m)
		}
		if d := Distance(a, b); d < 0 || d > 1 {
			t.Fatal(d)
		}
	})
}

func kana() *rapid.Generator[string] {
	return rapid.StringOfN(rapid.RuneFrom([]rune("アイウエオカキクケコガギグゲゴサシスセソザジズタチツテトダデドナニヌネノハヒフヘホバビブパピプマミムメモヤユヨラリルレロワンッーャュョ")), 0, 15, -1)
}
