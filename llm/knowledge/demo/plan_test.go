package demo

import "testing"

func TestEveryProductOfTheDemoShopIsOnItsPlan(t *testing.T) {
	plan := Plan()
	for _, p := range Batch().Products {
		found, ok := plan.Find(p.Place)
		if !ok || found.Floor.ID != p.Floor {
			t.Errorf("%s: %s is not on the plan", p.ID, p.Place)
		}
	}
	onMap := map[string]bool{}
	for _, e := range Batch().Entries {
		if _, ok := plan.Find(e.Place); ok {
			onMap[e.ID+e.Language] = true
		}
	}
	if len(onMap) < 30 {
		t.Errorf("only %d answers are on the plan", len(onMap))
	}
}

func TestThereIsAWayToEverythingOnTheKiosksFloor(t *testing.T) {
	plan := Plan()
	for _, place := range []string{"1階 化粧品", "1階 アクセサリー", "1階 ハンドバッグ", "1階 婦人雑貨", "1階 インフォメーション", "1F information desk", "1階 エレベーター"} {
		found, ok := plan.Find(place)
		if !ok {
			t.Fatal(place)
		}
		if way, there := plan.Way(found); len(way) > 3 || there == plan.Kiosk.Point {
			t.Errorf("%s: %v to %v", place, way, there)
		}
	}
}
