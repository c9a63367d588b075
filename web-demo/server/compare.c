#include "compare.h"

#include <string.h>

#include "letters.h"
#include "utf8.h"

/* ---- one text as comparable letters ----------------------------------- */

struct letter {
	unsigned c;     /* folded; 0: the end */
	bool uncertain; /* a substitute, or a form that cannot be seen here */
};

struct cursor {
	const char *at, *end;
	/* One for each character, as far as they go; NULL: a person typed it,
	 * and meant each letter. */
	const char *flags;
	size_t flags_n, n; /* n: the character at at */
	bool began;        /* spaces before the first letter are none */
};

static void
cursor_start(struct cursor *cursor, const char *text, const char *flags)
{
	*cursor = (struct cursor){ .at = text,
		.end = text + strlen(text),
		.flags = flags,
		.flags_n = flags ? strlen(flags) : 0 };
}

static bool
stands_for_another(unsigned c)
{
	return c == 0x25a0 || c == 0x3013 || c == LETTER_UNREADABLE;
}

/* One character as it stands. */
static struct letter
take_one(struct cursor *cursor)
{
	struct letter letter = { .c = utf8_next(&cursor->at, cursor->end) };

	if (letter.c == 0)
		return letter;
	if (cursor->n < cursor->flags_n)
		letter.uncertain = cursor->flags[cursor->n] == '1';
	else if (cursor->flags)
		letter.uncertain = stands_for_another(letter.c);
	cursor->n++;
	letter.c = letter_fold(letter.c);
	return letter;
}

static struct letter
peek_one(const struct cursor *cursor)
{
	struct cursor ahead = *cursor;

	return take_one(&ahead);
}

/* A selector or a sound mark behind a letter belongs to it. */
static void
join(struct cursor *cursor, struct letter *letter)
{
	struct letter next;
	unsigned voiced;

	while ((next = peek_one(cursor)).c) {
		if (letter_is_selector(next.c))
			letter->uncertain = true;
		else if ((voiced = letter_voiced(letter->c, next.c)))
			letter->c = voiced;
		else
			return;
		letter->uncertain |= next.uncertain;
		take_one(cursor);
	}
}

/* The next letter; any number of spaces is one, at either end none. */
static struct letter
take(struct cursor *cursor)
{
	struct letter letter = take_one(cursor);
	bool space = false;

	for (; letter.c == ' ' && !letter.uncertain; letter = take_one(cursor))
		space = cursor->began;
	if (letter.c && space) {
		struct letter again = { .c = ' ' };
		const char *start = cursor->at;

		/* Put it back: it comes after the space. */
		do
			start--;
		while ((*start & 0xc0) == 0x80);
		cursor->at = start;
		cursor->n--;
		cursor->began = false;
		return again;
	}
	cursor->began = true;
	if (letter.c)
		join(cursor, &letter);
	return letter;
}

enum same
compare_text(const char *form, const char *certificate, const char *flags)
{
	enum same same = SAME_YES;
	struct letter typed, stated;
	struct cursor a, b;

	cursor_start(&a, form, NULL);
	cursor_start(&b, certificate, flags);
	do {
		typed = take(&a);
		stated = take(&b);
		if (!typed.c != !stated.c)
			return SAME_NO;
		if (typed.uncertain || stated.uncertain)
			same = SAME_UNKNOWN;
		else if (typed.c != stated.c)
			return SAME_NO;
	} while (typed.c);
	/* A byte that is no character ends a text early. */
	if (a.at != a.end || b.at != b.end)
		return SAME_NO;
	return same;
}

/* ---- all four --------------------------------------------------------- */

const char *
sex_word(enum kenmen_sex sex)
{
	switch (sex) {
	case KENMEN_SEX_MALE:
		return "male";
	case KENMEN_SEX_FEMALE:
		return "female";
	case KENMEN_SEX_NOT_APPLICABLE:
		return "not_applicable";
	case KENMEN_SEX_UNKNOWN:
		break;
	}
	return "unknown";
}

/* Words of which the certificate's may say nothing. */
static enum same
compare_word(const char *form, const char *certificate, const char *nothing)
{
	if (strcmp(certificate, nothing) == 0)
		return SAME_UNKNOWN;
	return strcmp(form, certificate) == 0 ? SAME_YES : SAME_NO;
}

void
compare_all(const struct sheet *sheet, const struct kenmen_subject *subject,
    struct match ret[MATCHES_N])
{
	const char *birth = subject->birth_date[0] ? subject->birth_date
						   : subject->birth_date_raw;
	const struct match all[MATCHES_N] = {
		{ FIELD_NAME,
		    compare_text(sheet->value[FIELD_NAME], subject->name,
			subject->name_substituted),
		    NULL, subject->name },
		{ FIELD_ADDRESS,
		    compare_text(sheet->value[FIELD_ADDRESS], subject->address,
			subject->address_substituted),
		    NULL, subject->address },
		{ FIELD_BIRTH_DATE,
		    compare_word(sheet->value[FIELD_BIRTH_DATE],
			subject->birth_date, ""),
		    NULL, birth },
		{ FIELD_SEX,
		    compare_word(sheet->value[FIELD_SEX],
			sex_word(subject->sex), "unknown"),
		    NULL, sex_word(subject->sex) },
	};

	memcpy(ret, all, sizeof(all));
	for (int i = 0; i < MATCHES_N; i++)
		ret[i].form = sheet->value[ret[i].field];
}

enum same
compare_verdict(const struct match matches[MATCHES_N])
{
	enum same same = SAME_YES;

	for (int i = 0; i < MATCHES_N; i++) {
		if (matches[i].same == SAME_NO)
			return SAME_NO;
		if (matches[i].same == SAME_UNKNOWN)
			same = SAME_UNKNOWN;
	}
	return same;
}
