package staff

import "fmt"

// Phrases are the fixed words of the screens in one language.
type Phrases struct {
	Lock, Unlock, Language, Working string

	LockTitle, LockSub, Who, Change, Wrong, WrongSub, Waiting, Enter, Erase, Back, PINHint string

	Tabs map[Tab]string

	Calm, CalmSub, Lost, LostSub, Take, Handled, OnTheWay, NoTopic, LampOne, LampLate, LampShow string

	Questions, Answered, HandedOff, Helped, YesNo, ByTopic, ByHour, NothingYet, OfThem string

	UnansweredTitle, UnansweredNone, UnansweredNoneSub, Write string

	AnswerTo, AddSentence, Sentences, NoSentence, Readings, ReadingsNone, Similar, Use, Try, StopTry, TryFirst, Publish, Published, PublishedSub, Undo, Done, Return string

	ConversationsTitle, ConversationsNone, AllTopics, TopicLabel, Handed, NoSound string

	ReasonTitle, ReasonSub, ReasonWrite, ReasonNone, Read, ReasonLabel string
	Whys                                                               map[Why]string

	Play, Stop string

	Settings        map[Setting]string
	SettingsAbout   map[Setting]string
	On, Off         string
	Start           map[Setting]string // turn it on
	End             map[Setting]string // turn it off
	Seen            string             // what stands beside the picture of the shopper's screen
	NoticeWrite     string
	NoticeRemove    string
	NoticeNone      string
	TopicAnswered   string
	TopicHandedOver string
	TopicsNone      string

	Fields map[Field]string
	Keep   map[Field]string // the keyboard's last key

	Earlier, Later string

	// Sample and HandOff are answers, for the pictures of what shoppers see.
	Sample, HandOff string
}

// In returns the phrases of a language: English for those without phrases of their own.
func In(l Language) Phrases {
	if l == Japanese {
		return japanese
	}
	return english
}

// lampWords is what the lamp says.
func (w Phrases) lampWords(waiting int, late bool) string {
	if late {
		return fmt.Sprintf(w.LampLate, waiting)
	}
	return fmt.Sprintf(w.LampOne, waiting)
}

// locksIn is when the screens lock themselves.
func locksIn(l Language, seconds int) string {
	if l == Japanese {
		return fmt.Sprintf("あと%d秒", seconds)
	}
	return fmt.Sprintf("in %d s", seconds)
}

// waitPIN says when the next PIN may be tried.
func waitPIN(l Language, seconds int) string {
	if l == Japanese {
		if seconds >= 60 {
			return fmt.Sprintf("あと%d分%02d秒お待ちください", seconds/60, seconds%60)
		}
		return fmt.Sprintf("あと%d秒お待ちください", seconds)
	}
	if seconds >= 60 {
		return fmt.Sprintf("Please wait %d min %02d s", seconds/60, seconds%60)
	}
	return fmt.Sprintf("Please wait %d s", seconds)
}

// waited is how long a shopper has waited.
func waited(l Language, seconds int) string {
	minutes := seconds / 60
	switch {
	case l == Japanese && minutes == 0:
		return fmt.Sprintf("%d秒お待ち", seconds)
	case l == Japanese:
		return fmt.Sprintf("%d分%02d秒お待ち", minutes, seconds%60)
	case minutes == 0:
		return fmt.Sprintf("waiting %d s", seconds)
	}
	return fmt.Sprintf("waiting %d min %02d s", minutes, seconds%60)
}

// onTheWay names who has taken a call.
func onTheWay(l Language, who string) string {
	switch {
	case who == "":
		return In(l).OnTheWay
	case l == Japanese:
		return who + "さんが向かっています"
	}
	return who + " is on the way"
}

// spoken is the language of a shopper.
func spoken(l, shoppers Language) string {
	if l == Japanese {
		return [...]string{"日本語", "英語", "中国語", "韓国語"}[min(max(shoppers, 0), Korean)]
	}
	return [...]string{"Japanese", "English", "Chinese", "Korean"}[min(max(shoppers, 0), Korean)]
}

// times is how often and when a question was asked.
func times(l Language, q Question) string {
	if l == Japanese {
		return fmt.Sprintf("%d回　最後は%s", q.Times, q.When)
	}
	if q.Times == 1 {
		return "once, " + q.When
	}
	return fmt.Sprintf("%d times, last %s", q.Times, q.When)
}

// length is how long a conversation was.
func length(l Language, c Conversation) string {
	w := In(l)
	text := fmt.Sprintf("%d questions", c.Turns)
	if c.Turns == 1 {
		text = "1 question"
	}
	separator := ", "
	if l == Japanese {
		text, separator = fmt.Sprintf("質問%d件", c.Turns), "　"
	}
	if c.Seconds > 0 {
		text += separator + sound(l, c.Seconds)
	} else {
		text += separator + w.NoSound
	}
	if c.Handed {
		text += separator + w.Handed
	}
	return text
}

