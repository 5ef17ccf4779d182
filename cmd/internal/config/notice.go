package config

import "fmt"

// Notice is what the printed notice of the purpose of use says of the shop.
type Notice struct {
	// Company is who is responsible for the data; empty means the shop.
	Company string `toml:"company"`
	// Contact is how they are reached: a counter, a telephone number.
	Contact string `toml:"contact"`
	// Purposes replace the built-in ones; none keep them.
	Purposes []string `toml:"purposes"`
}

// mostPurposes is what an A4 page has room for.
const mostPurposes = 6

func (n Notice) check() error {
	if len(n.Purposes) > mostPurposes {
		return fmt.Errorf("notice.purposes has %d: a page has room for %d", len(n.Purposes), mostPurposes)
	}
	return nil
}
