#include "texts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- the sentences ---------------------------------------------------- */

enum say {
	SAY_NOTHING,
	SAY_TITLE,
	SAY_TITLE_STEPS,
	SAY_LABEL,
	SAY_LABEL_YES,
	SAY_OK,
	SAY_CANCEL,
	SAY_NEXT,
	SAY_USE_IT,
	SAY_STOP,
	SAY_CLOSE,
	SAY_HEAD_NAMED,
	SAY_HEAD_NAMELESS,
	SAY_HEAD_LOCAL,
	SAY_PURPOSE_SITE,
	SAY_PURPOSE_LOCAL,
	SAY_THIS_SITE,
	SAY_THIS_LOCAL,
	SAY_WHO_NAMED,
	SAY_WHO_NAMELESS,
	SAY_WHO_LOCAL,
	SAY_WRONG,
	SAY_ENTRY,
	SAY_ENTRY_PURPOSE,
	SAY_LAST_TRY,
	SAY_LAST_TRY_ASK,
	SAY_LAST_TRY_TYPE,
	SAY_BLOCKED,
	SAY_TIMES_KNOWN,
	SAY_TIMES_UNKNOWN,
	SAY_ASK_ATTRIBUTES,
	SAY_TYPE_ATTRIBUTES,
	SAY_FORMAT_4_DIGITS,
	SAY_PIN_AUTH,
	SAY_PIN_SIGN,
	SAY_PIN_ATTRIBUTES,
	SAY_PIN_FACE_B,
	SAY_PIN_FACE_A,
	SAY_N
};

/*
 * In braces: what the request fills in, see fillings[] below.
 *   {head}  who asks, and the site's own words where they fit
 *   {This}  this site or program, beginning a sentence; {who}: inside one
 *   {last_try} the last try's sentences before the question
 *   {ask}   what is asked for; {type}: what to type and what it may cost
 *   {n}     tries left; {entries}, {tries}: with their English noun
 *   {times} how often the PIN was typed wrongly; {max}: as a number
 */