// playFor is the label of the button that plays a recording.
func playFor(l Language, seconds int) string {
	if l == Japanese {
		return fmt.Sprintf("%s（%d秒）", japanese.Play, seconds)
	}
	return fmt.Sprintf("%s (%d s)", english.Play, seconds)
}

// sound is how long a recording is.
func sound(l Language, seconds int) string {
	if l == Japanese {
		return fmt.Sprintf("音声%d秒", seconds)
	}
	return fmt.Sprintf("%d s of sound", seconds)
}

// pageOf tells which part of a list is shown, from first to last counted from 1.
func pageOf(l Language, first, last, all int) string {
	if l == Japanese {
		return fmt.Sprintf("%d件のうち %d–%d", all, first, last)
	}
	return fmt.Sprintf("%d–%d of %d", first, last, all)
}

var japanese = Phrases{
	Lock: "ロック", Unlock: "ロック解除", Language: "English", Working: "お待ちください…",

	LockTitle: "暗証番号を入れてください", LockSub: "係員の画面です。", Who: "どなたですか", Change: "ほかの人", Wrong: "番号が違います",
	WrongSub: "もう一度入れてください。", Waiting: "続けて間違えたため、しばらく使えません", Enter: "入る", Erase: "消す", Back: "お客さまの画面へ", PINHint: "番号を入れてください",

	Tabs: map[Tab]string{HelpTab: "お呼び出し", TodayTab: "今日", UnansweredTab: "答えのない質問", ConversationsTab: "会話", SettingsTab: "設定"},

	Lost: "案内機につながりません", LostSub: "案内機が動くと、ひとりでにつながります。",
	Calm: "お待ちのお客さまはいません", CalmSub: "お呼び出しがあると、ここに出て音が鳴ります。", Take: "向かいます", Handled: "対応済み", OnTheWay: "係員が向かっています",
	NoTopic: "ご用件は不明", LampOne: "お客さまがお待ちです　%d件", LampLate: "長くお待ちのお客さまがいます　%d件", LampShow: "見る",

	Questions: "質問", Answered: "答えた", HandedOff: "係員へ", Helped: "お役に立ちましたか", YesNo: "はい%d　いいえ%d", ByTopic: "話題ごとの質問",
	ByHour: "時間ごとの質問", NothingYet: "今日はまだ質問がありません", OfThem: "%d件（係員へ%d件）",

	UnansweredTitle: "答えのない質問", UnansweredNone: "答えのない質問はありません", UnansweredNoneSub: "答えられなかった質問が、ここに並びます。", Write: "答えを書く",

	AnswerTo: "この質問への答え", AddSentence: "文を加える", Sentences: "答え", NoSentence: "まだ書かれていません。一文ずつ書きます。", Readings: "読みかた（ふれて直す）",
	ReadingsNone: "文を書くと、読みかたが出ます。", Similar: "似た答え", Use: "これを使う", Try: "聞いてみる", StopTry: "止める", TryFirst: "公開の前に、一度聞いてみてください。", Publish: "公開する", Published: "公開しました",
	PublishedSub: "いまから、お客さまにこう答えます。", Undo: "取り消す", Done: "終わる", Return: "戻る",

	ConversationsTitle: "会話の記録", ConversationsNone: "会話の記録はありません", AllTopics: "すべての話題", TopicLabel: "話題", Handed: "係員へ", NoSound: "音声なし",

	ReasonTitle: "開く理由を選んでください", ReasonSub: "お名前、時刻、理由が記録に残ります。", ReasonWrite: "理由を書く", ReasonNone: "理由を選ぶと開けます", Read: "開く", ReasonLabel: "理由",
	Whys: map[Why]string{Improve: "答えを直すため", Complaint: "苦情への対応", Request: "ご本人の求め", Incident: "事故・トラブルの確認", Other: "その他（書いてください）"},

	Play: "再生", Stop: "止める",

	Settings: map[Setting]string{Pause: "一時停止", Mute: "音声を消す", CloseToday: "今日は終了", Notice: "今日のお知らせ", TopicOff: "話題を休む"},
	SettingsAbout: map[Setting]string{
		Pause:      "案内を休みます。会話の途中なら、終わってから止まります。",
		Mute:       "声を出さず、画面の文字だけで答えます。",
		CloseToday: "今日の案内を終わります。明日はまた始まります。",
		Notice:     "最初の画面に、今日だけのお知らせを出します。",
		TopicOff:   "休んでいる話題の質問は、係員につなぎます。",
	},
	On: "入", Off: "切",
	Start: map[Setting]string{Pause: "一時停止する", Mute: "音声を消す", CloseToday: "今日は終了する"},
	End:   map[Setting]string{Pause: "案内を再開する", Mute: "音声を出す", CloseToday: "案内を再開する"},
	Seen:  "お客さまに見える画面", NoticeWrite: "お知らせを書く", NoticeRemove: "お知らせを消す", NoticeNone: "お知らせはありません。",
	TopicAnswered: "答えています", TopicHandedOver: "休み：係員へ", TopicsNone: "話題がありません。",

	Fields: map[Field]string{Sentence: "答えの文（一文）", Reading: "読みかたをカナで", NoticeText: "今日のお知らせ", ReasonText: "開く理由"},
	Keep:   map[Field]string{Sentence: "決める", Reading: "決める", NoticeText: "出す", ReasonText: "決める"},

	Earlier: "前へ", Later: "次へ",

	Sample: "いらっしゃいませ。ご案内いたします。", HandOff: "申し訳ございません。その件は、お近くの係員におたずねください。",
}

