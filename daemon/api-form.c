#include "api-form.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base64.h"
#include "reads.h"
#include "utf8.h"

#define WAIT_MAX 30 /* seconds a GET may wait */
#define TITLE_CHARACTERS_MAX 40

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))

/* ---- values ---------------------------------------------------------- */

/* Which of the names 0 to n - 1 is it? -1: none. */
static int
name_find(const cJSON *value, int n, const char *(*name)(int i))
{
	if (!cJSON_IsString(value))
		return -1;
	for (int i = 0; i < n; i++)
		if (strcmp(name(i), value->valuestring) == 0)
			return i;
	return -1;
}

/* The site's words: how many characters, or -1 for those it may not say. */
static int
words_count(const char *text)
{
	const char *end = text + strlen(text);
	int n = 0;

	for (; text < end; n++)
		if (utf8_deceives(utf8_next(&text, end)))
			return -1;
	return n;
}

/* ---- members of POST /v1/sessions ------------------------------------ */

static const char *
lang_at(int i)
{
	return lang_name((enum lang)i);
}

static bool
take_lang(const cJSON *value, struct asked *ret)
{
	int lang = name_find(value, LANG_N, lang_at);

	ret->lang = (enum lang)lang;
	return lang >= 0;
}

static bool
take_takeover(const cJSON *value, struct asked *ret)
{
	ret->takeover = cJSON_IsTrue(value);
	return cJSON_IsBool(value);
}

static const struct member session_members[] = {
	{ "lang", take_lang, " must be \"ja\" or \"en\".",
	    "は\"ja\"か\"en\"にしてください。", 0, 0, false },
	{ "takeover", take_takeover, " must be true or false.",
	    "はtrueかfalseにしてください。", 0, 0, false },
};

/* ---- members of POST /v1/reads --------------------------------------- */

static bool
take_kinds(const cJSON *value, struct asked *ret)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, value)
	{
		int kind;
		if (!cJSON_IsString(item))
			return false;
		kind = kind_from_name(
		    item->valuestring, strlen(item->valuestring));
		if (kind < 0 || (ret->kinds & KIND_BIT(kind)))
			return false;
		ret->kinds |= KIND_BIT(kind);
	}
	return cJSON_IsArray(value) && ret->kinds != 0;
}

static bool
take_reader(const cJSON *value, struct asked *ret)
{
	ret->reader = value->valuestring;
	return cJSON_IsString(value);
}

/* % is sent to the window as %25. */
static bool
take_purpose(const cJSON *value, struct asked *ret)
{
	size_t len;

	if (!cJSON_IsString(value) || words_count(value->valuestring) < 0)
		return false;
	len = strlen(value->valuestring);
	for (const char *p = value->valuestring; *p != '\0'; p++)
		len += *p == '%' ? 2 : 0;
	ret->purpose = value->valuestring;
	return len <= PURPOSE_MAX;
}

static const char *
face_pin_at(int i)
{
	return i == 0 ? "b" : "a";
}

static bool
take_with(const cJSON *value, struct asked *ret)
{
	int with = name_find(value, 2, face_pin_at);

	ret->wish.face_with_a = with == 1;
	return with >= 0;
}

static bool
take_challenge(const cJSON *value, struct asked *ret)
{
	size_t len = 0;

	if (!cJSON_IsString(value) ||
	    !base64_decode(value->valuestring, ret->wish.challenge,
		sizeof(ret->wish.challenge), &len))
		return false;
	ret->wish.challenge_len = (unsigned)len;
	return len >= KENMEN_CHALLENGE_MIN;
}

static const char *
certificate_at(int i)
{
	return certificate_name((enum kenmen_certificate)i);
}

static bool
take_which(const cJSON *value, struct asked *ret)
{
	int which = name_find(value, KENMEN_CERT_N, certificate_at);

	ret->wish.which = (enum kenmen_certificate)which;
	return which >= 0;
}

static const char *
hash_at(int i)
{
	return hash_name((enum kenmen_hash)i);
}

static bool
take_hash(const cJSON *value, struct asked *ret)
{
	int hash = name_find(value, KENMEN_HASH_N, hash_at);

	ret->wish.hash = (enum kenmen_hash)hash;
	return hash >= 0;
}

/* 1 to 32 texts, or any number down from 32 for those that may be none. */
static bool
texts_fit(const cJSON *value)
{
	const cJSON *item;

	if (!cJSON_IsArray(value) || cJSON_GetArraySize(value) > DIGESTS_MAX)
		return false;
	cJSON_ArrayForEach(item, value) if (!cJSON_IsString(item)) return false;
	return true;
}

static bool
take_digests(const cJSON *value, struct asked *ret)
{
	struct wire_wish *wish = &ret->wish;
	const cJSON *item;

	if (!texts_fit(value))
		return false;
	cJSON_ArrayForEach(item, value)
	{
		size_t len;
		if (!base64_decode(item->valuestring,
			wish->digests[wish->digests_n], DIGEST_LEN_MAX, &len))
			return false;
		if (wish->digests_n++ > 0 && len != ret->digest_len)
			return false;
		ret->digest_len = len;
	}
	return wish->digests_n > 0;
}

static bool
take_titles(const cJSON *value, struct asked *ret)
{
	struct wire_wish *wish = &ret->wish;
	const cJSON *item;

	if (!texts_fit(value))
		return false;
	cJSON_ArrayForEach(item, value)
	{
		int n = words_count(item->valuestring);
		if (n < 0 || n > TITLE_CHARACTERS_MAX)
			return false;
		strcpy(wish->titles[wish->titles_n++], item->valuestring);
	}
	return true;
}

