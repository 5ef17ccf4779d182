// Package image builds the disk image of a kiosk: Debian by mmdebstrap, a read-only root and the weights as slots under
// dm-verity, an initrd of our own, a unified kernel image, and the disk that they lie on.
//
// Everything is made in files: no loop device, no device mapper, no mount. Each step's result lies in a cache under the hash
// of what went into it, so a build that was stopped goes on where it was, and nothing half-made has a final name. The same
// inputs and the same list of package versions give the same bytes; Reproduce shows it.
package image
