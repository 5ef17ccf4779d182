package knowledge

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const smallPlan = `{"kiosk": {"floor": "1F", "x": 0.5, "y": 0.95}, "floors": [
 {"id": "1F", "also": ["1階"], "name": {"ja": "1階", "en": "1F"}, "level": 1, "areas": [
  {"name": {"ja": "靴", "en": "Shoes"}, "x": 0.05, "y": 0.1, "w": 0.4, "h": 0.3},
  {"name": {"ja": "紳士靴"}, "also": ["gentlemen"], "x": 0.55, "y": 0.1, "w": 0.4, "h": 0.3},
  {"name": {"ja": "傘"}, "x": 0.1, "y": 0.6, "w": 0.8, "h": 0.2}]},
 {"id": "B1", "also": ["地下1階"], "name": {"ja": "地下1階"}, "level": -1, "areas": [{"name": {"ja": "酒"}, "x": 0, "y": 0, "w": 1, "h": 1}]}]}`

func parsePlan(t testing.TB, text string) Plan {
	t.Helper()
	p, err := ParsePlan([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPlaceIsFoundByTheNamesThatItHolds(t *testing.T) {
	p := parsePlan(t, smallPlan)
	for place, want := range map[string]string{
		"1階 靴 棚S-01": "1F 靴", "1階 紳士靴 棚S-09": "1F 紳士靴", "1F shoes": "1F 靴", "1F Gentlemen's department": "1F 紳士靴",
		"地下1階 酒": "B1 酒", "B1 酒": "B1 酒",
		"1階": "", "靴": "", "": "", "11階 靴": "", "1階・地下1階 酒": "", "1Fx 靴": "", "21F 靴": "", "2階 靴": "",
	} {
		got := ""
		if f, ok := p.Find(place); ok {
			got = f.Floor.ID + " " + f.Area.Name.JA
		}
		if got != want {
			t.Errorf("%q is found at %q, not %q", place, got, want)
		}
	}
}

func TestTheWayKeepsToTheAisles(t *testing.T) {
	p := parsePlan(t, smallPlan)
	for _, place := range []string{"1階 靴", "1階 紳士靴", "1階 傘"} {
		found, ok := p.Find(place)
		if !ok {
			t.Fatal(place)
		}
		checkWay(t, p, found)
	}
	found, _ := p.Find("B1 酒")
	if way, there := p.Way(found); len(way) != 0 || there != (Point{0.5, 0}) {
		t.Errorf("on another floor: %v to %v", way, there)
	}
}

// checkWay checks that a way ends at its area, is straight between corners and goes through no area.
func checkWay(t testing.TB, p Plan, found Found) {
	t.Helper()
	way, there := p.Way(found)
	points := append(append([]Point{p.Kiosk.Point}, way...), there)
	for i, a := range points[1:] {
		b := points[i]
		if math.Abs(a.X-b.X) > 1e-9 && math.Abs(a.Y-b.Y) > 1e-9 {
			t.Errorf("%s: %v to %v is neither along nor across", found.Area.Name.JA, b, a)
		}
		for _, area := range found.Floor.Areas {
			for n := range 101 {
				s := float64(n) / 100
				if area.holds(Point{b.X + (a.X-b.X)*s, b.Y + (a.Y-b.Y)*s}) {
					t.Fatalf("%s: the way %v leads through %s", found.Area.Name.JA, points, area.Name.JA)
				}
			}
		}
	}
	a := found.Area
	if there.X < a.X-1e-9 || there.X > a.X+a.W+1e-9 || there.Y < a.Y-1e-9 || there.Y > a.Y+a.H+1e-9 || a.holds(there) {
		t.Errorf("%s: the way ends at %v, not at its edge", a.Name.JA, there)
	}
	if len(way) > 4 {
		t.Errorf("%s: the way has %d corners", a.Name.JA, len(way))
	}
}

func TestAnyPlanHasAWayOrNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := rapid.Float64Range(0, 1)
		f := Floor{ID: "1F", Name: Label{JA: "1"}, Areas: make([]Area, rapid.IntRange(1, 8).Draw(t, "areas"))}
		for i := range f.Areas {
			a := Area{Name: Label{JA: "a"}, W: rapid.Float64Range(0.02, 1).Draw(t, "w"), H: rapid.Float64Range(0.02, 1).Draw(t, "h")}
			a.X, a.Y = share.Draw(t, "x")*(1-a.W), share.Draw(t, "y")*(1-a.H)
			f.Areas[i] = a
		}
		p := Plan{Kiosk: Spot{"1F", Point{share.Draw(t, "kx"), share.Draw(t, "ky")}}, Floors: []Floor{f}}
		if err := p.check(); err != nil {
			t.Fatal(err)
		}
		for i := range p.Floors[0].Areas {
			way, there := p.Way(Found{&p.Floors[0], &p.Floors[0].Areas[i]})
			for _, q := range append(way, there) {
				if !within(q.X) || !within(q.Y) {
					t.Fatalf("%v leads out of the house", way)
				}
			}
		}
	})
}

