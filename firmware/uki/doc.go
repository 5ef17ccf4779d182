// Package uki makes, reads, measures and signs unified kernel images: one program for UEFI that holds a kernel, its
// initrd and its command line, and so is signed, measured and exchanged as one.
//
// # Making one
//
//	parts := uki.Parts{Stub: "linuxx64.efi.stub", Linux: "vmlinuz", Initrd: "initrd", Cmdline: "quiet", …}
//	parts.PCRSignature, err = uki.SignPCR(parts, pcrKey, "")
//	image, err := uki.Assemble(parts)
//	image, err = uki.SignPE(image, set.DB)
//
// Equal parts and keys give equal bytes: nothing holds a time or a random number.
//
// The beginning of the image is systemd's stub (systemd-stub(7)), whose version, 252 or at least 255, says which
// sections it measures. SignPE and VerifyPE are also for systemd-boot.
//
// # Why signing is here and not a tool's
//
// sbsign writes the time of signing; osslsigncode can leave it out, but takes a private key as a file only. To say
// exactly what is wrong with a signature it has to be read here anyway, and with it writing one is a page. Tests compare
// with sbverify and systemd-measure.
//
// Errors wrap [ErrDamaged], [ErrNotSigned], [ErrOtherSigner] or [ErrAltered], and all of these [ErrNotVerified].
package uki
