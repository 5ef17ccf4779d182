package sandbox

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data, seccomp(2): number, architecture, instruction pointer, then six 64-bit arguments.
const (
	atNumber = 0
	atArch   = 4
	atArgs   = 16
)

// Answers of a filter.
const (
	allow   = unix.SECCOMP_RET_ALLOW
	refused = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	unknown = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	kill    = unix.SECCOMP_RET_KILL_PROCESS
)

// check is one condition on an argument: its lower half, masked, is one of the values. The upper half is only looked
// at where the kernel reads a pointer or a long there.
type check struct {
	arg    int
	mask   uint32
	values []uint32
	whole  bool // the upper half must be zero
	enough bool // the call is allowed at once when it holds, and the next check decides when it does not
}

// rule answers one system call.
type rule struct {
	number uintptr
	checks []check // all must hold
	then   uint32  // the answer when they do
	other  uint32  // and when one does not
}

// filter is a program in the making.
type filter struct {
	rules    []rule
	fallback uint32 // the answer to every other system call
}

// allow adds system calls that are allowed whatever their arguments.
func (f *filter) allow(numbers ...uintptr) { f.answer(allow, numbers...) }

// answer adds system calls with one answer.
func (f *filter) answer(answer uint32, numbers ...uintptr) {
	for _, n := range numbers {
		f.rules = append(f.rules, rule{number: n, then: answer})
	}
}

// when adds a system call that is allowed if all checks hold, and refused otherwise.
func (f *filter) when(number uintptr, checks ...check) {
	f.rules = append(f.rules, rule{number: number, checks: checks, then: allow, other: refused})
}

// is holds when the argument, an int, is one of the values.
func is(arg int, values ...uint32) check { return check{arg: arg, mask: ^uint32(0), values: values} }

// zero holds when the argument, a pointer, is null.
func zero(arg int) check { return check{arg: arg, mask: ^uint32(0), values: []uint32{0}, whole: true} }

// has holds when all bits are set in the argument.
func has(arg int, bits uint32) check { return check{arg: arg, mask: bits, values: []uint32{bits}} }

// hasNone holds when none of the bits is set in the argument.
func hasNone(arg int, bits uint32) check { return check{arg: arg, mask: bits, values: []uint32{0}} }

// enough turns a condition into a sufficient one.
func enough(c check) check {
	c.enough = true
	return c
}

// program writes the filter in the kernel's classic BPF. Calls of a foreign architecture or numbering end the process:
// they are never an accident, and their arguments mean something else.
func (f *filter) program() []unix.SockFilter {
	p := []unix.SockFilter{
		load(atArch),
		jump(unix.BPF_JEQ, auditArch, 1, 0),
		answer32(kill),
		load(atNumber),
	}
	p = append(p, foreign()...)
	for _, r := range f.rules {
		body := r.body()
		p = append(p, jump(unix.BPF_JEQ, uint32(r.number), 0, uint8(len(body))))
		p = append(p, body...)
	}
	return append(p, answer32(f.fallback))
}

// body decides one system call. It always answers, so that what it loads harms no later rule.
func (r rule) body() []unix.SockFilter {
	var body []unix.SockFilter
	for _, c := range r.checks {
		body = append(body, c.code(r.other)...)
	}
	return append(body, answer32(r.then))
}

// code answers otherwise when a necessary check fails, and allows when a sufficient one holds; else it falls through.
func (c check) code(otherwise uint32) []unix.SockFilter {
	low := uint32(atArgs + 8*c.arg)
	var code []unix.SockFilter
	if c.whole {
		code = append(code, load(low+4), jump(unix.BPF_JEQ, 0, 1, 0), answer32(otherwise))
	}
	code = append(code, load(low))
	if c.mask != ^uint32(0) {
		code = append(code, unix.SockFilter{Code: unix.BPF_ALU | unix.BPF_AND | unix.BPF_K, K: c.mask})
	}
	n := len(c.values)
	for i, v := range c.values {
		// Over the one instruction that stands behind the last comparison.
		code = append(code, jump(unix.BPF_JEQ, v, uint8(n-i), 0))
	}
	if c.enough {
		// Not found: over the answer. Found: to it.
		return append(code, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JA, K: 1}, answer32(allow))
	}
	return append(code, answer32(otherwise))
}

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jump(test uint16, value uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, Jt: yes, Jf: no, K: value}
}

func answer32(answer uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: answer}
}

// filter installs a program: on this thread, or with SECCOMP_FILTER_FLAG_TSYNC on all.
func (j *job) filter(f *filter, flags uintptr) error {
	if j.lacks(FeatureSeccomp) {
		return nil
	}
	return j.install(f, flags)
}

func (j *job) install(f *filter, flags uintptr) error {
	code := f.program()
	program := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	thread, _, e := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	if e != 0 {
		return j.failed("filter system calls", e)
	}
	if thread != 0 {
		return j.failed("filter system calls on every thread", unix.ESRCH)
	}
	return nil
}
