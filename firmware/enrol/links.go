package enrol

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"regexp"
	"strings"
)

// Link is a network card as it is now.
type Link struct {
	// Name is the kernel's. Radio: it is one for Wi-Fi.
	Name  string `json:"name"`
	Radio bool   `json:"radio,omitempty"`
	// Carrier: a cable is in and its other end answers, or the radio network has let this device in.
	Carrier bool `json:"carrier,omitempty"`
	// Addresses are those that reach beyond the next switch, each with the length of its network.
	Addresses []string `json:"addresses,omitempty"`
}

// The most cards, and addresses of one, that are told.
const mostLinks, mostAddresses = 8, 4

var cardName = regexp.MustCompile(`^[0-9A-Za-z._-]{1,15}$`)

// links looks at the network cards. It asks for nothing by the network.
func (s *Server) links() (list []Link, err error) {
	const cards = "sys/class/net"
	p := s.Data.Place
	entries, err := os.ReadDir(p.In(cards))
	if err != nil {
		return nil, fmt.Errorf("network cards: %w", err)
	}
	addresses := s.Addresses
	if addresses == nil {
		addresses = addressesOf
	}
	for _, e := range entries {
		at := cards + "/" + e.Name()
		// ARPHRD_ETHER is what cables and radios are; what stands for no card has no device (sysfs-class-net).
		if !cardName.MatchString(e.Name()) || p.line(at+"/type") != "1" || !p.Has(at+"/device") || len(list) == mostLinks {
			continue
		}
		// The kernel gives an error for the carrier of a card that is switched off.
		l := Link{Name: e.Name(), Radio: p.Has(at + "/phy80211"), Carrier: p.line(at+"/carrier") == "1" && p.line(at+"/operstate") != "down"}
		found, err := addresses(l.Name)
		if err != nil {
			return nil, fmt.Errorf("addresses of %s: %w", l.Name, err)
		}
		for _, a := range found {
			if a.Addr().IsGlobalUnicast() && len(l.Addresses) < mostAddresses {
				l.Addresses = append(l.Addresses, a.String())
			}
		}
		list = append(list, l)
	}
	return list, nil
}

// addressesOf asks the kernel (rtnetlink(7)).
func addressesOf(card string) (list []netip.Prefix, err error) {
	i, err := net.InterfaceByName(card)
	if err != nil {
		return nil, err
	}
	all, err := i.Addrs()
	if err != nil {
		return nil, err
	}
	for _, a := range all {
		if p, err := netip.ParsePrefix(strings.TrimSpace(a.String())); err == nil {
			list = append(list, p)
		}
	}
	return list, nil
}
