package knowledge

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Plan is where things are in the shop, for a picture: floors with their
// departments as plain blocks, and where the kiosk stands. It is one JSON file:
//
//	{
//	  "kiosk": {"floor": "1F", "x": 0.8, "y": 0.9},
//	  "floors": [
//	    {"id": "6F", "also": ["6階"], "name": {"ja": "6階 くらし", "en": "6F Home"}, "level": 6, "ratio": 1.6, "areas": [
//	      {"name": {"ja": "寝具", "en": "Bedding"}, "also": ["ふとん"], "x": 0.7, "y": 0.05, "w": 0.26, "h": 0.3}
//	    ]}
//	  ]
//	}
//
// Lengths are fractions of the floor's width and height, from its upper left
// corner; ratio is its width by its height. The place of an answer or a product
// ("6階 寝具 棚B-02") is found on it by the names that it holds: those of a floor
// (id, also) and of one of its areas (name, also).
type Plan struct {
	// Kiosk is where the kiosk stands; without a floor no way is drawn.
	Kiosk  Spot    `json:"kiosk"`
	Floors []Floor `json:"floors"`
}

// Spot is a point on a floor.
type Spot struct {
	Floor string `json:"floor"`
	Point
}

// Point is in fractions of a floor's width and height.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Floor is one floor. Level orders the floors: 1 is the ground floor, -1 the
// first below.
type Floor struct {
	ID    string   `json:"id"`
	Also  []string `json:"also,omitempty"`
	Name  Label    `json:"name"`
	Level int      `json:"level"`
	Ratio float64  `json:"ratio,omitempty"`
	Areas []Area   `json:"areas"`
}

// Area is a department: a rectangle.
type Area struct {
	Name Label    `json:"name"`
	Also []string `json:"also,omitempty"`
	X    float64  `json:"x"`
	Y    float64  `json:"y"`
	W    float64  `json:"w"`
	H    float64  `json:"h"`
}

// Label is a name in two languages; an empty En is JA.
type Label struct {
	JA string `json:"ja"`
	En string `json:"en,omitempty"`
}

// In is the name in "ja" or "en".
func (l Label) In(language string) string {
	if language == "en" && l.En != "" {
		return l.En
	}
	return l.JA
}

// ErrPlan means that a file is not a plan of floors.
var ErrPlan = errors.New("not a plan of floors")

// The most that a plan has: what is more is not read from a kiosk's screen.
const (
	maxPlanBytes = 1 << 20
	maxFloors    = 64
	maxAreas     = 64
	maxLabel     = 40
)

// LooksLikePlan tells a plan from the other knowledge files: the first key of
// its object is one of a plan's.
func LooksLikePlan(data []byte) bool {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	key, err := d.Token()
	return err == nil && (key == "floors" || key == "kiosk")
}

// ParsePlan reads a plan. The error wraps ErrPlan and says what is wrong where.
func ParsePlan(data []byte) (p Plan, err error) {
	if len(data) > maxPlanBytes {
		return p, fmt.Errorf("%w: more than %d bytes", ErrPlan, maxPlanBytes)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		why := err.Error()
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &syntax):
			why = fmt.Sprintf("line %d: %v", lineAt(string(data), int(syntax.Offset)), syntax)
		case errors.As(err, &kind):
			why = fmt.Sprintf("line %d: %s is a %s", lineAt(string(data), int(kind.Offset)), kind.Field, kind.Value)
		}
		return Plan{}, fmt.Errorf("%w: %s", ErrPlan, why)
	}
	if _, err := d.Token(); err != io.EOF {
		return Plan{}, fmt.Errorf("%w: it has something behind its end", ErrPlan)
	}
	if err := p.check(); err != nil {
		return Plan{}, fmt.Errorf("%w: %w", ErrPlan, err)
	}
	return p, nil
}

func (p Plan) check() error {
	if len(p.Floors) == 0 || len(p.Floors) > maxFloors {
		return fmt.Errorf("it has %d floors: give 1 to %d", len(p.Floors), maxFloors)
	}
	seen := map[string]bool{}
	for i := range p.Floors {
		f := &p.Floors[i]
		for _, name := range append([]string{f.ID}, f.Also...) {
			if err := checkLabel(name); err != nil {
				return fmt.Errorf("floor %d: %w", i+1, err)
			}
			if seen[name] {
				return fmt.Errorf("two floors are called %s", name)
			}
			seen[name] = true
		}
		if err := f.check(); err != nil {
			return fmt.Errorf("floor %s: %w", f.ID, err)
		}
	}
	if p.Kiosk.Floor != "" {
		if p.floor(p.Kiosk.Floor) == nil {
			return fmt.Errorf("the kiosk stands on floor %s, which the plan does not have", p.Kiosk.Floor)
		}
		if !within(p.Kiosk.X) || !within(p.Kiosk.Y) {
			return errors.New("the kiosk stands outside its floor: x and y are fractions, 0 to 1")
		}
	}
	return nil
}

