#include "sentences.h"

/* clang-format off */
const char *const sentences[SAY_N][LANG_N] = {
	[SAY_NOTHING] = { "", "" },

	/* ---- titles, labels, buttons ---- */
	[SAY_TITLE] = {
		"マイナンバーカードの読み取り",
		"My Number Card" },
	[SAY_TITLE_STEPS] = {
		"マイナンバーカードの読み取り（{step}/{steps}）",
		"My Number Card ({step}/{steps})" },
	[SAY_LABEL_PIN] = { "暗証番号:", "PIN:" },
	[SAY_LABEL_PASSWORD] = { "暗証番号:", "Password:" },
	[SAY_LABEL_FACE_B] = { "照合番号B:", "Number B:" },
	[SAY_LABEL_FACE_A] = { "照合番号A:", "Number A:" },
	[SAY_LABEL_YES] = { "確認:", "Confirm:" },
	[SAY_OK] = { "OK", "OK" },
	[SAY_CANCEL] = { "キャンセル", "Cancel" },
	[SAY_NEXT] = { "次へ", "Next" },
	[SAY_USE_IT] = { "最後の1回を使う", "Use it" },
	[SAY_STOP] = { "やめる", "Stop" },
	[SAY_GIVE] = { "渡す", "Give it" },
	[SAY_REFUSE] = { "渡さない", "Refuse" },
	[SAY_CLOSE] = { "閉じる", "Close" },

	/* ---- who asks ---- */
	[SAY_HEAD_NAMED] = {
		"「{name}」\n{origin}\n",
		"\"{name}\"\n{origin}\n" },
	[SAY_HEAD_NAMELESS] = { "{origin}\n", "{origin}\n" },
	[SAY_HEAD_LOCAL] = {
		"このパソコンのプログラム（利用者 {user}）\n",
		"A program on this computer (user {user})\n" },
	[SAY_PURPOSE] = {
		"{site}の説明：「{purpose}」\n",
		"The {site} says: \"{purpose}\"\n" },
	[SAY_TITLES] = {
		"{site}による書類名：「{titles}」{more}\n",
		"Documents, in the {site}'s words: \"{titles}\"{more}\n" },
	[SAY_TITLES_MORE] = { "ほか{m}件", " and {m} more" },
	[SAY_SITE] = { "サイト", "site" },
	[SAY_PROGRAM] = { "プログラム", "program" },
	[SAY_WHO_NAMED] = { "「{name}」", "\"{name}\"" },
	[SAY_WHO_NAMELESS] = { "{origin}", "{origin}" },
	[SAY_WHO_LOCAL] = { "このプログラム", "this program" },

	/* ---- whole windows ---- */
	[SAY_ENTRY] = {
		"{head}\n{ask}\n\n{type}\n{cost}",
		"{head}\n{ask}\n\n{type}\n{cost}" },
	/* Has no line of its own for a miss. */
	[SAY_PINPAD] = {
		"{miss}{head}\n{ask}\n\n{type}\n{cost}",
		"{miss}{head}\n{ask}\n\n{type}\n{cost}" },
	[SAY_CONSENT] = {
		"{head}\n"
		"この{site}が、利用者証明用電子証明書を求めています"
		"（氏名・住所は入っていません）。暗証番号は使いません。\n"
		"\n"
		"証明書にはカードごとに違う番号が入っているので、別の日でも、"
		"ほかの{site}とのあいだでも、同じ人だと見分けられます。"
		"心当たりがなければ「渡さない」を押してください。\n"
		"\n",
		"{head}\n"
		"This {site} asks for your user authentication certificate "
		"(利用者証明用; no name, no address). No PIN is used.\n"
		"\n"
		"It carries a number that no other card has: you can be "
		"recognized by it, here and elsewhere. "
		"If you did not start this, press Refuse.\n"
		"\n" },
	[SAY_CONSENT_ASK] = {
		"{consent}証明書を渡しますか？",
		"{consent}Give it the certificate?" },
	[SAY_CONSENT_TYPE] = {
		"{consent}渡す場合は、下に「1」とだけ入力し、"
		"「渡す」を押してください。",
		"{consent}To give it the certificate, type 1 below and press "
		"Give it." },
	[SAY_LAST_TRY] = {
		"【残り1回】次に間違えるとロックがかかります。\n"
		"\n"
		"{head}\n"
		"対象：{pin}\n"
		"{if_locked}\n"
		"少しでも自信がなければ「やめる」を押してください。"
		"やめても残り1回のままです。\n"
		"\n",
		"LAST TRY: one more wrong entry locks this PIN.\n"
		"\n"
		"{head}\n"
		"Which: {pin}.\n"
		"{if_locked}\n"
		"If you are not sure, press Stop. "
		"The last try stays available.\n"
		"\n" },
	[SAY_LAST_TRY_ASK] = {
		"{last_try}最後の1回を使いますか？",
		"{last_try}Use the last try?" },
	[SAY_LAST_TRY_TYPE] = {
		"{last_try}最後の1回を使う場合は、下に「1」とだけ入力し、"
		"「最後の1回を使う」を押してください（暗証番号は次の画面で"
		"入力します）。",
		"{last_try}To use the last try, type 1 below and press Use it "
		"(the PIN is asked for in the next window)." },
	[SAY_BLOCKED] = {
		"この暗証番号はロックされています。\n"
		"\n"
		"対象：{pin}\n"
		"{times}ためロックがかかり、利用できません。"
		"時間がたっても解除されません。\n"
		"{unlock}\n"
		"\n"
		"{who}には何も渡していません。",
		"This PIN is locked.\n"
		"\n"
		"Which: {pin}.\n"
		"It was typed wrongly {times}. Waiting does not unlock it.\n"
		"{unlock}\n"
		"\n"
		"Nothing was given to {who}." },
	/* The site's own words do not fit beside the rest: this comes first. */
	[SAY_WORDS] = { "{head}\n{before}", "{head}\n{before}" },
	[SAY_BEFORE_ENTRY] = {
		"次の画面で暗証番号をおたずねします。"
		"心当たりがなければ「キャンセル」を押してください。",
		"The next window asks for the PIN. "
		"If you did not start this, press Cancel." },
	[SAY_BEFORE_PINPAD] = {
		"カードリーダーへの入力は、次の画面を見てからにしてください。"
		"心当たりがなければ「キャンセル」を押してください。",
		"See the next window before you type on the card reader. "
		"If you did not start this, press Cancel." },
	[SAY_BEFORE_CONSENT] = {
		"次の画面で、証明書を渡すかどうかをおたずねします。"
		"心当たりがなければ「キャンセル」を押してください。",
		"The next window asks whether to give it a certificate. "
		"If you did not start this, press Cancel." },

	/* ---- what is asked for ---- */
	[SAY_ASK_ATTRIBUTES] = {
		"この{site}が、カードの氏名・住所・生年月日・性別の読み取りを"
		"求めています。"
		"心当たりがなければ「キャンセル」を押してください。",
		"This {site} asks to read the name, address, date of birth and "
		"sex from your My Number Card. "
		"If you did not start this, press Cancel." },
	/* Number Act, articles 15 and 19. */
	[SAY_ASK_MY_NUMBER] = {
		"この{site}が、マイナンバー（12桁の個人番号）の読み取りを"
		"求めています。"
		"{law}"
		"心当たりがなければ「キャンセル」を押してください。",
		"This {site} asks for your MY NUMBER (個人番号, 12 digits). "
		"{law} "
		"If you did not start this, press Cancel." },
	[SAY_ASK_ATTRIBUTES_AND_MY_NUMBER] = {
		"この{site}が、マイナンバー（12桁の個人番号）と、"
		"氏名・住所・生年月日・性別の読み取りを求めています。"
		"{law}"
		"心当たりがなければ「キャンセル」を押してください。",
		"This {site} asks for your MY NUMBER (個人番号, 12 digits) and "
		"your name, address, date of birth and sex. "
		"{law} "
		"If you did not start this, press Cancel." },
	[SAY_LAW] = {
		"マイナンバーは、法令の定める手続き（税・社会保障など）以外"
		"では、求めることも渡すことも禁止されています。",
		"The law forbids asking for it or giving it except for tax, "
		"social security and the like." },
	[SAY_ASK_LOGIN] = {
		"この{site}が、マイナンバーカードでの本人確認（ログイン）を"
		"求めています。利用者証明用電子証明書を渡します"
		"（氏名・住所は入っていません）。"
		"心当たりがなければ「キャンセル」を押してください。",
		"This {site} asks you to log in with your My Number Card. "
		"It will get your user authentication certificate "
		"(no name, no address). "
		"If you did not start this, press Cancel." },
	[SAY_ASK_LOGIN_CERTIFICATE] = {
		"この{site}に、利用者証明用電子証明書を渡します"
		"（氏名・住所は入っていません）。"
		"読み取りに暗証番号が必要です。"
		"心当たりがなければ「キャンセル」を押してください。",
		"This {site} will get your user authentication certificate "
		"(no name, no address). Reading it takes the PIN here. "
		"If you did not start this, press Cancel." },
	[SAY_ASK_SIGNATURE] = {
		"この{site}が、書類{k}件への電子署名を求めています。"
		"証明書に入っている氏名・住所・生年月日・性別も"
		"{site}に渡ります。書類の内容はここに表示できません。"
		"{site}の画面で確かめてください。",
		"This {site} asks you to sign {documents}. "
		"It will also get the name, address, date of birth and sex in "
		"your certificate. {check}" },
	[SAY_CHECK_ONE] = {
		"", "The document cannot be shown here: check it on the {site}."
	},
	[SAY_CHECK_MANY] = {
		"",
		"The documents cannot be shown here: check them on the {site}."
	},
	[SAY_ASK_SIGNATURE_CERTIFICATE] = {
		"この{site}が、署名用電子証明書を求めています"
		"（電子署名はしません）。"
		"証明書に入っている氏名・住所・生年月日・性別が"
		"{site}に渡ります。"
		"心当たりがなければ「キャンセル」を押してください。",
		"This {site} asks for your digital signature certificate "
		"(署名用); nothing is signed. "
		"It will get the name, address, date of birth and sex in it. "
		"If you did not start this, press Cancel." },
	[SAY_ASK_FACE] = {
		"この{site}が、顔写真と券面（氏名・住所の画像、生年月日、"
		"性別、有効期限）の読み取りを求めています。",
		"This {site} asks for the face photo and the card surface "
		"(images of name and address, date of birth, sex, expiry)." },

	/* ---- what is to be typed ---- */
	[SAY_TYPE] = {
		"{what}入力し、「OK」を押してください。{also}",
		"Type {what} and press OK.{also}" },
	[SAY_TYPE_ON_READER] = {
		"パソコンではなくカードリーダーで、{what}入力してください"
		"（{seconds}秒以内）。{also}",
		"ON THE CARD READER, not on this computer, type {what} and "
		"press its OK key, within {seconds} seconds.{also}" },
	[SAY_TYPE_AUTH] = {
		"数字4桁の暗証番号（利用者証明用電子証明書パスワード）を",
		"the 4-digit PIN for user authentication (利用者証明用)" },
	[SAY_TYPE_SIGN] = {
		"英数字6～16桁の暗証番号（署名用電子証明書のパスワード）を",
		"the 6-16 character password for digital signature (署名用)" },
	[SAY_TYPE_ATTRIBUTES] = {
		"数字4桁の暗証番号（券面事項入力補助用パスワード）を",
		"the 4-digit PIN for card information input "
		"(券面事項入力補助用)" },
	[SAY_TYPE_FACE_B] = {
		"照合番号B（数字14桁）を続けて",
		"Verification Number B (照合番号B), 14 digits in one go," },
	[SAY_TYPE_FACE_A] = {
		"照合番号A（数字12桁）を続けて",
		"Verification Number A (照合番号A), 12 digits in one go," },
	[SAY_ALSO_PINPAD] = {
		"やめるときは、リーダーの取消キーを押してください。",
		" To stop, press the reader's cancel key." },
	/* Typed for the card's, it would cost the phone's a try. */
	[SAY_TYPE_AUTH_PHONE] = {
		"スマートフォン用電子証明書の数字4桁の暗証番号を",
		"the 4-digit PIN of the PHONE'S user authentication "
		"certificate (利用者証明用)" },
	[SAY_TYPE_SIGN_PHONE] = {
		"スマートフォン用電子証明書の英数字6～16桁の暗証番号を",
		"the 6-16 character password of the PHONE'S digital signature "
		"certificate (署名用)" },
	[SAY_ALSO_PHONE] = {
		"カードの暗証番号ではありません。",
		" It is not the card's PIN." },
	[SAY_ALSO_SIGN_PHONE] = {
		"カードの暗証番号ではありません。"
		"小文字は大文字として扱います。",
		" It is not the card's. a-z count as A-Z." },
	[SAY_ALSO_SIGN] = {
		"小文字は大文字として扱います。", " a-z count as A-Z." },
	[SAY_ALSO_FACE_B] = {
		"\n"
		"1 生年月日6桁：券面どおりの年・月・日を2桁ずつ"
		"（平成2年4月1日→020401、1990年4月1日→900401）\n"
		"2 カードの有効期限の西暦4桁"
		"（電子証明書の期限ではありません）\n"
		"3 顔写真の下のセキュリティコード4桁",
		"\n"
		"1 Birth date, 6 digits: year, month, day as printed, "
		"2 digits each (平成2年4月1日=020401, 1990-04-01=900401)\n"
		"2 Year the CARD expires, 4 digits "
		"(not the electronic certificate)\n"
		"3 Security code under the photo, 4 digits" },
	[SAY_ALSO_FACE_A] = {
		"照合番号Aは、マイナンバー（個人番号）と同じ番号です。"
		"入力した番号は、カードの中での照合だけに使います。",
		" It is the same as your My Number (個人番号); what you type "
		"here is only compared inside the card." },

	/* ---- what a miss costs ---- */
	[SAY_COST_ATTRIBUTES] = {
		"あと{n}回間違えるとロックがかかります。"
		"ロック解除には、市区町村窓口で手続きが必要です。",
		"{entries} will lock it. "
		"Only a municipal office can unlock it." },
	[SAY_COST_CERTIFICATE] = {
		"あと{n}回間違えるとロックがかかります。"
		"ロック解除には、市区町村窓口で手続きが必要です。",
		"{entries} will lock it. "
		"Unlocking needs a visit to a municipal office." },
	/* How a locked number is reset has no source. */
	[SAY_COST_FACE] = {
		"あと{n}回間違えるとロックがかかります。"
		"その場合は市区町村窓口へご相談ください。",
		"{entries} will lock it; then ask your municipal office." },

	/* Where it is unlocked has no source. */
	[SAY_COST_PHONE] = {
		"あと{n}回間違えるとロックがかかります。",
		"{entries} will lock it." },

	/* ---- what went wrong ---- */
	[SAY_WRONG] = {
		"暗証番号が違います。残り{n}回です。",
		"Wrong PIN. {tries} left." },
	[SAY_FORMAT_4_DIGITS] = {
		"暗証番号は数字4桁です。もう一度入力してください。"
		"残り回数は減っていません。",
		"The PIN is 4 digits. Please type it again. "
		"No try was used." },
	[SAY_FORMAT_PASSWORD] = {
		"暗証番号は、英字と数字の両方を使った6～16桁です。"
		"もう一度入力してください。残り回数は減っていません。",
		"The password is 6-16 characters, with both letters and "
		"digits. Please type it again. No try was used." },
	[SAY_FORMAT_FACE_B] = {
		"照合番号Bは数字14桁です。もう一度入力してください。"
		"残り回数は減っていません。",
		"Verification Number B is 14 digits. Please type it again. "
		"No try was used." },
	[SAY_FORMAT_FACE_A] = {
		"照合番号Aは数字12桁です。もう一度入力してください。"
		"残り回数は減っていません。",
		"Verification Number A is 12 digits. Please type it again. "
		"No try was used." },

	/* ---- a lock ---- */
	[SAY_IF_LOCKED] = {
		"ロックがかかると、市区町村窓口で手続きをするまで、"
		"この暗証番号を使うサービスは利用できません。",
		"Once locked, nothing that needs it works until you visit a "
		"municipal office." },
	[SAY_IF_LOCKED_FACE] = {
		"ロックがかかると、この番号を使うサービスは利用できません。"
		"その場合は市区町村窓口へご相談ください。",
		"Once locked, nothing that needs it works; then ask your "
		"municipal office." },
	[SAY_IF_LOCKED_PHONE] = {
		"ロックがかかると、この暗証番号を使うサービスは利用できません。",
		"Once locked, nothing that needs it works." },
	/* After how many it locks is not published for every PIN. */
	[SAY_TIMES_KNOWN] = { "{max}回間違えた", "{max} times" },
	[SAY_TIMES_UNKNOWN] = { "間違いが続いた", "too often" },
	[SAY_UNLOCK] = {
		"ロック解除には、住民票のある市区町村の窓口で手続きが必要です"
		"（カードと本人確認書類をお持ちください）。",
		"To unlock it, take the card and an identity document to the "
		"office of the municipality where you are registered." },
	[SAY_UNLOCK_FACE] = {
		"住民票のある市区町村の窓口へご相談ください"
		"（カードと本人確認書類をお持ちください）。",
		"Ask the office of the municipality where you are registered, "
		"and take the card and an identity document." },

	[SAY_UNLOCK_PHONE] = {
		"解除の方法は、スマートフォン用電子証明書の案内をご覧ください。",
		"How to unlock it is said where the phone's certificate was "
		"applied for." },

	/* ---- the PINs' names ---- */
	[SAY_PIN_AUTH] = {
		"利用者証明用電子証明書の暗証番号（数字4桁）",
		"PIN for user authentication (利用者証明用)" },
	[SAY_PIN_SIGN] = {
		"署名用電子証明書の暗証番号（英数字6～16桁）",
		"Password for digital signature (署名用)" },
	[SAY_PIN_AUTH_PHONE] = {
		"スマートフォン用の利用者証明用電子証明書の暗証番号（数字4桁）",
		"PIN of the phone's user authentication certificate "
		"(利用者証明用)" },
	[SAY_PIN_SIGN_PHONE] = {
		"スマートフォン用の署名用電子証明書の暗証番号（英数字6～16桁）",
		"Password of the phone's digital signature certificate "
		"(署名用)" },
	[SAY_PIN_ATTRIBUTES] = {
		"券面事項入力補助用の暗証番号（数字4桁）",
		"PIN for card information input (券面事項入力補助用)" },
	[SAY_PIN_FACE_B] = {
		"照合番号B（数字14桁）",
		"Verification Number B (照合番号B, 14 digits)" },
	[SAY_PIN_FACE_A] = {
		"照合番号A（数字12桁）",
		"Verification Number A (照合番号A, 12 digits)" },
};
/* clang-format on */
