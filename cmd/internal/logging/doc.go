// Package logging writes what the program reports about itself, and cannot write what a shopper said.
//
// The program handles words that must never reach a log, by any mistake of ours or of a library. So this handler does not
// look for such words and strike them out; it lets through only what cannot hold one:
//
//   - numbers, durations, times and booleans;
//   - constants: a string counts as one when its bytes lie in the program's own read-only image, where nothing that is
//     heard or typed at run time can come to lie. As an attribute it also needs a key of a short list (see textKeys),
//     since a word list that is compiled in lies there too;
//   - [Safe] values, which are made of constants and random ids alone;
//   - names of staff accounts and devices, under the keys staff and device, in letters and digits;
//   - errors, as their classes: the sentinels, system errors and types of the chain, without their texts (see [Class]).
//
// Of anything else it writes that it was withheld, and the place in the source from which it came. Where the image cannot
// be found, nothing counts as a constant.
//
// [Open] makes the log of a process; [Log.Child] and [Log.Drain] carry a child's records over its standard error, and
// drop everything else that appears there: a panic's value, an engine's messages.
//
// # A crash
//
// Go prints the value of a panic that nobody recovers, and registers and arguments beside it. [Recover] stands at the top
// of each goroutine of ours and reports the panic's type and the names of the functions. For those of libraries a child
// runs with GOTRACEBACK=none, which [QuietCrashes] demands, and its standard error ends in Drain, which also swallows the
// registers that a fatal signal prints in spite of it.
package logging