/* clang-format off */
static const char *const sentences[SAY_N][LANG_N] = {
	[SAY_NOTHING] = { "", "" },
	[SAY_TITLE] = {
		"マイナンバーカードの読み取り",
		"My Number Card" },
	[SAY_TITLE_STEPS] = {
		"マイナンバーカードの読み取り（{step}/{steps}）",
		"My Number Card ({step}/{steps})" },
	[SAY_LABEL] = { "暗証番号:", "PIN:" },
	[SAY_LABEL_YES] = { "確認:", "Confirm:" },
	[SAY_OK] = { "OK", "OK" },
	[SAY_CANCEL] = { "キャンセル", "Cancel" },
	[SAY_NEXT] = { "次へ", "Next" },
	[SAY_USE_IT] = { "最後の1回を使う", "Use it" },
	[SAY_STOP] = { "やめる", "Stop" },
	[SAY_CLOSE] = { "閉じる", "Close" },

	[SAY_HEAD_NAMED] = {
		"「{name}」\n{origin}\n",
		"\"{name}\"\n{origin}\n" },
	[SAY_HEAD_NAMELESS] = { "{origin}\n", "{origin}\n" },
	[SAY_HEAD_LOCAL] = {
		"このパソコンのプログラム（利用者 {user}）\n",
		"A program on this computer (user {user})\n" },
	[SAY_PURPOSE_SITE] = {
		"サイトの説明：「{purpose}」\n",
		"The site says: \"{purpose}\"\n" },
	[SAY_PURPOSE_LOCAL] = {
		"プログラムの説明：「{purpose}」\n",
		"The program says: \"{purpose}\"\n" },
	[SAY_THIS_SITE] = { "このサイト", "This site" },
	[SAY_THIS_LOCAL] = { "このプログラム", "This program" },
	[SAY_WHO_NAMED] = { "「{name}」", "\"{name}\"" },
	[SAY_WHO_NAMELESS] = { "{origin}", "{origin}" },
	[SAY_WHO_LOCAL] = { "このプログラム", "this program" },

	[SAY_WRONG] = {
		"暗証番号が違います。残り{n}回です。",
		"Wrong PIN. {tries} left." },
	[SAY_ENTRY] = { "{head}\n{ask}\n\n{type}", "{head}\n{ask}\n\n{type}" },
	/* The site's own words do not fit beside the rest: this comes first. */
	[SAY_ENTRY_PURPOSE] = {
		"{head}\n"
		"次の画面で暗証番号をおたずねします。"
		"心当たりがなければ「キャンセル」を押してください。",
		"{head}\n"
		"The next window asks for the PIN. "
		"If you did not start this, press Cancel." },
	[SAY_LAST_TRY] = {
		"【残り1回】次に間違えるとロックがかかります。\n"
		"\n"
		"{head}\n"
		"対象：{pin}\n"
		"ロックがかかると、市区町村窓口で手続きをするまで、"
		"この暗証番号を使うサービスは利用できません。\n"
		"少しでも自信がなければ「やめる」を押してください。"
		"やめても残り1回のままです。\n"
		"\n",
		"LAST TRY: one more wrong entry locks this PIN.\n"
		"\n"
		"{head}\n"
		"Which: {pin}.\n"
		"Once locked, nothing that needs it works until you visit a "
		"municipal office.\n"
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
		"ロック解除には、住民票のある市区町村の窓口で手続きが必要です"
		"（カードと本人確認書類をお持ちください）。\n"
		"\n"
		"{who}には何も渡していません。",
		"This PIN is locked.\n"
		"\n"
		"Which: {pin}.\n"
		"It was typed wrongly {times}. Waiting does not unlock it.\n"
		"To unlock it, take the card and an identity document to the "
		"office of the municipality where you are registered.\n"
		"\n"
		"Nothing was given to {who}." },
	/* After how many it locks is not published for every PIN. */
	[SAY_TIMES_KNOWN] = { "{max}回間違えた", "{max} times" },
	[SAY_TIMES_UNKNOWN] = { "間違いが続いた", "too often" },

	[SAY_ASK_ATTRIBUTES] = {
		"{This}が、カードの氏名・住所・生年月日・性別の読み取りを"
		"求めています。"
		"心当たりがなければ「キャンセル」を押してください。",
		"{This} asks to read the name, address, date of birth and sex "
		"from your My Number Card. "
		"If you did not start this, press Cancel." },
	[SAY_TYPE_ATTRIBUTES] = {
		"数字4桁の暗証番号（券面事項入力補助用パスワード）を入力し、"
		"「OK」を押してください。\n"
		"あと{n}回間違えるとロックがかかります。"
		"ロック解除には、市区町村窓口で手続きが必要です。",
		"Type the 4-digit PIN for card information input "
		"(券面事項入力補助用) and press OK.\n"
		"{entries} will lock it. "
		"Only a municipal office can unlock it." },
	[SAY_FORMAT_4_DIGITS] = {
		"暗証番号は数字4桁です。もう一度入力してください。"
		"残り回数は減っていません。",
		"The PIN is 4 digits. Please type it again. "
		"No try was used." },

	[SAY_PIN_AUTH] = {
		"利用者証明用電子証明書の暗証番号（数字4桁）",
		"PIN for user authentication (利用者証明用)" },
	[SAY_PIN_SIGN] = {
		"署名用電子証明書の暗証番号（英数字6～16桁）",
		"Password for digital signature (署名用)" },
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

/* What is asked for with a PIN. */
static const struct entry {
	enum kenmen_pin pin;
	uint32_t kinds; /* all that this PIN opens for this read */
	enum say ask, type;
} entries[] = {
	{ KENMEN_PIN_ATTRIBUTES, KIND_BIT(KIND_ATTRIBUTES),
	  SAY_ASK_ATTRIBUTES, SAY_TYPE_ATTRIBUTES },
};

static const struct {
	enum say name;
	enum say format; /* input that is not of this PIN's form */
} pins[KENMEN_PIN_N] = {
	[KENMEN_PIN_AUTH]       = { SAY_PIN_AUTH,       SAY_FORMAT_4_DIGITS },
	[KENMEN_PIN_SIGN]       = { SAY_PIN_SIGN,       SAY_NOTHING },
	[KENMEN_PIN_ATTRIBUTES] = { SAY_PIN_ATTRIBUTES, SAY_FORMAT_4_DIGITS },
	[KENMEN_PIN_FACE_B]     = { SAY_PIN_FACE_B,     SAY_NOTHING },
	[KENMEN_PIN_FACE_A]     = { SAY_PIN_FACE_A,     SAY_NOTHING },
};

/* Who asks, in its four forms. */
enum asker { ASKER_NAMED, ASKER_NAMELESS, ASKER_LOCAL, ASKER_N };
static const struct {
	enum say head, purpose, this, who;
} askers[ASKER_N] = {
	[ASKER_NAMED]    = { SAY_HEAD_NAMED,    SAY_PURPOSE_SITE,
	                     SAY_THIS_SITE,     SAY_WHO_NAMED },
	[ASKER_NAMELESS] = { SAY_HEAD_NAMELESS, SAY_PURPOSE_SITE,
	                     SAY_THIS_SITE,     SAY_WHO_NAMELESS },
	[ASKER_LOCAL]    = { SAY_HEAD_LOCAL,    SAY_PURPOSE_LOCAL,
	                     SAY_THIS_LOCAL,    SAY_WHO_LOCAL },
};

/* Which sentences a window is made of. */
struct window {
	enum say description, error, label, ok, cancel, dismiss;
};
static const struct window window_purpose = {
	SAY_ENTRY_PURPOSE, SAY_NOTHING, SAY_NOTHING, SAY_NEXT, SAY_CANCEL,
	SAY_NOTHING
};
static const struct window window_typed_yes = {
	SAY_LAST_TRY_TYPE, SAY_NOTHING, SAY_LABEL_YES, SAY_USE_IT, SAY_STOP,
	SAY_NOTHING
};
static const struct window windows[PROMPT_N] = {
	[PROMPT_PIN]      = { SAY_ENTRY,    SAY_NOTHING, SAY_LABEL,
	                      SAY_OK,       SAY_CANCEL,  SAY_NOTHING },
	[PROMPT_LAST_TRY] = { SAY_LAST_TRY_ASK, SAY_NOTHING, SAY_NOTHING,
	                      SAY_USE_IT,   SAY_STOP,    SAY_CANCEL },
	[PROMPT_BLOCKED]  = { SAY_BLOCKED,  SAY_NOTHING, SAY_NOTHING,
	                      SAY_CLOSE,    SAY_NOTHING, SAY_NOTHING },
};
/* clang-format on */

/* ---- filling them in -------------------------------------------------- */

/* Grows to the right, escaped; remembers that something did not fit. */
struct line {
	char *buf;
	size_t room; /* with the NUL */
	size_t len;
	bool failed;
};

static void
line_start(struct line *l, char *buf, size_t room)
{
	*l = (struct line){ .buf = buf, .room = room };
	buf[0] = '\0';
}

static void
line_add(struct line *l, const char *bytes, size_t len)
{
	if (l->failed || len >= l->room - l->len) {
		l->failed = true;
		return;
	}
	memcpy(l->buf + l->len, bytes, len);
	l->len += len;
	l->buf[l->len] = '\0';
}

static void
line_escape(struct line *l, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		switch (text[i]) {
		case '%':
			line_add(l, "%25", 3);
			break;
		case '\n':
			line_add(l, "%0A", 3);
			break;
		case '\r':
			line_add(l, "%0D", 3);
			break;
		default:
			line_add(l, &text[i], 1);
		}
}

/* What a sentence is filled in from: the request, with or without purpose. */
struct filling {
	const struct prompt_request *request;
	bool with_purpose;
};

static void line_say(struct line *l, const struct filling *f, enum say say);

static void
line_text(struct line *l, const char *text)
{
	line_escape(l, text, strlen(text));
}

static void
line_number(struct line *l, unsigned n)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", n);
	line_text(l, digits);
}

