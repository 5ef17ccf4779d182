package canary

// What shoppers are made of. The towns and streets do not exist.
var (
	surnames   = []string{"綾小路", "勅使河原", "五十嵐", "長谷川", "小比類巻", "東海林", "佐々木", "武者小路", "久保田", "四十万", "大久保", "万里小路", "伊集院", "御手洗", "日下部"}
	givenNames = []string{"美咲", "健太郎", "さくら", "慎之介", "由紀子", "龍之介", "千代子", "浩一郎", "あかり", "正太郎", "菜々子", "陽一", "静香", "源三郎", "真理亜"}
	cities     = []string{"架空県仮野市", "想像県幻木市", "虚空県霞沢市", "仮想県影山市", "夢見県空木市"}
	towns      = []string{"朧ヶ丘", "幻影町", "霧降野", "宵待坂", "空蝉台", "陽炎通", "夢窓町"}
	illnesses  = []string{"糖尿病", "高血圧症", "甲状腺機能低下症", "潰瘍性大腸炎", "双極性障害", "慢性腎臓病", "関節リウマチ", "心房細動"}
	treatments = []string{"通院治療", "投薬治療", "食事療法", "人工透析", "経過観察", "抗体治療", "術後療養"}
	secrets    = []string{"先月会社を解雇されたことは", "妻と別居していることは", "借金が八百万円あることは", "妊娠十二週であることは", "保釈中であることは", "手術を控えていることは", "宗教を変えたことは"}
	confidants = []string{"母には", "上司には", "大家さんには", "主治医には", "婚約者には", "隣人には", "姉夫婦には", "担任の先生には"}
	questions  = []string{"駐車場はありますか", "営業時間を教えてください", "返品できますか", "子供の薬はどこですか", "トイレはどこですか", "予約を確かめたいのですが", "領収書をください", "落とし物をしました"}

	firstNames  = []string{"Ottoline", "Barnaby", "Philippa", "Cornelius", "Guinevere", "Thaddeus", "Henrietta", "Leopold", "Marguerite", "Ignatius", "Rosalind", "Bartholomew"}
	lastNames   = []string{"Quackenbush", "Featherstone", "Winterbottom", "Oglethorpe", "Abernathy", "Blenkinsop", "Carruthers", "Dunwoody", "Entwistle", "Higginbotham", "Lillywhite", "Ramsbottom"}
	streetNames = []string{"Nonesuch", "Elderwisp", "Mirage", "Fablemoor", "Phantom Hill", "Neverfield", "Moonquarry"}
	streets     = []string{"Crescent", "Terrace", "Boulevard", "Mews", "Causeway", "Gardens"}
	diseases    = []string{"Parkinson's disease", "multiple sclerosis", "hepatitis C", "schizophrenia", "ulcerative colitis", "sickle cell anaemia", "epilepsy"}
	drugs       = []string{"levodopa", "interferon", "clozapine", "warfarin", "methotrexate", "lamotrigine", "tacrolimus"}
	worries     = []string{"My husband has not come home", "I have been hiding from the bailiffs", "I have told nobody about the pregnancy", "We have lived in the car", "The police have been looking for my son", "I stopped taking the medicine"}
	moments     = []string{"the second of March", "Whit Sunday", "our wedding day", "the funeral in Osaka", "the night of the flood", "my parole began", "Midsummer Eve", "the redundancy"}
	asks        = []string{"Where can I park?", "What are your opening hours?", "Can I return this?", "Where is the medicine?", "Where are the toilets?", "I want to check a booking.", "I lost my bag."}
)
