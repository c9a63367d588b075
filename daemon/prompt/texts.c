#include "texts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sentences.h"
#include "wrap.h"

/* ---- which sentences -------------------------------------------------- */

/* clang-format off */
/* What is asked for with a PIN. */
static const struct entry {
	enum kenmen_pin pin;
	uint32_t kinds; /* all that this PIN opens for this read */
	enum say ask;
} entries[] = {
	{ KENMEN_PIN_AUTH,       KIND_BIT(KIND_AUTHENTICATE),
	  SAY_ASK_LOGIN },
	{ KENMEN_PIN_AUTH,       KIND_BIT(KIND_CERTIFICATE),
	  SAY_ASK_LOGIN_CERTIFICATE },
	{ KENMEN_PIN_ATTRIBUTES, KIND_BIT(KIND_ATTRIBUTES),
	  SAY_ASK_ATTRIBUTES },
	{ KENMEN_PIN_ATTRIBUTES, KIND_BIT(KIND_MY_NUMBER),
	  SAY_ASK_MY_NUMBER },
	{ KENMEN_PIN_ATTRIBUTES,
	  KIND_BIT(KIND_ATTRIBUTES) | KIND_BIT(KIND_MY_NUMBER),
	  SAY_ASK_ATTRIBUTES_AND_MY_NUMBER },
	{ KENMEN_PIN_SIGN,       KIND_BIT(KIND_SIGN),
	  SAY_ASK_SIGNATURE },
	/* What the certificate tells is said with a signature anyway. */
	{ KENMEN_PIN_SIGN,       KIND_BIT(KIND_SIGN) |
	                         KIND_BIT(KIND_CERTIFICATE),
	  SAY_ASK_SIGNATURE },
	{ KENMEN_PIN_SIGN,       KIND_BIT(KIND_CERTIFICATE),
	  SAY_ASK_SIGNATURE_CERTIFICATE },
	{ KENMEN_PIN_FACE_B,     KIND_BIT(KIND_FACE), SAY_ASK_FACE },
	{ KENMEN_PIN_FACE_A,     KIND_BIT(KIND_FACE), SAY_ASK_FACE },
};

struct pin_words {
	enum say name, label;
	enum say what, also; /* is to be typed */
	enum say format;     /* input that is not of this PIN's form */
	enum say cost, if_locked, unlock;
	bool digits; /* what a reader's keys can type */
};
static const struct pin_words pins[KENMEN_PIN_N] = {
	[KENMEN_PIN_AUTH] = {
		SAY_PIN_AUTH,         SAY_LABEL_PIN,
		SAY_TYPE_AUTH,        SAY_NOTHING,
		SAY_FORMAT_4_DIGITS,
		SAY_COST_CERTIFICATE, SAY_IF_LOCKED,      SAY_UNLOCK, true },
	[KENMEN_PIN_SIGN] = {
		SAY_PIN_SIGN,         SAY_LABEL_PASSWORD,
		SAY_TYPE_SIGN,        SAY_ALSO_SIGN,
		SAY_FORMAT_PASSWORD,
		SAY_COST_CERTIFICATE, SAY_IF_LOCKED,      SAY_UNLOCK, false },
	[KENMEN_PIN_ATTRIBUTES] = {
		SAY_PIN_ATTRIBUTES,   SAY_LABEL_PIN,
		SAY_TYPE_ATTRIBUTES,  SAY_NOTHING,
		SAY_FORMAT_4_DIGITS,
		SAY_COST_ATTRIBUTES,  SAY_IF_LOCKED,      SAY_UNLOCK, true },
	[KENMEN_PIN_FACE_B] = {
		SAY_PIN_FACE_B,       SAY_LABEL_FACE_B,
		SAY_TYPE_FACE_B,      SAY_ALSO_FACE_B,
		SAY_FORMAT_FACE_B,
		SAY_COST_FACE,        SAY_IF_LOCKED_FACE, SAY_UNLOCK_FACE, true },
	[KENMEN_PIN_FACE_A] = {
		SAY_PIN_FACE_A,       SAY_LABEL_FACE_A,
		SAY_TYPE_FACE_A,      SAY_ALSO_FACE_A,
		SAY_FORMAT_FACE_A,
		SAY_COST_FACE,        SAY_IF_LOCKED_FACE, SAY_UNLOCK_FACE, true },
};

/* A phone's certificates have PINs of their own. How one is unlocked is not
 * said: the municipal office it is not. */