/* "1 try", "2 tries" */
static void
line_counted(struct line *l, unsigned n, const char *one, const char *many)
{
	line_number(l, n);
	line_text(l, n == 1 ? one : many);
}

static enum asker
asker_of(const struct prompt_request *request)
{
	if (!request->origin[0])
		return ASKER_LOCAL;
	return request->origin_name[0] ? ASKER_NAMED : ASKER_NAMELESS;
}

static const struct entry *
entry_find(const struct prompt_request *request)
{
	/* card_info comes along with anything and asks for nothing. */
	uint32_t kinds = request->kinds & ~KIND_BIT(KIND_CARD_INFO);

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (entries[i].pin == request->pin && entries[i].kinds == kinds)
			return &entries[i];
	return NULL;
}

static void
fill_head(struct line *l, const struct filling *f)
{
	enum asker asker = asker_of(f->request);

	line_say(l, f, askers[asker].head);
	if (f->with_purpose && f->request->purpose[0])
		line_say(l, f, askers[asker].purpose);
}

static void
fill_this(struct line *l, const struct filling *f)
{
	line_say(l, f, askers[asker_of(f->request)].this);
}

static void
fill_who(struct line *l, const struct filling *f)
{
	line_say(l, f, askers[asker_of(f->request)].who);
}

