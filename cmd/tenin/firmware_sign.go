package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"tenin/firmware/signing"
)

func newFirmwareSign(f *flags) *cobra.Command {
	var which keysFlags
	c := &cobra.Command{
		Use:   "sign FILE...",
		Short: "Sign what was built without keys",
		Long: `Signs in its place: each program on the ESP of a disk image, the kernel image in the folder of parts that a build leaves for
bundles, or a loader or kernel image by itself. A kernel image gets the signature of the state in which a device's TPM opens
its data, and all get db's for Secure Boot, in the place of what they have. Equal input and keys give equal programs.

The public keys by which a running device believes updates are in its root, whose every byte the kernel image vouches for:
they come there when an image is built with keys, and by nothing else.

JSON fields, one object a line: file, part (the path on a disk's ESP), sha256 (of the signed program).`,
		Example: `  tenin firmware sign kiosk.img kiosk.parts --keys keys
  tenin firmware sign tenin.efi systemd-bootx64.efi --keys keys`,
		Args: cobra.MinimumNArgs(1),
	}
	which.addTo(c)
	c.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := which.open(cmd.Context(), cmd.InOrStdin())
		if err != nil {
			return err
		}
		defer set.Destroy()
		out := cmd.OutOrStdout()
		for _, path := range args {
			all, err := signing.File(cmd.Context(), path, set)
			for _, s := range all {
				if f.json {
					if err := printJSON(out, s); err != nil {
						return err
					}
					continue
				}
				what := s.File
				if s.Part != "" {
					what += " " + s.Part
				}
				fmt.Fprintf(out, "signed: %s\n", what)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
	return c
}