_Static_assert(TITLE_MAX >= 4 * TITLE_CHARACTERS_MAX, "a title has room");

#define OF_FACE KIND_BIT(KIND_FACE)
#define OF_CERTIFICATE KIND_BIT(KIND_CERTIFICATE)
#define OF_AUTHENTICATE KIND_BIT(KIND_AUTHENTICATE)
#define OF_SIGN KIND_BIT(KIND_SIGN)

/* In the order of enum read_member. */
static const struct member read_members[] = {
	{ "kinds", take_kinds,
	    " must be an array of one or more kinds, each named once.",
	    "は種類の配列（1つ以上、重複なし）にしてください。", 0, 0, true },
	{ "reader", take_reader,
	    " must be a text: the id of a reader from GET /v1/readers.",
	    "はGET /v1/readersにあるidの文字列にしてください。", 0, 0, false },
	{ "purpose", take_purpose,
	    " must be a text of at most 80 bytes (% counts as three) without "
	    "control, bidi or < characters.",
	    "は80バイト以内（%は3と数えます）の文字列とし、制御文字・"
	    "書字方向の文字・<を含めないでください。",
	    0, 0, false },
	{ "with", take_with, " must be \"b\" or \"a\".",
	    "は\"b\"か\"a\"にしてください。", OF_FACE, OF_FACE, false },
	{ "challenge", take_challenge,
	    " must be 32 to 64 bytes in base64 with padding.",
	    "は32から64バイトをパディング付きのbase64で書いてください。",
	    OF_FACE | OF_AUTHENTICATE, OF_AUTHENTICATE, false },
	{ "which", take_which,
	    " must be \"auth\", \"sign\", \"auth_ca\" or \"sign_ca\".",
	    "は\"auth\"、\"sign\"、\"auth_ca\"、\"sign_ca\""
	    "のどれかにしてください。",
	    OF_CERTIFICATE, OF_CERTIFICATE, false },
	{ "hash", take_hash, " must be \"sha256\", \"sha384\" or \"sha512\".",
	    "は\"sha256\"、\"sha384\"、\"sha512\"のどれかにしてください。",
	    OF_SIGN, OF_SIGN, false },
	{ "digests", take_digests,
	    " must be an array of 1 to 32 digests in base64 with padding, "
	    "each as long as \"hash\" makes them.",
	    "は1から32個のハッシュ値（hashの長さ、パディング付きのbase64）の"
	    "配列にしてください。",
	    OF_SIGN, OF_SIGN, false },
	{ "titles", take_titles,
	    " must be an array of as many texts as there are digests, each of "
	    "at most 40 characters without control, bidi or < characters.",
	    "はdigestsと同じ数の文字列（それぞれ40文字以内、制御文字・"
	    "書字方向の文字・<を含まない）の配列にしてください。",
	    OF_SIGN, 0, false },
};

enum read_member {
	MEMBER_KINDS,
	MEMBER_READER,
	MEMBER_PURPOSE,
	MEMBER_WITH,
	MEMBER_CHALLENGE,
	MEMBER_WHICH,
	MEMBER_HASH,
	MEMBER_DIGESTS,
	MEMBER_TITLES,
	MEMBER_N
};
_Static_assert(N_OF(read_members) == MEMBER_N, "a name for each member");

static void
disagree(struct refusal *why, enum read_member member)
{
	const struct member *m = &read_members[member];

	fault_add(why, API_BAD_REQUEST, m->name, strlen(m->name), m->en, m->ja);
}

/* Members come in any order: what depends on two is looked at last. */
static void
read_agree(const struct asked *asked, struct refusal *why)
{
	static const size_t lens[KENMEN_HASH_N] = {
		[KENMEN_SHA256] = 32,
		[KENMEN_SHA384] = 48,
		[KENMEN_SHA512] = 64,
	};
	const uint32_t both = 1u << MEMBER_HASH | 1u << MEMBER_DIGESTS;

	if ((asked->given & both) == both &&
	    asked->digest_len != lens[asked->wish.hash])
		disagree(why, MEMBER_DIGESTS);
	if ((asked->given & 1u << MEMBER_TITLES) &&
	    asked->wish.titles_n != asked->wish.digests_n)
		disagree(why, MEMBER_TITLES);
}

/* ---- the query of GET /v1/reads/ID ----------------------------------- */

static const struct parameter poll_parameters[] = {
	{ "wait", offsetof(struct asked, wait), WAIT_MAX,
	    " must be a whole number from 0 to 30, given once.",
	    "は0から30までの整数を1回だけ指定してください。" },
	{ "after", offsetof(struct asked, after), UINT32_MAX,
	    " must be a whole number from 0 to 4294967295, given once.",
	    "は0から4294967295までの整数を1回だけ指定してください。" },
	{ "grace", offsetof(struct asked, grace), GRACE_S,
	    " must be a whole number from 0 to 60, given once.",
	    "は0から60までの整数を1回だけ指定してください。" },
};

const struct form form_nothing = { 0 };
const struct form form_session = {
	.members = session_members,
	.members_n = N_OF(session_members),
};
const struct form form_read = {
	.members = read_members,
	.members_n = N_OF(read_members),
	.agree = read_agree,
};
const struct form form_poll = {
	.parameters = poll_parameters,
	.parameters_n = N_OF(poll_parameters),
};
