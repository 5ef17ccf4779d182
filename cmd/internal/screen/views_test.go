package screen

import (
	"maps"
	"reflect"
	"slices"

	"pgregory.net/rapid"

	"tenin/ui/shopper"
)

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// pictures are one of each view.
func pictures(t *rapid.T) []Picture {
	s := anyOf(t, reflect.TypeFor[shopper.View]()).Interface().(shopper.View)
	s.Screen = pick(t, shopperScreens)
	return []Picture{{Shopper: &s}}
}

// touches are one of each view.
func touches(t *rapid.T) []Touch {
	return []Touch{{Shopper: pick(t, shopperEvents)}}
}

// listed are the lists by package and method.
func listed() map[string]map[string][]string {
	return map[string]map[string][]string{
		"shopper": {"screen": names(shopperScreens), "event": names(shopperEvents)},
	}
}

func eventTypes() []reflect.Type {
	return slices.Collect(maps.Values(shopperEvents))
}