static const struct pin_words phone_pins[KENMEN_PIN_N] = {
	[KENMEN_PIN_AUTH] = {
		SAY_PIN_AUTH_PHONE,   SAY_LABEL_PIN,
		SAY_TYPE_AUTH_PHONE,  SAY_ALSO_PHONE,
		SAY_FORMAT_4_DIGITS,
		SAY_COST_PHONE,       SAY_IF_LOCKED_PHONE, SAY_UNLOCK_PHONE,
		true },
	[KENMEN_PIN_SIGN] = {
		SAY_PIN_SIGN_PHONE,   SAY_LABEL_PASSWORD,
		SAY_TYPE_SIGN_PHONE,  SAY_ALSO_SIGN_PHONE,
		SAY_FORMAT_PASSWORD,
		SAY_COST_PHONE,       SAY_IF_LOCKED_PHONE, SAY_UNLOCK_PHONE,
		false },
};

/* Who asks, in its four forms. */
enum asker { ASKER_NAMED, ASKER_NAMELESS, ASKER_LOCAL, ASKER_N };
static const struct {
	enum say head, site, who;
} askers[ASKER_N] = {
	[ASKER_NAMED]    = { SAY_HEAD_NAMED,    SAY_SITE,    SAY_WHO_NAMED },
	[ASKER_NAMELESS] = { SAY_HEAD_NAMELESS, SAY_SITE,    SAY_WHO_NAMELESS },
	[ASKER_LOCAL]    = { SAY_HEAD_LOCAL,    SAY_PROGRAM, SAY_WHO_LOCAL },
};

