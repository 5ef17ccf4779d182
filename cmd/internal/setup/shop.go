package setup

import (
	"errors"
	"fmt"
	"io/fs"

	"tenin/cmd/internal/config"
)

// ShopSettings is what the first step asks: whose kiosk this is, and how it looks.
type ShopSettings struct {
	// Name is spoken and shown. Brand stands at the top of each screen; empty means Name.
	Name, Brand string
	// Language is what shoppers speak: "ja", "en" or "auto".
	Language string
	// Floor is where this kiosk stands.
	Floor string
	// Accent is 0xRRGGBB where HasAccent is set.
	Accent    uint32
	HasAccent bool
	// Microphone and Loudspeaker are names of devices or parts of them; empty means the system's default.
	Microphone, Loudspeaker string
}

// ShopSettings returns what stands in the settings now.
func (s *Setup) ShopSettings() ShopSettings {
	c := s.settings
	rgb, ok := c.Shop.AccentRGB()
	return ShopSettings{
		Name: c.Shop.Name, Brand: c.Shop.Brand, Language: c.Shop.Language, Floor: c.Kiosk.Floor, Accent: rgb, HasAccent: ok,
		Microphone: c.Audio.Microphone, Loudspeaker: c.Audio.Loudspeaker,
	}
}

// SetShop writes what differs into the settings. Comments and other keys stay, and UndoShop takes it back.
func (s *Setup) SetShop(w ShopSettings) error {
	accent := ""
	if w.HasAccent {
		accent = config.AccentOf(w.Accent)
	}
	err := config.Edit(s.options.Settings, s.options.Home, config.Change{
		"shop.name": w.Name, "shop.brand": w.Brand, "shop.language": w.Language, "shop.accent": accent, "kiosk.floor": w.Floor,
		"audio.microphone": w.Microphone, "audio.loudspeaker": w.Loudspeaker,
	})
	return errors.Join(err, s.reload())
}

// UndoShop brings the settings back as they were before the last change. The error wraps fs.ErrNotExist when there was none.
func (s *Setup) UndoShop() error {
	return errors.Join(config.Undo(s.options.Settings, s.options.Home), s.reload())
}

// CheckShop reads the settings anew and says whether the shop has what its screens and receipts need.
func (s *Setup) CheckShop() Finding {
	if err := s.reload(); err != nil {
		return found(Shop, Bad, SettingsBroken, err.Error(), "correct the file, or take the last change back")
	}
	shop := s.settings.Shop
	if shop.Name == "" {
		return found(Shop, Fair, NameMissing, "the shop has no name: the one that its knowledge brings is shown", "give the name that shoppers know")
	}
	return found(Shop, Good, Fine, fmt.Sprintf("%s, shoppers speak %s", shop.Name, languageName(shop.Language)), "")
}

func languageName(language string) string {
	switch language {
	case "ja":
		return "Japanese"
	case "en":
		return "English"
	}
	return "Japanese or English"
}

// notExist says whether nothing is there yet.
func notExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }
