package screen

import (
	"maps"
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"tenin/ui/shopper"
	"tenin/ui/staff"
	"tenin/ui/technician"
)

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// pictures are one of each view.
func pictures(t *rapid.T) []Picture {
	s := anyOf(t, reflect.TypeFor[shopper.View]()).Interface().(shopper.View)
	s.Screen = pick(t, shopperScreens)
	f := anyOf(t, reflect.TypeFor[staff.View]()).Interface().(staff.View)
	f.Screen = pick(t, staffScreens)
	c := anyOf(t, reflect.TypeFor[technician.View]()).Interface().(technician.View)
	c.Screen = pick(t, technicianScreens)
	return []Picture{{Shopper: &s}, {Staff: &f}, {Technician: &c}}
}

// touches are one of each view.
func touches(t *rapid.T) []Touch {
	return []Touch{{Shopper: pick(t, shopperEvents)}, {Staff: pick(t, staffEvents)}, {Technician: pick(t, technicianEvents)}}
}

// listed are the lists by package and method.
func listed() map[string]map[string][]string {
	return map[string]map[string][]string{
		"shopper":    {"screen": names(shopperScreens), "event": names(shopperEvents)},
		"staff":      {"screen": names(staffScreens), "event": names(staffEvents)},
		"technician": {"screen": names(technicianScreens), "event": names(technicianEvents)},
	}
}

func eventTypes() []reflect.Type {
	types := slices.Collect(maps.Values(shopperEvents))
	types = slices.AppendSeq(types, maps.Values(staffEvents))
	return slices.AppendSeq(types, maps.Values(technicianEvents))
}
