package shopper

import "fmt"

// Phrases are the fixed words of the screens in one complete language.
type Phrases struct {
	Welcome, WelcomeSub, Touch, MicClosed, Example, Preparing string

	ConsentTitle                                          string
	ConsentPoints                                         []string
	Speak, SpeakSub, Type, TypeSub, NoRecord, NoRecordSub string

	Listening, ListeningSub, ListeningMessage, Done, Cancel, Kept, NotKept string

	Thinking, ThinkingSub, Question string

	Speaking, Answered, Stop, SpeakAgain, Detail, Place, Related, Helped, Yes, No, Retry, Thanks, More, SilentNote string

	Back, Here string

	ClarifyTitle, NoneOfThese string

	StaffTitle, StaffSub, StaffComing, StaffLate, StaffKeepAsking, CallStaff, LeaveMessage string

	MessageTitle, MessageSub, MessageSend, MessageAgain, MessageDrop, MessageSent, MessageSentSub string

	ReceiptTitle, ReceiptSub, Finish string

	TypingTitle, TypingMessage string

	Resetting, ResettingSub, Closed, ClosedSub string

	StillHere, BigText, NormalText, Contrast, NormalContrast, SoundOff, SoundOn, TypeShort string

	Reasons map[Reason][2]string // what is wrong, what to do
}

// In returns the phrases of a language; those without screens of their own get the English ones.
func In(l Language) Phrases {
	if l == Japanese {
		return japanese
	}
	return english
}

// Countdown is the line of the visible count.
func Countdown(l Language, seconds int) string {
	if !l.Complete() {
		return fmt.Sprintf(FixedIn(l).Left, seconds)
	}
	if l == Japanese {
		return fmt.Sprintf("あと%d秒で最初の画面に戻ります", seconds)
	}
	if seconds == 1 {
		return "Back to the first screen in 1 second"
	}
	return fmt.Sprintf("Back to the first screen in %d seconds", seconds)
}

// waited is how long staff were called ago.
func waited(l Language, seconds int) string {
	minutes := seconds / 60
	switch {
	case l == Japanese && minutes == 0:
		return fmt.Sprintf("お呼びしてから %d秒", seconds)
	case l == Japanese:
		return fmt.Sprintf("お呼びしてから %d分%02d秒", minutes, seconds%60)
	case minutes == 0:
		return fmt.Sprintf("Called %d s ago", seconds)
	}
	return fmt.Sprintf("Called %d min %02d s ago", minutes, seconds%60)
}

func keptFor(l Language, days int) string {
	switch {
	case days <= 0:
		return ""
	case l == Japanese:
		return fmt.Sprintf("消去の手続きがない場合も、%d日後に消えます。", days)
	}
	return fmt.Sprintf("Without a request it is erased after %d days.", days)
}

var japanese = Phrases{
	Welcome: "いらっしゃいませ", WelcomeSub: "売り場やサービスのことを、声でお尋ねください。",
	Touch: "ふれて話す", MicClosed: "ふれるまで、マイクは切れています。", Example: "たとえば", Preparing: "準備をしています。少しお待ちください。",

	ConsentTitle: "お話しになる前に",
	ConsentPoints: []string{
		"お声と内容は、ご案内をよくするために記録します。",
		"記録はこの機械の中だけに、暗号にして保存します。",
		"あとから消すことができます。控え番号をお渡しします。",
	},
	Speak: "声で話す", SpeakSub: "マイクが入ります",
	Type: "文字で尋ねる", TypeSub: "マイクは使いません",
	NoRecord: "記録せずに話す", NoRecordSub: "答えたあと、何も残しません",

	Listening: "お聞きしています", ListeningSub: "どうぞ、お話しください。", ListeningMessage: "ご伝言をお話しください。",
	Done: "話し終わりました", Cancel: "やめる", Kept: "記録しています", NotKept: "記録していません",

	Thinking: "お調べしています", ThinkingSub: "少しお待ちください。", Question: "ご質問",

	Speaking: "お答えしています", Answered: "お答え", Stop: "声を止める", SpeakAgain: "続けて尋ねる", Retry: "もう一度話す", Detail: "くわしく見る",
	Place: "場所を見る", Related: "こちらもよく聞かれます", Helped: "お役に立ちましたか", Yes: "はい", No: "いいえ",
	Thanks: "ありがとうございます", More: "続きを読む", SilentNote: "音を消しています。答えは文字で出ます。",

	Back: "答えに戻る", Here: "現在地",

	ClarifyTitle: "もう一度お聞かせください", NoneOfThese: "どれでもない",

	StaffTitle: "係員をお呼びしました", StaffSub: "こちらでお待ちください。", StaffComing: "係員が向かっています",
	StaffLate: "お待たせして申し訳ありません。ただいま混み合っています。", StaffKeepAsking: "待つあいだに尋ねる",
	CallStaff: "係員を呼ぶ", LeaveMessage: "伝言を残す",

	MessageTitle: "この伝言でよろしいですか", MessageSub: "係員だけが読みます。", MessageSend: "伝える", MessageAgain: "言い直す",
	MessageDrop: "伝言をやめる", MessageSent: "伝言をお預かりしました", MessageSentSub: "係員が確認します。",

	ReceiptTitle: "控え番号", ReceiptSub: "記録を消したいときに、係員にこの番号をお見せください。写真に撮っておけます。",
	Finish: "終わる",

	TypingTitle: "文字でお尋ねください", TypingMessage: "ご伝言をお書きください",

	Resetting: "画面を整えています", ResettingSub: "前のお客さまのお話を消しています。すぐに終わります。",
	Closed: "お休みしています", ClosedSub: "お近くの係員にお尋ねください。",

	StillHere: "続ける", BigText: "大きな文字", NormalText: "ふつうの文字", Contrast: "くっきり", NormalContrast: "ふつうの色",
	SoundOff: "音を消す", SoundOn: "音を出す", TypeShort: "文字で",

	Reasons: map[Reason][2]string{
		TooQuiet:      {"お声が届いていません", "マイクに近づいて、もう少し大きな声でお話しください。"},
		TooNoisy:      {"まわりの音でお声が聞き取れません", "マイクに近づいてお話しになるか、文字でお尋ねください。"},
		NoMicrophone:  {"マイクが使えません", "文字でお尋ねになるか、係員をお呼びください。"},
		Muted:         {"マイクは係員が切っています", "文字でお尋ねください。"},
		NotUnderstood: {"聞き取れませんでした", "短い言葉で、もう一度お話しください。"},
		EngineLost:    {"申し訳ありません。うまく動きませんでした", "直しています。もう一度お試しください。"},
		Unavailable:   {"ただいまお答えできません", "係員をお呼びください。"},
	},
}