func (f *Floor) check() error {
	if err := checkLabel(f.Name.JA); err != nil {
		return err
	}
	if utf8.RuneCountInString(f.Name.En) > maxLabel {
		return fmt.Errorf("a name has more than %d characters", maxLabel)
	}
	if f.Ratio == 0 {
		f.Ratio = 1.6
	}
	if !(f.Ratio >= 0.4 && f.Ratio <= 4) {
		return errors.New("its ratio of width to height is not within 0.4 and 4")
	}
	if len(f.Areas) > maxAreas {
		return fmt.Errorf("it has more than %d areas", maxAreas)
	}
	for i, a := range f.Areas {
		for _, name := range append([]string{a.Name.JA}, a.Also...) {
			if err := checkLabel(name); err != nil {
				return fmt.Errorf("area %d: %w", i+1, err)
			}
		}
		if utf8.RuneCountInString(a.Name.En) > maxLabel {
			return fmt.Errorf("area %s: a name has more than %d characters", a.Name.JA, maxLabel)
		}
		if !within(a.X) || !within(a.Y) || !(a.W >= 0.02 && a.H >= 0.02) || !within(a.X+a.W) || !within(a.Y+a.H) {
			return fmt.Errorf("area %s lies outside the floor or is too small: x, y, w and h are fractions, 0 to 1", a.Name.JA)
		}
	}
	return nil
}

func checkLabel(name string) error {
	if strings.TrimSpace(name) != name || name == "" || utf8.RuneCountInString(name) > maxLabel || strings.ContainsAny(name, "\r\n\t") {
		return fmt.Errorf("a name is empty, longer than %d characters or has spaces around it", maxLabel)
	}
	return nil
}

// within takes a rounding error for the edge.
func within(v float64) bool { return v >= 0 && v <= 1+1e-9 && !math.IsNaN(v) }

// LoadPlan reads the plan at path. The error wraps fs.ErrNotExist when there is
// none.
func LoadPlan(path string) (Plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Plan{}, fmt.Errorf("plan of floors %s: %w", path, errors.Unwrap(err))
	}
	p, err := ParsePlan(data)
	if err != nil {
		return p, fmt.Errorf("plan of floors %s: %w", path, err)
	}
	return p, nil
}

// Save writes the plan to path, whole or not at all.
func (p Plan) Save(path string) error {
	if err := p.check(); err != nil {
		return fmt.Errorf("%w: %w", ErrPlan, err)
	}
	data, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	if err := replaceFile(path, append(data, '\n')); err != nil {
		return fmt.Errorf("plan of floors %s: %w", path, err)
	}
	return nil
}

// RemovePlan takes the plan away; that there is none is no error.
func RemovePlan(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("plan of floors %s: %w", path, errors.Unwrap(err))
	}
	return nil
}

func (p Plan) floor(id string) *Floor {
	for i, f := range p.Floors {
		if f.ID == id || slices.Contains(f.Also, id) {
			return &p.Floors[i]
		}
	}
	return nil
}

// A Found place is a floor, and an area of it.
type Found struct {
	Floor *Floor
	Area  *Area
}

// Find returns where a place is. A place that names several floors, none or no
// area is not found: a pin in the wrong spot is worse than words.
func (p Plan) Find(place string) (found Found, ok bool) {
	place = strings.TrimSpace(place)
	if place == "" {
		return found, false
	}
	for i := range p.Floors {
		f := &p.Floors[i]
		if !f.named(place) {
			continue
		}
		if found.Floor != nil {
			return Found{}, false
		}
		found.Floor = f
	}
	if found.Floor == nil {
		return Found{}, false
	}
	longest := 0
	for i := range found.Floor.Areas {
		a := &found.Floor.Areas[i]
		for _, name := range append([]string{a.Name.JA, a.Name.En}, a.Also...) {
			if n := len(name); n > longest && strings.Contains(strings.ToLower(place), strings.ToLower(name)) {
				found.Area, longest = a, n
			}
		}
	}
	return found, found.Area != nil
}

// named says whether a place is on the floor: it holds one of its names, not as
// the end of a longer one (1階 in 地下1階) or the beginning of one.
func (f *Floor) named(place string) bool {
	for _, name := range append([]string{f.ID}, f.Also...) {
		for at := 0; ; {
			i := strings.Index(place[at:], name)
			if i < 0 {
				break
			}
			before, _ := utf8.DecodeLastRuneInString(place[:at+i])
			after, _ := utf8.DecodeRuneInString(place[at+i+len(name):])
			if !wordRune(before) && !strings.ContainsRune("下0123456789０１２３４５６７８９", before) && !(wordRune(after) && wordRune(rune(name[len(name)-1]))) {
				return true
			}
			at += i + len(name)
		}
	}
	return false
}

func wordRune(r rune) bool {
	return r < utf8.RuneSelf && (r|0x20 >= 'a' && r|0x20 <= 'z' || r >= '0' && r <= '9')
}
