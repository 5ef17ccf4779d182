// Package powercut pulls the plug in number: it takes the writes that an update made to a disk, as QEMU recorded them,
// and examines offline many disks that a power cut at some moment could have left.
//
//	log, err := powercut.OpenLog(file, size)               // vm.Disk.Writes records it
//	report, err := powercut.Check(ctx, base, size, log, powercut.Options{Seed: 1})
//
// base is the disk as it was before. No disk is copied: a [View] is the disk with the writes of a [Case] laid over it, and
// [View.WriteTo] makes a file of one, to start it.
//
// # What a power cut leaves
//
// A disk with a cache promises little (Documentation/block/writeback_cache_control.rst of the kernel): what was written
// before a flush that has ended is there, and so is a write that was marked FUA. Of all others each may be there or not, in
// any order, and of one that was under way some sectors may be; a sector is written whole or not at all. So a case keeps
// all writes up to a flush, and of the later ones all, a random choice, or a choice with one of them torn. What was
// discarded reads as zeros or as it was.
//
// The record has a write where it ended. One that began while a flush was under way, and ended before it, is taken for
// flushed, although a disk need not have: of a guest that waits for its own writes before it flushes, as Linux does for
// what it promises to a program, nothing is missed.
//
// # What Linux's vfat promises
//
// Seen in a record of kernel 6.12, and the reason why an updater that looks right is tried here: sync and syncfs write
// the blocks of the ESP but send no flush, only fsync does; and rename stores the new name with an empty content first,
// the file's place on the disk only with its inode. So after a rename the file is synced, and then its folder: with the
// folder alone 2 to 8 of 1000 cuts left a disk that started nothing once the old version was removed, with both in
// this order none of 10,000.
//
// # What is examined
//
// [Judge] does what the firmware, systemd-boot and the initrd do. The partition table has to be one that Linux accepts; the
// FAT of the ESP must lead to a whole loader; systemd-boot's choice is made by its rules (systemd-boot(7), the Boot Loader
// Specification with its boot counting, and UAPI.10 for comparing versions); the kernel image has to be whole, and the
// slots that it names must hold images with trees of hashes that fit. Where the first choice fails by starting anew, its
// counter is counted down and the next start is examined, until one succeeds or none will.
package powercut
