// Package flash writes the image of a device to a disk, a stick or a file.
//
// [Candidates] lists the machine's disks, each with the reasons that speak against it, and [Write] writes to one that was
// confirmed. What it promises:
//
//   - A disk that is in use, read-only, too small or not confirmed, and an image that does not verify, are refused before
//     anything is written.
//   - Whatever ends the work early (an error, Ctrl-C, kill -9, a pulled plug), no firmware and no Linux finds a partition
//     table on the disk, so nothing starts half: the old table is made invalid first, the backup before the original, and
//     the new one is written last, after all else was read back and compared.
//   - The comparison is with what the disk says, not with what the kernel remembers: reading and writing go past its cache
//     (O_DIRECT), and a file on a file system without that is dropped from the cache before it is read.
//   - A disk and its partitions get identities of their own: two disks from one image are not taken for each other. A file is a
//     copy, byte for byte.
//   - On a disk that is larger than the image the backup of the partition table lies at the disk's real end.
//
// Where the image is empty nothing is written that need not be: a disk is told to make zeros by itself, and a new file
// keeps its holes.
package flash
