package image

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"tenin/firmware/device"
)

// The parts of CycloneDX 1.6 that an inventory of an image has (ECMA-424).
type bom struct {
	Format       string         `json:"bomFormat"`
	SpecVersion  string         `json:"specVersion"`
	SerialNumber string         `json:"serialNumber"`
	Version      int            `json:"version"`
	Metadata     bomMetadata    `json:"metadata"`
	Components   []bomComponent `json:"components"`
}

type bomMetadata struct {
	Timestamp string       `json:"timestamp"`
	Component bomComponent `json:"component"`
}

type bomComponent struct {
	Type        string        `json:"type"`
	Ref         string        `json:"bom-ref"`
	Name        string        `json:"name"`
	Version     string        `json:"version,omitempty"`
	Description string        `json:"description,omitempty"`
	Hashes      []bomHash     `json:"hashes,omitempty"`
	Licences    []bomLicences `json:"licenses,omitempty"`
	PURL        string        `json:"purl,omitempty"`
	Properties  []bomProperty `json:"properties,omitempty"`
	References  []bomLink     `json:"externalReferences,omitempty"`
}

type bomHash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type bomLicences struct {
	Licence bomLicence `json:"license"`
}

// bomLicence has a name, and no SPDX identifier: Debian's short names are often, but not always, the same.
type bomLicence struct {
	Name string `json:"name"`
}

type bomProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type bomLink struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

// inventory writes the SBOM: each Debian package, each Go module in the program, each file of the weights.
func (b *build) inventory(r Result, packages []Package) error {
	program, err := programComponents(b.o.Program)
	if err != nil {
		return err
	}
	components := debianComponents(packages, b.c.Debian.Suite)
	components = append(components, program...)
	components = append(components, weightComponents(b.o.Weights)...)
	sum := sha256.Sum256([]byte(r.SHA256))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	version := b.c.Name + "+" + itoa(b.c.Version)
	doc := bom{
		Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		SerialNumber: fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]),
		Metadata: bomMetadata{
			Timestamp: time.Unix(b.lock.Time, 0).UTC().Format(time.RFC3339),
			Component: bomComponent{
				Type: "firmware", Ref: device.Product, Name: device.Product, Version: version, Hashes: []bomHash{{"SHA-256", r.SHA256}},
				Properties: []bomProperty{
					{"tenin:test", fmt.Sprint(b.c.Test)}, {"tenin:root-hash", r.Root.Hash}, {"tenin:models-hash", r.Models.Hash},
				},
			},
		},
		Components: components,
	}
	if err := writeJSON(r.SBOM+".part", doc); err != nil {
		return err
	}
	return os.Rename(r.SBOM+".part", r.SBOM)
}

func debianComponents(packages []Package, suite string) []bomComponent {
	var all []bomComponent
	for _, p := range packages {
		purl := fmt.Sprintf("pkg:deb/debian/%s@%s?arch=%s&distro=%s", url.PathEscape(p.Name), url.QueryEscape(p.Version), p.Arch, suite)
		c := bomComponent{Type: "library", Ref: purl, Name: p.Name, Version: p.Version, PURL: purl}
		for _, l := range p.Licences {
			c.Licences = append(c.Licences, bomLicences{bomLicence{l}})
		}
		if p.Source != "" {
			c.Properties = append(c.Properties, bomProperty{"debian:source", p.Source})
		}
		if p.Homepage != "" {
			c.References = append(c.References, bomLink{"website", p.Homepage})
		}
		all = append(all, c)
	}
	return all
}

// programComponents are the program and the modules that Go has written into it.
func programComponents(path string) ([]bomComponent, error) {
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("program %s: it is no Go program whose modules can be listed: %w", path, err)
	}
	sum, err := hashFile(path)
	if err != nil {
		return nil, err
	}
	revision := "unknown"
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = s.Value
		}
	}
	all := []bomComponent{{
		Type: "application", Ref: "tenin", Name: "tenin", Version: revision, Hashes: []bomHash{{"SHA-256", hex.EncodeToString(sum[:])}},
		Licences: []bomLicences{{bomLicence{"Apache-2.0"}}},
	}, {
		Type: "library", Ref: goPURL("std", strings.TrimPrefix(info.GoVersion, "go")), Name: "std", Version: info.GoVersion,
		PURL: goPURL("std", strings.TrimPrefix(info.GoVersion, "go")), Licences: []bomLicences{{bomLicence{"BSD-3-Clause"}}},
	}}
	for _, d := range info.Deps {
		if d.Replace != nil {
			d = d.Replace
		}
		c := bomComponent{Type: "library", Ref: goPURL(d.Path, d.Version), Name: d.Path, Version: d.Version, PURL: goPURL(d.Path, d.Version)}
		if d.Sum != "" {
			c.Properties = []bomProperty{{"go:sum", d.Sum}}
		}
		// A module of our own tree has neither a version nor a place where it is fetched from.
		if strings.HasPrefix(d.Path, "./") {
			c.PURL, c.Ref = "", "tenin/"+strings.TrimPrefix(d.Path, "./")
		}
		all = append(all, c)
	}
	return all, nil
}

func goPURL(path, version string) string {
	if version == "" {
		return "pkg:golang/" + path
	}
	return "pkg:golang/" + path + "@" + url.QueryEscape(version)
}

func weightComponents(weights []Weight) []bomComponent {
	var all []bomComponent
	for _, w := range weights {
		if w.Licence == "" {
			continue
		}
		all = append(all, bomComponent{
			Type: "machine-learning-model", Ref: "weights/" + w.Name, Name: w.Name, Version: w.Version, Description: w.Use,
			Hashes: []bomHash{{"SHA-256", w.SHA256}}, Licences: []bomLicences{{bomLicence{w.Licence}}},
		})
	}
	return all
}
