package screen

import (
	"tenin/ui/shopper"
)

// What can be sent. A test compares the lists with the packages' sources.
var (
	shopperScreens = seal[shopper.Screen](
		shopper.Attract{}, shopper.Consent{}, shopper.Listening{}, shopper.Thinking{}, shopper.Answer{}, shopper.Detail{},
		shopper.Place{}, shopper.Clarify{}, shopper.Staff{}, shopper.Message{}, shopper.Receipt{}, shopper.Typing{},
		shopper.Trouble{}, shopper.Resetting{}, shopper.Closed{},
	)
	shopperEvents = seal[shopper.Event](
		shopper.Start{}, shopper.ChooseLanguage{}, shopper.Consented{}, shopper.DoneSpeaking{}, shopper.Cancel{},
		shopper.Interrupt{}, shopper.SpeakAgain{}, shopper.TypeInstead{}, shopper.Ask{}, shopper.ShowDetail{},
		shopper.ShowPlace{}, shopper.Return{}, shopper.ShowFrom{}, shopper.Helped{}, shopper.CallStaff{},
		shopper.LeaveMessage{}, shopper.SendMessage{}, shopper.DiscardMessage{}, shopper.Retry{}, shopper.StillHere{},
		shopper.Finish{}, shopper.ToggleBigText{}, shopper.ToggleContrast{}, shopper.ToggleSilent{}, shopper.Typed{},
		shopper.Knock{},
	)
)