var english = Phrases{
	Lock: "Lock", Unlock: "Unlock", Language: "日本語", Working: "One moment…",

	LockTitle: "Enter your PIN", LockSub: "These are the staff's screens.", Who: "Who are you?", Change: "Somebody else", Wrong: "That PIN is wrong",
	WrongSub: "Please try again.", Waiting: "Locked after wrong PINs", Enter: "Enter", Erase: "Delete", Back: "Leave", PINHint: "Enter the PIN",

	Tabs: map[Tab]string{HelpTab: "Calls", TodayTab: "Today", UnansweredTab: "Unanswered", ConversationsTab: "Talks", SettingsTab: "Settings"},

	Lost: "The kiosk cannot be reached", LostSub: "This connects by itself when the kiosk runs.",
	Calm: "Nobody is waiting", CalmSub: "When somebody asks for staff it shows here, with a chime.", Take: "On my way", Handled: "Handled", OnTheWay: "Somebody is on the way",
	NoTopic: "Topic not known", LampOne: "Shoppers are waiting: %d", LampLate: "Shoppers have waited long: %d", LampShow: "Show",

	Questions: "Questions", Answered: "Answered", HandedOff: "To staff", Helped: "Did it help?", YesNo: "yes %d, no %d", ByTopic: "Questions by topic",
	ByHour: "Questions by the hour", NothingYet: "No questions yet today", OfThem: "%d (%d to staff)",

	UnansweredTitle: "Questions without an answer", UnansweredNone: "Every question had an answer", UnansweredNoneSub: "Questions that could not be answered appear here.", Write: "Write",

	AnswerTo: "Answer to this question", AddSentence: "Add a sentence", Sentences: "Answer", NoSentence: "Nothing is written yet. Write one sentence at a time.", Readings: "How it is read (touch to change)",
	ReadingsNone: "Readings appear when there is a sentence.", Similar: "Similar answers", Use: "Use this", Try: "Listen", StopTry: "Stop", TryFirst: "Please listen to it once before you publish.", Publish: "Publish", Published: "Published",
	PublishedSub: "Shoppers get this answer from now on.", Undo: "Take back", Done: "Done", Return: "Back",

	ConversationsTitle: "Kept conversations", ConversationsNone: "No conversation is kept", AllTopics: "All topics", TopicLabel: "Topic", Handed: "to staff", NoSound: "no sound",

	ReasonTitle: "Why do you open it?", ReasonSub: "Your name, the time and the reason are logged.", ReasonWrite: "Write a reason", ReasonNone: "Choose a reason to open it", Read: "Open", ReasonLabel: "Reason",
	Whys: map[Why]string{Improve: "To better an answer", Complaint: "A complaint", Request: "The shopper asks for it", Incident: "An incident", Other: "Other (write it)"},

	Play: "Play", Stop: "Stop",

	Settings: map[Setting]string{Pause: "Pause", Mute: "Voice off", CloseToday: "Closed today", Notice: "Today's notice", TopicOff: "Topics off"},
	SettingsAbout: map[Setting]string{
		Pause:      "The kiosk takes a break, after the visit that goes on.",
		Mute:       "Answers are shown, and not spoken.",
		CloseToday: "The kiosk ends for today and starts again tomorrow.",
		Notice:     "A notice on the first screen, for today only.",
		TopicOff:   "Questions about a topic that is off go to staff.",
	},
	On: "on", Off: "off",
	Start: map[Setting]string{Pause: "Pause now", Mute: "Turn the voice off", CloseToday: "Close for today"},
	End:   map[Setting]string{Pause: "Go on", Mute: "Turn the voice on", CloseToday: "Open again"},
	Seen:  "What shoppers see", NoticeWrite: "Write the notice", NoticeRemove: "Remove the notice", NoticeNone: "There is no notice.",
	TopicAnswered: "answered", TopicHandedOver: "off: to staff", TopicsNone: "There are no topics.",

	Fields: map[Field]string{Sentence: "One sentence of the answer", Reading: "The reading, in kana", NoticeText: "Today's notice", ReasonText: "Why you open it"},
	Keep:   map[Field]string{Sentence: "Keep", Reading: "Keep", NoticeText: "Show", ReasonText: "Keep"},

	Earlier: "Back", Later: "Next",

	Sample: "Welcome. How may I help you?", HandOff: "I'm sorry, I can't answer that. Please ask a member of staff.",
}