/* Which sentences a window is made of. */
struct window {
	enum say description;
	enum say typed; /* instead, where the yes is typed */
	enum say ok, cancel, dismiss;
	enum say before; /* of the window with the site's own words, if any */
};
static const struct window windows[PROMPT_N] = {
	[PROMPT_PIN]      = { SAY_ENTRY,        SAY_NOTHING,
	                      SAY_OK,           SAY_CANCEL, SAY_NOTHING,
	                      SAY_BEFORE_ENTRY },
	[PROMPT_LAST_TRY] = { SAY_LAST_TRY_ASK, SAY_LAST_TRY_TYPE,
	                      SAY_USE_IT,       SAY_STOP,   SAY_CANCEL,
	                      SAY_NOTHING },
	[PROMPT_CONSENT]  = { SAY_CONSENT_ASK,  SAY_CONSENT_TYPE,
	                      SAY_GIVE,         SAY_REFUSE, SAY_CANCEL,
	                      SAY_BEFORE_CONSENT },
	/* The one button of a message; both, where there must be two. */
	[PROMPT_PINPAD]   = { SAY_PINPAD,       SAY_NOTHING,
	                      SAY_CANCEL,       SAY_STOP,   SAY_NOTHING,
	                      SAY_BEFORE_PINPAD },
	[PROMPT_BLOCKED]  = { SAY_BLOCKED,      SAY_NOTHING,
	                      SAY_CLOSE,        SAY_NOTHING, SAY_NOTHING,
	                      SAY_NOTHING },
};
static const struct window window_words = {
	SAY_WORDS, SAY_NOTHING, SAY_NEXT, SAY_CANCEL, SAY_NOTHING, SAY_NOTHING
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

/* What a sentence is filled in from. */
struct filling {
	const struct prompt_request *request;
	bool with_words; /* the site's own stand in this window */
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

static const struct pin_words *
words_of(const struct prompt_request *request)
{
	const struct pin_words *phone = &phone_pins[request->pin];

	return token_is_phone(request->token) && phone->name != SAY_NOTHING
		   ? phone
		   : &pins[request->pin];
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

static enum say
miss_of(const struct prompt_request *request)
{
	switch (request->note) {
	case NOTE_WRONG:
		return SAY_WRONG;
	case NOTE_FORMAT:
		return words_of(request)->format;
	case NOTE_NONE:
	case NOTE_N:
		break;
	}
	return SAY_NOTHING;
}

static void
fill_head(struct line *l, const struct filling *f)
{
	line_say(l, f, askers[asker_of(f->request)].head);
	if (f->with_words && f->request->purpose[0])
		line_say(l, f, SAY_PURPOSE);
	if (f->with_words && f->request->titles[0])
		line_say(l, f, SAY_TITLES);
}

static void
fill_site(struct line *l, const struct filling *f)
{
	line_say(l, f, askers[asker_of(f->request)].site);
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

static void
fill_titles(struct line *l, const struct filling *f)
{
	line_text(l, f->request->titles);
}

static void
fill_more(struct line *l, const struct filling *f)
{
	if (f->request->titles_more)
		line_say(l, f, SAY_TITLES_MORE);
}

static void
fill_m(struct line *l, const struct filling *f)
{
	line_number(l, f->request->titles_more);
}

static void
fill_before(struct line *l, const struct filling *f)
{
	line_say(l, f, windows[f->request->type].before);
}

/* Windows that say {ask} are not built without an entry. */
static void
fill_ask(struct line *l, const struct filling *f)
{
	line_say(l, f, entry_find(f->request)->ask);
}

static void
fill_law(struct line *l, const struct filling *f)
{
	line_say(l, f, SAY_LAW);
}

static void
fill_k(struct line *l, const struct filling *f)
{
	line_number(l, f->request->documents);
}

static void
fill_documents(struct line *l, const struct filling *f)
{
	line_counted(l, f->request->documents, " document", " documents");
}

static void
fill_check(struct line *l, const struct filling *f)
{
	line_say(
	    l, f, f->request->documents == 1 ? SAY_CHECK_ONE : SAY_CHECK_MANY);
}

static void
fill_type(struct line *l, const struct filling *f)
{
	line_say(l, f,
	    f->request->type == PROMPT_PINPAD ? SAY_TYPE_ON_READER : SAY_TYPE);
}

static void
fill_what(struct line *l, const struct filling *f)
{
	line_say(l, f, words_of(f->request)->what);
}

/* Only the reader's own key ends its waiting. Beside the law, and what a face
 * takes, there is no room to say so. */
static bool
says_how_to_stop(const struct prompt_request *request)
{
	return request->type == PROMPT_PINPAD &&
	       words_of(request)->also == SAY_NOTHING &&
	       !(request->kinds & KIND_BIT(KIND_MY_NUMBER));
}

static void
fill_also(struct line *l, const struct filling *f)
{
	line_say(l, f,
	    says_how_to_stop(f->request) ? SAY_ALSO_PINPAD
					 : words_of(f->request)->also);
}

static void
fill_cost(struct line *l, const struct filling *f)
{
	line_say(l, f, words_of(f->request)->cost);
}

static void
fill_miss(struct line *l, const struct filling *f)
{
	if (miss_of(f->request) == SAY_NOTHING)
		return;
	line_say(l, f, miss_of(f->request));
	line_text(l, "\n\n");
}

static void
fill_seconds(struct line *l, const struct filling *f)
{
	line_number(l, f->request->timeout_ms / 1000);
}

static void
fill_consent(struct line *l, const struct filling *f)
{
	line_say(l, f, SAY_CONSENT);
}

static void
fill_last_try(struct line *l, const struct filling *f)
{
	line_say(l, f, SAY_LAST_TRY);
}

static void
fill_if_locked(struct line *l, const struct filling *f)
{
	line_say(l, f, words_of(f->request)->if_locked);
}

static void
fill_unlock(struct line *l, const struct filling *f)
{
	line_say(l, f, words_of(f->request)->unlock);
}

static void
fill_pin(struct line *l, const struct filling *f)
{
	line_say(l, f, words_of(f->request)->name);
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
	{ "{head}",      fill_head },
	{ "{site}",      fill_site },
	{ "{who}",       fill_who },
	{ "{name}",      fill_name },
	{ "{origin}",    fill_origin },
	{ "{user}",      fill_user },
	{ "{purpose}",   fill_purpose },
	{ "{titles}",    fill_titles },
	{ "{more}",      fill_more },
	{ "{m}",         fill_m },
	{ "{before}",    fill_before },
	{ "{ask}",       fill_ask },
	{ "{law}",       fill_law },
	{ "{k}",         fill_k },
	{ "{documents}", fill_documents },
	{ "{check}",     fill_check },
	{ "{type}",      fill_type },
	{ "{what}",      fill_what },
	{ "{also}",      fill_also },
	{ "{cost}",      fill_cost },
	{ "{miss}",      fill_miss },
	{ "{seconds}",   fill_seconds },
	{ "{consent}",   fill_consent },
	{ "{last_try}",  fill_last_try },
	{ "{if_locked}", fill_if_locked },
	{ "{unlock}",    fill_unlock },
	{ "{pin}",       fill_pin },
	{ "{n}",         fill_n },
	{ "{entries}",   fill_entries },
	{ "{tries}",     fill_tries },
	{ "{times}",     fill_times },
	{ "{max}",       fill_max },
	{ "{step}",      fill_step },
	{ "{steps}",     fill_steps },
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

static bool
say(const struct filling *f, enum say say, char *buf, size_t room)
{
	struct line l;

	line_start(&l, buf, room);
	line_say(&l, f, say);
	return !l.failed;
}

/* 1 or -EMSGSIZE. */
static int
window_say(const struct filling *f, const struct window *w, struct texts *ret)
{
	const struct prompt_request *request = f->request;
	enum say title = request->steps > 1 ? SAY_TITLE_STEPS : SAY_TITLE;
	bool entry = w->description == SAY_ENTRY;
	enum say error = entry ? miss_of(request) : SAY_NOTHING;
	enum say label = entry ? words_of(request)->label : SAY_NOTHING;
	bool fits = say(f, title, ret->title, sizeof(ret->title)) &&
		    say(f, w->description, ret->description,
			sizeof(ret->description)) &&
		    say(f, error, ret->error, sizeof(ret->error)) &&
		    say(f, label, ret->prompt, sizeof(ret->prompt)) &&
		    say(f, w->ok, ret->ok, sizeof(ret->ok)) &&
		    say(f, w->cancel, ret->cancel, sizeof(ret->cancel)) &&
		    say(f, w->dismiss, ret->dismiss, sizeof(ret->dismiss));

	return fits ? 1 : -EMSGSIZE;
}

/* The same, its question to be answered in an entry. */
static int
window_say_typed(
    const struct filling *f, const struct window *w, struct texts *ret)
{
	int r = window_say(f, w, ret);
	bool fits =
	    say(f, w->typed, ret->description, sizeof(ret->description)) &&
	    say(f, SAY_LABEL_YES, ret->prompt, sizeof(ret->prompt));

	/* One button says no already. */
	ret->dismiss[0] = '\0';
	return fits ? r : -EMSGSIZE;
}

static bool
is_known(const struct prompt_request *request)
{
	switch (request->type) {
	case PROMPT_PIN:
		return entry_find(request);
	case PROMPT_PINPAD:
		return entry_find(request) && words_of(request)->digits;
	case PROMPT_CONSENT:
		return request->pin == KENMEN_PIN_AUTH &&
		       request->kinds == KIND_BIT(KIND_CERTIFICATE);
	case PROMPT_LAST_TRY:
	case PROMPT_BLOCKED:
		return true;
	case PROMPT_CLOSE:
	case PROMPT_PING:
	case PROMPT_ENDED:
	case PROMPT_N:
		break;
	}
	return false;
}

/* The last try and the lock do without the site's own words: these stand in
 * the window where something is given to the site. */
static bool
has_words(const struct prompt_request *request)
{
	return windows[request->type].before != SAY_NOTHING &&
	       (request->purpose[0] || request->titles[0]);
}

static bool
wrap(struct texts *texts)
{
	return wrap_lines(
	    texts->description, sizeof(texts->description), TEXTS_COLUMNS);
}

void
texts_wrap(struct texts *texts)
{
	(void)wrap(texts);
}

/* Whether these fit beside the rest, in each form that the window may take. */
static bool
words_fit(const struct prompt_request *request)
{
	const struct window *w = &windows[request->type];
	const struct filling f = { request, true };
	struct texts texts;

	return window_say(&f, w, &texts) > 0 &&
	       (w->description != SAY_ENTRY || wrap(&texts)) &&
	       (w->typed == SAY_NOTHING || window_say_typed(&f, w, &texts) > 0);
}

int
texts_build(const struct prompt_request *request, enum texts_page page,
    struct texts *ret)
{
	const struct filling with_words = { request, true };
	struct filling f = { request, false };
	bool words;
	int r;

	if (!is_known(request))
		return -ENOTSUP;
	words = has_words(request);
	f.with_words = words && words_fit(request);
	/* No window before one that cannot be shown. */
	r = window_say(&f, &windows[request->type], ret);
	if (r < 0 || page == PAGE_MAIN)
		return r;
	return words && !f.with_words
		   ? window_say(&with_words, &window_words, ret)
		   : 0;
}

int
texts_build_typed_yes(const struct prompt_request *request, struct texts *ret)
{
	const struct window *w = &windows[request->type];
	struct filling f = { request, false };

	if (!is_known(request) || w->typed == SAY_NOTHING)
		return -ENOTSUP;
	f.with_words = has_words(request) && words_fit(request);
	return window_say_typed(&f, w, ret);
}
