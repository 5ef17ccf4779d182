package screen

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/shopper"
)

// any value of a type of plain data.
func anyOf(t *rapid.T, typ reflect.Type) reflect.Value {
	v := reflect.New(typ).Elem()
	switch typ.Kind() {
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int:
		most := highestNumber
		if n, choice := choices[typ]; choice {
			most = n - 1
		}
		v.SetInt(int64(rapid.IntRange(0, most).Draw(t, "int")))
	case reflect.Uint32:
		v.SetUint(uint64(rapid.Uint32().Draw(t, "uint32")))
	case reflect.Float32:
		v.SetFloat(float64(rapid.Float32Range(0, 1).Draw(t, "float")))
	case reflect.String:
		v.SetString(rapid.StringMatching(`[ -}あ-んア-ン一-龠À-ſ]{0,20}`).Draw(t, "string"))
	case reflect.Slice:
		n := rapid.IntRange(-1, 3).Draw(t, "length")
		if n < 0 {
			return v // nil is not empty
		}
		v.Set(reflect.MakeSlice(typ, n, n))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			v.Index(i).Set(anyOf(t, typ.Elem()))
		}
	case reflect.Struct:
		for i := range typ.NumField() {
			v.Field(i).Set(anyOf(t, typ.Field(i).Type))
		}
	case reflect.Interface:
	default:
		t.Fatalf("%v is no plain data", typ)
	}
	return v
}

func roundTrip[T any](t *rapid.T, v T) {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	if !reflect.DeepEqual(v, back) {
		t.Fatalf("%+v came back as %+v", v, back)
	}
}

func pick[I any](t *rapid.T, types sealed[I]) I {
	names := make([]string, 0, len(types))
	for name := range types {
		names = append(names, name)
	}
	v, _ := anyOf(t, types[rapid.SampledFrom(sorted(names)).Draw(t, "type")]).Interface().(I)
	return v
}

func TestEveryPictureComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		look := anyOf(t, reflect.TypeFor[ui.Look]()).Interface().(ui.Look)
		for _, p := range pictures(t) {
			p.Look = look
			roundTrip(t, p)
		}
	})
}

func TestEveryTouchComesBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, touch := range touches(t) {
			roundTrip(t, touch)
		}
	})
}

func TestAPictureAndATouchHaveOneView(t *testing.T) {
	if _, err := json.Marshal(Picture{}); !errors.Is(err, errNoView) {
		t.Error(err)
	}
	if _, err := json.Marshal(Touch{}); !errors.Is(err, errNoEvent) {
		t.Error(err)
	}
	for _, text := range []string{`{}`, `{"shopper":null}`, `{"shopper":{"type":""}}`, `null`} {
		if err := json.Unmarshal([]byte(text), new(Touch)); err == nil {
			t.Errorf("%s is a touch", text)
		}
	}
	if _, err := json.Marshal(Picture{Shopper: &shopper.View{Screen: shopper.Listening{Level: float32(math.NaN())}}}); err == nil {
		t.Error("a level that is no number was sent")
	}
}

func TestATouchThatNoWindowSendsIsRefused(t *testing.T) {
	for _, event := range []shopper.Event{
		shopper.ChooseLanguage{Language: 4}, shopper.CallStaff{Language: -1}, shopper.Consented{How: 3},
		shopper.ShowFrom{Sentence: -1}, shopper.ShowFrom{Sentence: 1 << 20}, shopper.Ask{Question: "a\x1b[2J"},
		shopper.Ask{Question: strings.Repeat("あ", longestText)}, shopper.Typed{Key: keyboard.Key{Kind: 99}},
	} {
		b, err := json.Marshal(Touch{Shopper: event})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, new(Touch)); err == nil {
			t.Errorf("%s was taken", b)
		}
	}
	for _, text := range []string{`{"shopper":{"type":"Nothing","value":{}}}`, `{"shopper":{"type":"Start","value":{"X":1}}}`,
		`{"shopper":{"type":"Start"}}`, `{"shopper":{"type":"Start","value":{}},"more":1}`} {
		if err := json.Unmarshal([]byte(text), new(Touch)); err == nil {
			t.Errorf("%s was taken", text)
		}
	}
}