static void
fill_name(struct line *l, const struct filling *f)
{
	line_text(l, f->request->origin_name);
}

static void
fill_origin(struct line *l, const struct filling *f)
{
	line_text(l, f->request->origin);
}

static void
fill_user(struct line *l, const struct filling *f)
{
	line_text(l, f->request->user);
}

static void
fill_purpose(struct line *l, const struct filling *f)
{
	line_text(l, f->request->purpose);
}

/* Windows that say {ask} and {type} are not built without an entry. */
static void
fill_ask(struct line *l, const struct filling *f)
{
	line_say(l, f, entry_find(f->request)->ask);
}

static void
fill_type(struct line *l, const struct filling *f)
{
	line_say(l, f, entry_find(f->request)->type);
}

static void
fill_last_try(struct line *l, const struct filling *f)
{
	line_say(l, f, SAY_LAST_TRY);
}

static void
fill_pin(struct line *l, const struct filling *f)
{
	line_say(l, f, pins[f->request->pin].name);
}

static void
fill_n(struct line *l, const struct filling *f)
{
	line_number(l, f->request->tries);
}

static void
fill_entries(struct line *l, const struct filling *f)
{
	line_counted(
	    l, f->request->tries, " more wrong entry", " more wrong entries");
}

static void
fill_tries(struct line *l, const struct filling *f)
{
	line_counted(l, f->request->tries, " try", " tries");
}

static void
fill_times(struct line *l, const struct filling *f)
{
	line_say(
	    l, f, f->request->max_tries ? SAY_TIMES_KNOWN : SAY_TIMES_UNKNOWN);
}

static void
fill_max(struct line *l, const struct filling *f)
{
	line_number(l, f->request->max_tries);
}

static void
fill_step(struct line *l, const struct filling *f)
{
	line_number(l, f->request->step);
}

static void
fill_steps(struct line *l, const struct filling *f)
{
	line_number(l, f->request->steps);
}

/* clang-format off */
static const struct {
	const char *name;
	void (*fill)(struct line *l, const struct filling *f);
} fillings[] = {
	{ "{head}",     fill_head },
	{ "{This}",     fill_this },
	{ "{who}",      fill_who },
	{ "{name}",     fill_name },
	{ "{origin}",   fill_origin },
	{ "{user}",     fill_user },
	{ "{purpose}",  fill_purpose },
	{ "{ask}",      fill_ask },
	{ "{type}",     fill_type },
	{ "{last_try}", fill_last_try },
	{ "{pin}",      fill_pin },
	{ "{n}",        fill_n },
	{ "{entries}",  fill_entries },
	{ "{tries}",    fill_tries },
	{ "{times}",    fill_times },
	{ "{max}",      fill_max },
	{ "{step}",     fill_step },
	{ "{steps}",    fill_steps },
};
/* clang-format on */

