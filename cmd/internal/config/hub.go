package config

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// Hub is where the summaries of kept turns go.
type Hub struct {
	// Enabled starts the uplink; without it summaries wait in the outbox.
	Enabled bool `toml:"enabled"`
	// Address is HOST:PORT of the hub, or of each server of its cluster with commas between them.
	Address string `toml:"address"`
	// Device is the name under which this kiosk was enrolled: letters, digits, hyphens and underscores.
	Device string `toml:"device"`
}

// Addresses returns each HOST:PORT of Address.
func (h Hub) Addresses() []string {
	var all []string
	for part := range strings.SplitSeq(h.Address, ",") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// deviceName is what fits into one token of a NATS subject, so that a device's right to publish is its own subject's.
var deviceName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func (h Hub) check() error {
	for _, address := range h.Addresses() {
		host, port, err := net.SplitHostPort(address)
		if n, numeric := strconv.Atoi(port); err != nil || numeric != nil || host == "" || strings.Contains(host, "/") || n < 1 || n > 65535 {
			return fmt.Errorf("hub.address has %q: write it as HOST:PORT", address)
		}
	}
	switch {
	case h.Device != "" && !deviceName.MatchString(h.Device):
		return fmt.Errorf("hub.device is %q: use up to 64 letters, digits, hyphens and underscores", h.Device)
	case h.Enabled && len(h.Addresses()) == 0:
		return errors.New("hub.enabled is true and hub.address is empty: write HOST:PORT, or enrol with `tenin hub enrol`")
	case h.Enabled && h.Device == "":
		return errors.New("hub.enabled is true and hub.device is empty: write the name under which this kiosk was enrolled")
	}
	return nil
}
