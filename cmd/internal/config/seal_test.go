package config

import (
	"strings"
	"testing"
)

func TestASealThatCannotBeIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"[seal]\nkind = \"usb\"":           `seal.kind is "usb"`,
		"[seal]\ndevice = \"tpm0\"":        "seal.device",
		"[seal]\npcr_signature = \"x\"":    "seal.pcr_signature",
		"[seal]\npcr_public_key = \"./x\"": "seal.pcr_public_key",
		"[seal]\npin = \"1234\"":           "seal.pin",
	} {
		c := Default()
		if err := c.parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
