package screen

import (
	"math"
	"reflect"
	"unicode"
	"unicode/utf8"

	"tenin/ui/keyboard"
	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

const (
	// longestText bounds each text of a touch, in bytes: a question on a button is the longest.
	longestText = 2000
	// highestNumber bounds each number that counts or points into a list.
	highestNumber = 1 << 16
)

// choices are the types of which a touch has a choice, with the number of their values from 0 on. A switch over one of
// them, or an index, must be able to rely on that. A test counts the constants in the packages' sources.
var choices = map[reflect.Type]int{
	reflect.TypeFor[shopper.Language]():     int(shopper.Korean) + 1,
	reflect.TypeFor[shopper.How]():          int(shopper.Unrecorded) + 1,
	reflect.TypeFor[keyboard.Kind]():        int(keyboard.Enter) + 1,
	reflect.TypeFor[keyboard.Layout]():      int(keyboard.Signs) + 1,
	reflect.TypeFor[staff.Language]():       int(staff.Korean) + 1,
	reflect.TypeFor[staff.Tab]():            int(staff.SettingsTab) + 1,
	reflect.TypeFor[staff.Why]():            int(staff.Other) + 1,
	reflect.TypeFor[staff.Setting]():        int(staff.TopicOff) + 1,
	reflect.TypeFor[technician.Language]():  int(technician.English) + 1,
	reflect.TypeFor[technician.Page]():      int(technician.PageWipe) + 1,
	reflect.TypeFor[technician.Step]():      int(technician.StepFinish) + 1,
	reflect.TypeFor[technician.Field]():     int(technician.FieldProxy) + 1,
	reflect.TypeFor[technician.Speaks]():    int(technician.SpeaksEnglish) + 1,
	reflect.TypeFor[technician.PowerKind](): int(technician.PowerOff) + 1,
}

// plausible refuses a touch with a value that no honest window sends.
func plausible(v reflect.Value) error {
	ok := false
	switch v.Kind() {
	case reflect.Bool:
		ok = true
	case reflect.Int:
		most := int64(highestNumber)
		if n, choice := choices[v.Type()]; choice {
			most = int64(n - 1)
		}
		ok = v.Int() >= 0 && v.Int() <= most
	case reflect.Uint32:
		ok = true
	case reflect.Float32:
		// A place in fractions of the picture.
		ok = !math.IsNaN(v.Float()) && v.Float() >= 0 && v.Float() <= 1
	case reflect.String:
		ok = len(v.String()) <= longestText && utf8.ValidString(v.String())
		for _, r := range v.String() {
			ok = ok && !unicode.IsControl(r)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if err := plausible(v.Field(i)); err != nil {
				return err
			}
		}
		return nil
	}
	if !ok {
		return errForm
	}
	return nil
}