/* Fills in the brace at text; returns the length of its name. */
static size_t
line_fill(struct line *l, const struct filling *f, const char *text)
{
	for (size_t i = 0; i < sizeof(fillings) / sizeof(fillings[0]); i++) {
		size_t len = strlen(fillings[i].name);

		if (strncmp(text, fillings[i].name, len) == 0) {
			fillings[i].fill(l, f);
			return len;
		}
	}
	l->failed = true; /* our own mistake in a sentence above */
	return 1;
}

static void
line_say(struct line *l, const struct filling *f, enum say say)
{
	const char *at = sentences[say][f->request->lang];
	size_t plain;

	while (*at) {
		plain = strcspn(at, "{");
		line_escape(l, at, plain);
		at += plain;
		if (*at)
			at += line_fill(l, f, at);
	}
}

/* ---- the windows ------------------------------------------------------ */

static enum say
error_of(const struct prompt_request *request)
{
	switch (request->note) {
	case NOTE_WRONG:
		return SAY_WRONG;
	case NOTE_FORMAT:
		return pins[request->pin].format;
	case NOTE_NONE:
	case NOTE_N:
		break;
	}
	return SAY_NOTHING;
}

static bool
say(const struct filling *f, enum say say, char *buf, size_t room)
{
	struct line l;

	line_start(&l, buf, room);
	line_say(&l, f, say);
	return !l.failed;
}

static int
window_say(const struct filling *f, const struct window *w, struct texts *ret)
{
	enum say heading = f->request->steps > 1 ? SAY_TITLE_STEPS : SAY_TITLE;
	bool fits = say(f, heading, ret->title, sizeof(ret->title)) &&
		    say(f, w->description, ret->description,
			sizeof(ret->description)) &&
		    say(f, w->error, ret->error, sizeof(ret->error)) &&
		    say(f, w->label, ret->prompt, sizeof(ret->prompt)) &&
		    say(f, w->ok, ret->ok, sizeof(ret->ok)) &&
		    say(f, w->cancel, ret->cancel, sizeof(ret->cancel)) &&
		    say(f, w->dismiss, ret->dismiss, sizeof(ret->dismiss));

	return fits ? 1 : -EMSGSIZE;
}

static int
main_say(
    const struct prompt_request *request, bool with_purpose, struct texts *ret)
{
	struct filling f = { request, with_purpose };
	struct window w = windows[request->type];

	if (request->type == PROMPT_PIN) {
		if (!entry_find(request))
			return -ENOTSUP;
		w.error = error_of(request);
	}
	return window_say(&f, &w, ret);
}

static int
purpose_say(const struct prompt_request *request, struct texts *ret)
{
	struct filling f = { request, true };

	return window_say(&f, &window_purpose, ret);
}

int
texts_build(const struct prompt_request *request, enum texts_page page,
    struct texts *ret)
{
	/* The yes and the lock do without the site's own words: these stand
	 * in the window where something is given to the site. */
	bool has_purpose = request->type == PROMPT_PIN && request->purpose[0];
	int r = main_say(request, has_purpose, ret);
	bool apart = has_purpose && r == -EMSGSIZE;

	switch (page) {
	case PAGE_PURPOSE:
		if (apart)
			return purpose_say(request, ret);
		return r < 0 ? r : 0;
	case PAGE_MAIN:
		return apart ? main_say(request, false, ret) : r;
	case PAGE_N:
		break;
	}
	return -ENOTSUP;
}

int
texts_build_typed_yes(const struct prompt_request *request, struct texts *ret)
{
	struct filling f = { request, false };

	if (request->type != PROMPT_LAST_TRY)
		return -ENOTSUP;
	return window_say(&f, &window_typed_yes, ret);
}
