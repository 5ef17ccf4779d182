package staff

import (
	"tenin/ui"
	"tenin/ui/keyboard"
	"tenin/ui/uitest"
)

type state = uitest.State[View]

type variant = uitest.Variant[View]

// states are all the screens in one language, with words as long as a shop's own.
func states(l Language) []state {
	say := func(ja, en string) string { return pick(l == Japanese, ja, en) }
	names := []string{say("佐藤 美咲", "Misaki Sato"), say("鈴木", "Suzuki"), say("高橋（店長）", "Takahashi (manager)"), say("田中", "Tanaka"), say("伊藤", "Ito")}
	kiosk := func(n string) string { return say("案内機 ", "Kiosk ") + n }
	calls := []Call{
		{ID: "a", Kiosk: kiosk("3"), Topic: say("修理・保証", "Repairs and warranty"), Waited: 252, Late: true},
		{ID: "b", Kiosk: kiosk("1"), Topic: say("配送・お取り置き", "Delivery and reservations"), Spoken: Chinese, Waited: 48},
		{ID: "c", Kiosk: kiosk("2"), Waited: 75, Taken: true, By: names[0]},
	}
	question := say("傘の修理はどこで受け付けていますか", "Where can I have an umbrella repaired?")
	long := say("先週こちらで買った折りたたみ傘の骨が一本折れてしまったのですが、レシートがなくても修理してもらえますか、それとも新しいものに交換になりますか",
		"One rib of the folding umbrella that I bought here last week is broken. Can it be repaired without a receipt, or would I have to take a new one instead?")
	sentences := []string{
		say("傘の修理は1階の修理カウンターで承ります。", "Umbrellas are repaired at the repair counter on 1F."),
		say("骨の交換は一本1,100円で、およそ一週間かかります。", "A new rib costs 1,100 yen and takes about a week."),
	}
	words := []Word{{"傘", "カサ", false}, {"の", "ノ", false}, {"修理", "シューリ", false}, {"は", "ワ", false}, {"1階", "イッカイ", true}, {"の", "ノ", false},
		{"修理", "シューリ", false}, {"カウンター", "カウンター", false}, {"で", "デ", false}, {"承り", "ウケタマワリ", false}, {"ます", "マス", false},
		{"骨", "ホネ", false}, {"の", "ノ", false}, {"交換", "コーカン", false}, {"は", "ワ", false}, {"一本", "イッポン", false}, {"1,100円", "センヒャクエン", false}}
	similar := []Approved{
		{"u1", say("傘はどこで買えますか", "Where are the umbrellas?"), say("傘は1階の雑貨売り場にございます。", "Umbrellas are on 1F, in the accessories department.")},
		{"u2", say("靴の修理はできますか", "Can shoes be repaired?"), say("靴の修理は1階の修理カウンターで承ります。受付は午後6時までです。", "Shoes are repaired at the repair counter on 1F, until 6 p.m.")},
	}
	topics := []Topic{{say("売り場", "Departments"), 42, 3}, {say("営業時間", "Opening hours"), 31, 0}, {say("修理・保証", "Repairs and warranty"), 18, 9}, {say("配送・お取り置き", "Delivery and reservations"), 12, 4},
		{say("駐車場", "Car park"), 9, 0}, {say("ポイントカード", "Loyalty card"), 7, 1}, {say("免税", "Tax-free shopping"), 5, 2}, {say("トイレ・ベビー休憩室", "Toilets and nursery"), 4, 0}}
	var hours [24]int
	for i, n := range []int{4, 9, 14, 21, 17, 12, 15, 22, 14, 8} {
		hours[10+i] = n
	}
	conversation := Conversation{"v", say("今日 14:32", "today 14:32"), say("修理・保証", "Repairs and warranty"), 3, 24, true}
	list := []Conversation{conversation}
	for i := range 14 {
		list = append(list, Conversation{ID: "x", When: say("今日 13:0", "today 13:0") + string(rune('0'+i%10)), Topic: topics[i%len(topics)].Name, Turns: 1 + i%4, Seconds: 6 * (i % 3), Handed: i%5 == 0})
	}
	turns := []Turn{
		{question, sentences[0] + sentences[1], false, 8},
		{long, "", true, 16},
		{say("何時までですか", "Until when?"), say("修理カウンターは午前10時から午後6時まで開いています。", "The repair counter is open from 10 a.m. to 6 p.m."), false, 0},
		{question, sentences[0], false, 4},
		{question, sentences[1] + sentences[0], false, 4},
		{say("ありがとう", "Thank you"), say("どういたしまして。", "You are welcome."), false, 3},
	}
	unanswered := []Question{
		{"q1", question, say("修理・保証", "Repairs and warranty"), say("今日 14:32", "today 14:32"), 6},
		{"q2", long, say("修理・保証", "Repairs and warranty"), say("今日 11:05", "today 11:05"), 3},
	}
	for range 12 {
		unanswered = append(unanswered, Question{"q", say("ドローンは飛ばせますか", "May I fly a drone here?"), "", say("昨日 18:40", "yesterday 18:40"), 1})
	}
	switches := []TopicSwitch{{topics[0].Name, false}, {topics[1].Name, false}, {topics[2].Name, true}, {topics[3].Name, false}, {topics[4].Name, false}, {topics[5].Name, false}, {topics[6].Name, false}}
	notice := say("本日は棚卸しのため、午後7時に閉店いたします。", "Today we close at 7 p.m. for stocktaking.")
	board := func(layout keyboard.Layout, f Field, s keyboard.State, candidates ...string) keyboard.View {
		s.Layout = layout
		return keyboard.View{State: s, Candidates: candidates, Enter: In(l).Keep[f], English: l == English}
	}
	all := []state{
		{Name: "lock", View: View{Screen: Lock{Back: true}}},
		{Name: "lock-names", View: View{Waiting: 2, Screen: Lock{Names: append(names, names...), Back: true}}},
		{Name: "lock-typed", View: View{Waiting: 1, Late: true, Screen: Lock{Names: names, Name: names[0], Digits: 4, Open: true}}},
		{Name: "lock-letters", View: View{Screen: Lock{Digits: 9, Keys: LetterKeys, Back: true}}},
		{Name: "lock-wrong", View: View{Screen: Lock{Names: names, Name: names[2], Wrong: true, Back: true}}},
		{Name: "lock-wait", View: View{Screen: Lock{Names: names, Name: names[2], Wait: 118, Back: true}}},
		{Name: "help", View: View{Who: names[0], Left: 95, Waiting: 2, Late: true, Screen: Help{Calls: calls}}},
		{Name: "help-new", View: View{Who: names[0], Left: 95, Waiting: 1, Screen: Help{Calls: calls[1:2]}}},
		{Name: "help-many", View: View{Locked: true, Waiting: 9, Screen: Help{Calls: append(append(append(calls, calls...), calls...), calls...), From: 3}}},
		{Name: "help-lost", View: View{Locked: true, Screen: Help{Lost: true}}},
		{Name: "help-calm", View: View{Who: names[0], Left: 110, Note: say("対応済みにしました。", "The call is handled."), Screen: Help{}}},
		{Name: "today", View: View{Who: names[2], Left: 60, Waiting: 1, Screen: Today{Day: say("11月22日（日）", "Sunday 22 November"), Questions: 136, Answered: 117, HandedOff: 19, Yes: 64, No: 7, Topics: topics, Hours: hours}}},
		{Name: "today-none", View: View{Who: names[2], Left: 60, Screen: Today{Day: say("11月22日（日）", "Sunday 22 November")}}},
		{Name: "unanswered", View: View{Who: names[2], Left: 60, Screen: Unanswered{Questions: unanswered}}},
		{Name: "unanswered-none", View: View{Who: names[2], Left: 60, Screen: Unanswered{}}},
		{Name: "answering-new", View: View{Who: names[2], Left: 60, Screen: Answering{Question: question, Similar: similar}}},
		{Name: "answering", View: View{Who: names[2], Left: 60, Waiting: 1, Screen: Answering{Question: long, Sentences: sentences, Similar: similar, Words: words, Tried: true}}},
		{Name: "answering-playing", View: View{Who: names[2], Left: 60, Screen: Answering{Question: question, Sentences: append(append(sentences, sentences...), long), Words: append(words, words...), Playing: true}}},
		{Name: "answering-comparing", View: View{Who: names[2], Left: 60, Screen: Answering{Question: question, Sentences: sentences, Similar: similar, Words: words, Comparing: true}}},
		{Name: "answering-problem", View: View{Who: names[2], Left: 60, Busy: true, Screen: Answering{Question: question, Sentences: sentences[:1], Similar: similar, Words: words[:11],
			Problem: say("「承ります」までの文が長すぎます。二つに分けてください。", "The sentence is too long to be listened to: make two of it.")}}},
		{Name: "answering-published", View: View{Who: names[2], Left: 60, Screen: Answering{Question: question, Sentences: sentences, Words: words, Published: true}}},
		{Name: "conversations", View: View{Who: names[2], Left: 60, Screen: Conversations{List: list, Topics: []string{topics[0].Name, topics[2].Name}}}},
		{Name: "conversations-topics", View: View{Who: names[2], Left: 60, Screen: Conversations{List: list, Topics: []string{topics[0].Name, topics[1].Name, topics[2].Name, topics[3].Name}, Topic: topics[2].Name, Choosing: true}}},
		{Name: "conversations-none", View: View{Who: names[2], Left: 60, Screen: Conversations{}}},
		{Name: "reason", View: View{Who: names[2], Left: 60, Screen: Reason{Conversation: conversation}}},
		{Name: "reason-other", View: View{Who: names[2], Left: 60, Waiting: 1, Late: true, Screen: Reason{Conversation: conversation, Why: Other, Words: say("お客さまのお忘れ物の件で、売り場を確かめる", "To find where something was left behind")}}},
		{Name: "transcript", View: View{Who: names[2], Left: 60, Screen: Transcript{Conversation: conversation, Why: Complaint, Words: say("傘の件", "the umbrella"), Turns: turns, Playing: 2}}},
		{Name: "settings-pause", View: View{Who: names[2], Left: 60, Screen: Settings{Topics: switches}}},
		{Name: "settings-mute", View: View{Who: names[2], Left: 60, Waiting: 2, Screen: Settings{Shown: Mute, Muted: true, Topics: switches}}},
		{Name: "settings-closed", View: View{Who: names[2], Left: 60, Screen: Settings{Shown: CloseToday, Topics: switches}}},
		{Name: "settings-notice", View: View{Who: names[2], Left: 60, Screen: Settings{Shown: Notice, Notice: notice, Topics: switches}}},
		{Name: "settings-topics", View: View{Who: names[2], Left: 60, Failed: true, Note: say("この話題は店長だけが休めます。", "Only a manager may turn this topic off."), Screen: Settings{Shown: TopicOff, Topics: switches}}},
		{Name: "typing-sentence", View: View{Who: names[2], Left: 60, Screen: Typing{Field: Sentence, About: question, Board: board(keyboard.Gojuon, Sentence, keyboard.State{Text: sentences[0], Composing: "しゅうり"}, "修理", "しゅうり", "シュウリ")}}},
		{Name: "typing-reading", View: View{Who: names[2], Left: 60, Waiting: 1, Screen: Typing{Field: Reading, About: "1階", Board: board(keyboard.Flick, Reading, keyboard.State{Composing: "いっかい"}, "いっかい", "イッカイ")}}},
		{Name: "typing-notice", View: View{Who: names[2], Left: 60, Screen: Typing{Field: NoticeText, Board: board(keyboard.Latin, NoticeText, keyboard.State{Text: notice})}}},
		{Name: "typing-reason", View: View{Who: names[2], Left: 60, Screen: Typing{Field: ReasonText, Board: board(keyboard.Romaji, ReasonText, keyboard.State{})}}},
	}
	for i := range all {
		all[i].View.Language, all[i].View.Shop = l, say("てんいん百貨店", "Tenin Department Store")
	}
	return all
}

// variant is one way to draw a state.
// variants are every state in both orientations, both languages and both sizes of text, and some in high contrast.
func variants() (all []variant) {
	for _, l := range []Language{Japanese, English} {
		all = append(all, uitest.Variants(states(l), pick(l == Japanese, "ja", "en"))...)
	}
	for _, s := range states(Japanese) {
		switch s.Name {
		case "lock-wrong", "help", "today", "answering", "transcript", "settings-notice":
			all = append(all, variant{Name: s.Name + "-ja-landscape-contrast", Look: ui.Look{HighContrast: true, ReducedMotion: true}, Size: uitest.Landscape, View: s.View})
		}
	}
	return all
}