// constants are the names of a package's constants by their type, and methods the receivers of a method's name.
func source(t *testing.T, dir string) (constants map[string]int, methods map[string][]string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s holds no sources: %v", dir, err)
	}
	constants, methods = map[string]int{}, map[string][]string{}
	for _, path := range paths {
		if !strings.HasSuffix(path, "_test.go") {
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				switch d := d.(type) {
				case *ast.FuncDecl:
					if d.Recv != nil {
						if name, ok := d.Recv.List[0].Type.(*ast.Ident); ok {
							methods[d.Name.Name] = append(methods[d.Name.Name], name.Name)
						}
					}
				case *ast.GenDecl:
					of := ""
					for _, s := range d.Specs {
						if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.CONST {
							if name, ok := v.Type.(*ast.Ident); ok {
								of = name.Name
							} else if len(v.Values) > 0 {
								of = ""
							}
							constants[of] += len(v.Names)
						}
					}
				}
			}
		}
	}
	return constants, methods
}

func names[I any](types sealed[I]) []string {
	var list []string
	for name := range types {
		list = append(list, name)
	}
	return sorted(list)
}

func TestEveryScreenAndEventOfTheViewsCanBeSent(t *testing.T) {
	for dir, lists := range listed() {
		_, methods := source(t, "../../../ui/"+dir)
		for method, have := range lists {
			if want := sorted(methods[method]); !reflect.DeepEqual(have, want) {
				t.Errorf("ui/%s has %v with the method %s; the list of what can be sent %v", dir, want, method, have)
			}
		}
	}
}

func TestEveryChoiceOfATouchIsBoundedByItsConstants(t *testing.T) {
	for typ, n := range choices {
		constants, _ := source(t, "../../../ui/"+strings.TrimPrefix(typ.PkgPath(), "tenin/ui/"))
		if constants[typ.Name()] != n {
			t.Errorf("%v has %d constants; a touch may choose one of %d", typ, constants[typ.Name()], n)
		}
	}
	var walk func(reflect.Type)
	walk = func(typ reflect.Type) {
		switch typ.Kind() {
		case reflect.Struct:
			for i := range typ.NumField() {
				walk(typ.Field(i).Type)
			}
		case reflect.Int:
			if _, bounded := choices[typ]; typ.Name() != "int" && !bounded {
				t.Errorf("a touch has a %v, which is not on the list of choices", typ)
			}
		}
	}
	for _, typ := range eventTypes() {
		walk(typ)
	}
}

func TestAFrameIsReadAsItWasWrittenAndALongOneNotAtAll(t *testing.T) {
	var b bytes.Buffer
	sent := order{Number: 7, Picture: &Picture{Shopper: &shopper.View{Screen: shopper.Thinking{Words: "傘"}}}}
	if err := writeFrame(&b, sent, longestPicture); err != nil {
		t.Fatal(err)
	}
	var got order
	if err := readFrame(bytes.NewReader(b.Bytes()), &got, longestPicture); err != nil || !reflect.DeepEqual(sent, got) {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := readFrame(bytes.NewReader(b.Bytes()), &got, 10); !errors.Is(err, errForm) {
		t.Errorf("a frame that is too long: %v", err)
	}
	if err := writeFrame(&b, sent, 10); err == nil {
		t.Error("a frame that is too long was written")
	}
}

// No frame of a window breaks the reader, and what is taken can be sent again.
func FuzzReport(f *testing.F) {
	for _, r := range []report{{Shown: 1}, {Ready: &readiness{Width: 1080, Height: 1920, Scale: 1}}, {Failed: &failure{Kind: tooSmall, Width: 640}},
		{Touch: &Touch{Shopper: shopper.Ask{Question: "傘はどこ"}}}, {Look: 3}} {
		var b bytes.Buffer
		if err := writeFrame(&b, r, longestReport); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r report
		if readFrame(bytes.NewReader(b), &r, longestReport) != nil {
			return
		}
		if r.Touch != nil {
			if _, err := json.Marshal(r.Touch); err != nil {
				t.Errorf("%+v was taken and cannot be sent: %v", r.Touch, err)
			}
		}
		if r.Failed != nil {
			_ = r.Failed.err(":0").Error()
		}
	})
}

// A picture is read by the window's process, which believes its kiosk; a broken one must not end it in a panic.
func FuzzPicture(f *testing.F) {
	b, err := json.Marshal(Picture{Shopper: &shopper.View{Screen: shopper.Answer{Text: "6階です。", Related: []string{}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Picture
		if json.Unmarshal(b, &p) != nil {
			return
		}
		if _, err := json.Marshal(p); err != nil {
			t.Errorf("%s was taken and cannot be sent: %v", b, err)
		}
	})
}
