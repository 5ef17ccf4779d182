// Package sandbox says what one process may do, and has the process apply it to itself.
//
// A program re-executes itself as a child with a [Policy]. The child passes through two stages before it does any work:
//
//	parent        Command: clone flags (network, mount, ipc, pid, uts and, without privileges, user namespace)
//	stage 0       Child: a root of its own that holds only what the policy names, limits, no capabilities,
//	              no new privileges, Landlock; then it executes itself again
//	stage 1       Child returns the role; the caller loads weights and libraries
//	              Seal: not dumpable, and an allow-list of system calls on every thread
//
// A main function begins with
//
//	if role, ok := sandbox.Child(); ok {
//		os.Exit(worker.Main(role))
//	}
//
// and a worker calls [Seal] when everything that it needs is open. From then on a refused system call fails with EPERM;
// a system call of a foreign architecture kills the process.
//
// [Launch] is the weaker form for a parent of workers: an empty network namespace and a filter that leaves no socket
// family but Unix, with files, terminal and signals as they were.
//
// The kernel forgets a parent-death signal with the thread that started the child, so children are started through a
// [Starter].
//
// [Features] tells what the running kernel lacks, [Inspect] what a process has, and [RunProbes] tries from inside a
// process what ought to fail. The package is for Linux and imports nothing of this program.
package sandbox
