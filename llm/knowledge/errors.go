package knowledge

import "errors"

// What can be wrong with a knowledge file as a whole. Wrapped errors say where
// and what to do; these say which case it is.
var (
	// ErrNotKnowledge: the content is not JSON lines, CSV or .xlsx.
	ErrNotKnowledge = errors.New("not a knowledge file")
	// ErrEmpty: no bytes, or nothing but white space.
	ErrEmpty = errors.New("the file is empty")
	// ErrSyntax: JSON, CSV or a workbook that breaks off or breaks its own rules.
	ErrSyntax = errors.New("the file is damaged")
	// ErrEncoding: text that is neither UTF-8, UTF-16, Shift_JIS nor EUC-JP.
	ErrEncoding = errors.New("character encoding not recognised")
	// ErrPassword: a workbook that asks for a password.
	ErrPassword = errors.New("the workbook is protected by a password")
	// ErrOldExcel: a workbook in the .xls format of Excel 97-2003.
	ErrOldExcel = errors.New("the workbook is in the old .xls format")
	// ErrNoHeadings: a table whose columns cannot be told.
	ErrNoHeadings = errors.New("no heading row found")
	// ErrTooLarge: a limit of [MaxFileBytes], [MaxRows] or the unpacked size of
	// a workbook is passed.
	ErrTooLarge = errors.New("the file is too large")
	// ErrNothingTaken: every row was refused. The report says why.
	ErrNothingTaken = errors.New("no row could be taken")
)

// What can be wrong with a store.
var (
	// ErrDamaged: the file does not hold what was written to it.
	ErrDamaged = errors.New("the knowledge store is damaged")
	// ErrLocked: another process has the store open.
	ErrLocked = errors.New("the knowledge store is in use")
	// ErrNoHistory: there is nothing to undo, or to redo.
	ErrNoHistory = errors.New("no earlier state is kept")
)
