// Package enrol turns a flashed disk into a shop's kiosk, and keeps it one when its hardware changes.
//
// # First boot
//
// [OpenData] runs at every start, before sysinit.target and so in the one phase of PCR 11 that is signed. On a new disk it
// grows the partition `data`, makes it LUKS2, binds it to the TPM (PCR 7 as it is, PCR 11 as signed), makes the file system
// and its folders, and last of all a mark in the LUKS header that says so. What has no such mark never held anything and is
// made anew: so the power may fail at any moment. At later starts it opens the partition; where that fails it says why in a
// file that starts the recovery screen, and the system goes on without data.
//
// # Enrolment
//
// A [Request] is what a technician wants of a device: the one-time code, hub, shop, brand, network, rotation, time zone. It
// comes from a file `tenin-enrol.toml` on a stick or on the ESP, or from somebody before the screen. [Serve] is the half that
// runs as root; it has no network and knows a few verbs. Whoever is before the screen talks to the other half, which runs as
// the kiosk's user and reaches it by a [Client]. The hub is joined in a process of its own that has the network only for that.
//
// # The recovery key
//
// One paper opens both locks: the vault's ([seal.RecoveryKey]) and the disk's, where the text of the key, its groups joined
// by dashes, is a passphrase of LUKS. Between the first start and the moment when the technician has typed two groups back,
// and only then, a random set-up key in /run is a third one: the TPM does not open the disk any more at that time of a boot.
//
// # Settings
//
// [Apply] writes what network, display and time zone need into /run at each start, from what lies on the data partition: the
// system itself is read-only, and a Wi-Fi's secret is in no other place.
package enrol
