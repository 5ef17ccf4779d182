// Package reading turns written Japanese into words and spoken kana, and says
// how far apart two spoken strings are.
//
// One morphological analyser (kagome with the IPA dictionary) is loaded once
// for the whole process, see [Default] and [Warm]. On top of it stand the parts
// that the dictionary lacks and a shop cannot do without: numbers with their
// counters (3本, 20日, 1,280円, 03-1234-5678, 10:30), Latin names (PayPay,
// Wi-Fi, B1F) and the readings that a sales floor uses (何時 is ナンジ).
//
// Kana are katakana as spoken: long vowels are written ー where the dictionary
// knows them, the particles は and へ are ワ and エ, を is オ. The same form is
// produced for a question and for an answer, for text that a recogniser wrote
// and for text that a shop wrote, so that [Distance] compares sounds and not
// spellings.
//
// # Example
//
//	a := reading.Default()
//	a.Katakana("営業時間は9時からです") // エイギョージカンワクジカラデス
//	reading.Distance("エイキョージカン", "エイギョージカン") // small
package reading