func TestAPlanIsRefusedWithALineThatSaysWhy(t *testing.T) {
	for change, want := range map[string]string{
		`"x": 0.05|"x": 0.95`:                  "area 靴 lies outside",
		`"h": 0.3}|"h": "high"}`:               "line 3",
		`"level": 1|"storey": 1`:               "storey",
		`"floor": "1F"|"floor": "9F"`:          "9F",
		`"also": ["地下1階"]|"also": ["1階"]`:      "two floors are called 1階",
		`"ja": "酒"|"ja": ""`:                   "floor B1: area 1",
		`"id": "B1"|"id": "B\n1"`:              "a name is empty",
		`"floors": [|"floors": [], "rest": [`:  "rest",
		`"w": 1, "h": 1}]}]}|"w": 1, "h": 1}]`: "not a plan",
	} {
		from, to, _ := strings.Cut(change, "|")
		_, err := ParsePlan([]byte(strings.Replace(smallPlan, from, to, 1)))
		if !errors.Is(err, ErrPlan) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", change, err)
		}
	}
	for text, want := range map[string]bool{smallPlan: true, `{"floors":`: true, `{"id":"floors"}`: false, `[]`: false, "floors,a": false, "": false} {
		if LooksLikePlan([]byte(text)) != want {
			t.Errorf("%.20s: %v", text, !want)
		}
	}
}

func TestAPlanIsSavedAndRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "floors.json")
	if _, err := LoadPlan(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	p := parsePlan(t, smallPlan)
	if err := p.Save(path); err != nil {
		t.Fatal(err)
	}
	again, err := LoadPlan(path)
	if err != nil || !reflect.DeepEqual(p, again) {
		t.Errorf("%+v, %v", again, err)
	}
	if err := (Plan{}).Save(path); !errors.Is(err, ErrPlan) {
		t.Error(err)
	}
	for range 2 {
		if err := RemovePlan(path); err != nil {
			t.Error(err)
		}
	}
}

func FuzzParsePlan(f *testing.F) {
	f.Add([]byte(smallPlan))
	f.Add([]byte(`{"floors":[{"id":"1","name":{"ja":"1"},"areas":[{"name":{"ja":"a"},"x":1e309}]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ParsePlan(data)
		if err != nil {
			if !errors.Is(err, ErrPlan) {
				t.Error(err)
			}
			return
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParsePlan(text)
		if err != nil || len(again.Floors) != len(p.Floors) {
			t.Errorf("what was read does not read again: %v", err)
		}
		for i := range p.Floors {
			for j := range p.Floors[i].Areas {
				p.Way(Found{&p.Floors[i], &p.Floors[i].Areas[j]})
			}
		}
	})
}
