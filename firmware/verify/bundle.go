package verify

import (
	"errors"
	"fmt"

	"tenin/firmware/bundle"
	"tenin/firmware/device"
	"tenin/firmware/uki"
	"tenin/firmware/verity"
)

// bundle verifies each file of a bundle, and that what the kernel image starts is in it.
func (v *verifier) bundle() error {
	if v.trust.Bundle == nil {
		v.r.bad("signature", errors.New("there is no bundle.pub to compare it with"))
		return nil
	}
	b, err := bundle.Open(v.f, v.size, v.trust.Bundle)
	if errors.Is(err, bundle.ErrDamaged) || errors.Is(err, bundle.ErrSignature) {
		v.r.bad("manifest", err)
		return nil
	} else if err != nil {
		return err
	}
	m := b.Manifest()
	v.r.Version, v.r.Name, v.r.Test = m.Version, m.Name, m.Test
	v.r.good("manifest", "signed by the key %s…", m.Key[:16])
	// Whether this device takes tests is for the device to say; here it is told.
	v.r.result("device", m.Fits(bundle.Device{Product: device.Product, Arch: "amd64", Test: true}), "for %s on %s", m.Product, m.Arch)
	for _, name := range b.Files() {
		size := map[string]int64{bundle.FileUKI: m.UKI.Size, bundle.FileRoot: m.Root.Size}[name]
		if name == bundle.FileModels {
			size = m.Models.Size
		}
		err := b.Copy(name, &counter{v: v, what: name, total: size})
		if err != nil && !errors.Is(err, bundle.ErrDamaged) {
			return err
		}
		v.r.result(name, err, "%d bytes as signed", size)
	}
	image, err := b.UKI()
	if err != nil {
		return nil // said above
	}
	v.r.result("kernel image's roots", m.CheckUKI(image), "it starts what the manifest names")
	info, err := uki.Read(image)
	if err == nil && !m.Test && info.Release("VARIANT_ID") == "test" {
		v.r.Test = true
		v.r.bad("test", errors.New("the kernel image is a TEST one, and the manifest does not say so"))
	}
	// A device that checks a bundle has no certificate: its firmware has it.
	if len(v.trust.Certificates) > 0 {
		v.signature("kernel image's Secure Boot", image)
	}
	v.pcr("kernel image's PCR 11", image)
	v.bundleSlot(b, bundle.FileRoot, m.Root)
	if m.Models != nil {
		v.bundleSlot(b, bundle.FileModels, *m.Models)
	}
	return v.ctx.Err()
}

// bundleSlot checks an image's hashes: what was signed could still be something that no device opens.
func (v *verifier) bundleSlot(b *bundle.Bundle, name string, s bundle.Slot) {
	err := verity.Check(v.ctx, b.ReaderAt(name), s.Image(), func(n int64) { v.progress("hashes of "+name, n, s.Size) })
	v.r.result(name+"'s hashes", err, "root hash %.16s…, %s", s.Hash, megabytes(s.Size))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
