package main

import "github.com/spf13/cobra"

func newFirmware(f *flags) *cobra.Command {
	c := &cobra.Command{
		Use:   "firmware",
		Short: "Build, sign, flash, enrol and update devices",
		Long: `Builds the image of a kiosk that is a device of its own: a signed, read-only system that only starts unaltered, two
slots to update it without risk, and a data partition that only this device opens.`,
	}
	c.AddCommand(newFirmwareBuild(f), newFirmwareKeys(f), newFirmwareSign(f), newFirmwareVerify(f), newFirmwareBundle(f), newFirmwareFlash(f), newFirmwareEnrol(f), newFirmwareData(f), newFirmwareSettings(f),
		newFirmwareUpdate(f), newFirmwareHealth(f), newFirmwareFetch(f), newFirmwareQuote(f))
	return c
}
