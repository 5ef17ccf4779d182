// Package knowledge is what the shop knows: approved answers and the list of
// goods, how they come in, where they are kept and how they are found.
//
// # Import
//
// [Import] reads one file, decides from its content what it is (JSON lines,
// CSV or TSV in UTF-8, UTF-16 or Shift_JIS, an .xlsx workbook) and returns a
// [Batch] with a [Report]. A row that cannot be served as the shop meant it is
// refused with its number and a reason; the others are taken. A file that is
// not a knowledge file at all is an error of one line.
//
// Columns are recognised by their English names (id, question, variants,
// answer, detail, topic, brand, audience, valid_from, valid_until, language,
// place; id, name, reading, aliases, jan, place, floor, price, stock) or by the
// headings that Japanese shops write (質問, 回答, 商品名, 売場 …). A row without
// an ID gets one from its question, bar code or name, so that the same file
// imported twice changes nothing.
//
// # Store
//
// [Open] opens knowledge.db. [Store.Apply] makes the store hold what a batch
// holds, for the kinds that the batch covers, in one transaction, and says what
// that changed. [Store.Undo] goes back one apply at a time, [Store.Redo]
// forward again, over the last [HistoryLength] applies. Every record carries a
// checksum; a damaged file gives an error wrapping [ErrDamaged], never a wrong
// answer.
//
// [VectorCache] keeps embeddings between starts, [Terms] names the words that a
// recogniser of speech should expect, [Lint] finds entries that get in each
// other's way.
package knowledge