var english = Phrases{
	Welcome: "Welcome", WelcomeSub: "Ask me about goods, floors and services. Just speak.",
	Touch: "Touch to speak", MicClosed: "The microphone is off until you touch.", Example: "For example", Preparing: "Getting ready. One moment, please.",

	ConsentTitle: "Before you speak",
	ConsentPoints: []string{
		"Your voice and words are recorded to improve this service.",
		"They stay encrypted inside this machine.",
		"You can have them erased later. You will get a code.",
	},
	Speak: "Speak", SpeakSub: "The microphone opens",
	Type: "Type", TypeSub: "The microphone stays off",
	NoRecord: "Speak, unrecorded", NoRecordSub: "Nothing is kept after the answer",

	Listening: "I am listening", ListeningSub: "Please speak.", ListeningMessage: "Please say your message.",
	Done: "I have finished", Cancel: "Cancel", Kept: "Recording", NotKept: "Not recording",

	Thinking: "Looking it up", ThinkingSub: "One moment, please.", Question: "You asked",

	Speaking: "Here is the answer", Answered: "The answer", Stop: "Stop the voice", SpeakAgain: "Ask something else", Retry: "Speak again", Detail: "More detail",
	Place: "Show the place", Related: "People also ask", Helped: "Did this help?", Yes: "Yes", No: "No",
	Thanks: "Thank you", More: "Read on", SilentNote: "Sound is off. Answers are shown as text.",

	Back: "Back to the answer", Here: "You are here",

	ClarifyTitle: "Did I hear you right?", NoneOfThese: "None of these",

	StaffTitle: "Staff have been called", StaffSub: "Please wait here.", StaffComing: "Somebody is on the way",
	StaffLate: "We are sorry to keep you waiting. It is busy at the moment.", StaffKeepAsking: "Ask me while you wait",
	CallStaff: "Call staff", LeaveMessage: "Leave a message",

	MessageTitle: "Is this message right?", MessageSub: "Only staff will read it.", MessageSend: "Send", MessageAgain: "Say it again",
	MessageDrop: "Do not send", MessageSent: "We have your message", MessageSentSub: "Staff will read it.",

	ReceiptTitle: "Your code", ReceiptSub: "To have your talk erased, show this code to staff. You may take a photo of it.",
	Finish: "Finish",

	TypingTitle: "Type your question", TypingMessage: "Write your message",

	Resetting: "Tidying up", ResettingSub: "Erasing the last visitor's talk. This takes a moment.",
	Closed: "Closed", ClosedSub: "Please ask a member of staff.",

	StillHere: "Stay", BigText: "Larger text", NormalText: "Normal text", Contrast: "Contrast", NormalContrast: "Softer",
	SoundOff: "Sound off", SoundOn: "Sound on", TypeShort: "Type",

	Reasons: map[Reason][2]string{
		TooQuiet:      {"I cannot hear you", "Please come closer and speak a little louder."},
		TooNoisy:      {"It is too noisy to hear you", "Please speak close to the microphone, or type."},
		NoMicrophone:  {"The microphone does not work", "Please type, or call staff."},
		Muted:         {"Staff have turned the microphone off", "Please type your question."},
		NotUnderstood: {"I did not catch that", "Please say it again in a few words."},
		EngineLost:    {"Sorry, something went wrong", "It is being put right. Please try again."},
		Unavailable:   {"I cannot answer at the moment", "Please call staff."},
	},
}

// Fixed are the phrases of a language that has no screens: all they do is to call somebody.
type Fixed struct{ Title, Text, Call, Called, CalledText, Late, Back, Left, Stay string }

// FixedIn returns the fixed phrases of Chinese and Korean.
func FixedIn(l Language) Fixed {
	if l == Korean {
		return Fixed{
			Title: "안녕하세요", Text: "이 안내기는 일본어와 영어로 이용하실 수 있습니다. 버튼을 누르시면 직원을 불러 드립니다.",
			Call: "직원 호출", Called: "직원을 불렀습니다", CalledText: "이곳에서 잠시 기다려 주세요.",
			Late: "기다리게 해 드려 죄송합니다. 직원이 곧 옵니다.", Back: "처음으로", Left: "%d초 후 처음 화면으로 돌아갑니다", Stay: "계속",
		}
	}
	return Fixed{
		Title: "您好", Text: "本机提供日语和英语服务。请按下面的按钮，我们为您呼叫店员。",
		Call: "呼叫店员", Called: "已为您呼叫店员", CalledText: "请在此稍候。",
		Late: "让您久等了，非常抱歉。店员马上就来。", Back: "返回首页", Left: "%d秒后返回首页", Stay: "继续",
	}
}
