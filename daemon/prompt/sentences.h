/*
 * The words of the windows, in Japanese and English, as they stand before
 * texts.c fills them in.
 */
#ifndef SENTENCES_H
#define SENTENCES_H

#include "kind.h"

enum say {
	SAY_NOTHING,
	/* titles, labels, buttons */
	SAY_TITLE,
	SAY_TITLE_STEPS,
	SAY_LABEL_PIN,
	SAY_LABEL_PASSWORD,
	SAY_LABEL_FACE_B,
	SAY_LABEL_FACE_A,
	SAY_LABEL_YES,
	SAY_OK,
	SAY_CANCEL,
	SAY_NEXT,
	SAY_USE_IT,
	SAY_STOP,
	SAY_GIVE,
	SAY_REFUSE,
	SAY_CLOSE,
	/* who asks, and in their own words what for */
	SAY_HEAD_NAMED,
	SAY_HEAD_NAMELESS,
	SAY_HEAD_LOCAL,
	SAY_PURPOSE,
	SAY_TITLES,
	SAY_TITLES_MORE,
	SAY_SITE,
	SAY_PROGRAM,
	SAY_WHO_NAMED,
	SAY_WHO_NAMELESS,
	SAY_WHO_LOCAL,
	/* whole windows */
	SAY_ENTRY,
	SAY_PINPAD,
	SAY_CONSENT,
	SAY_CONSENT_ASK,
	SAY_CONSENT_TYPE,
	SAY_LAST_TRY,
	SAY_LAST_TRY_ASK,
	SAY_LAST_TRY_TYPE,
	SAY_BLOCKED,
	SAY_WORDS,
	SAY_BEFORE_ENTRY,
	SAY_BEFORE_PINPAD,
	SAY_BEFORE_CONSENT,
	/* what is asked for */
	SAY_ASK_ATTRIBUTES,
	SAY_ASK_MY_NUMBER,
	SAY_ASK_ATTRIBUTES_AND_MY_NUMBER,
	SAY_LAW,
	SAY_ASK_LOGIN,
	SAY_ASK_LOGIN_CERTIFICATE,
	SAY_ASK_SIGNATURE,
	SAY_ASK_SIGNATURE_CERTIFICATE,
	SAY_ASK_FACE,
	SAY_CHECK_ONE,
	SAY_CHECK_MANY,
	/* what is to be typed */
	SAY_TYPE,
	SAY_TYPE_ON_READER,
	SAY_TYPE_AUTH,
	SAY_TYPE_SIGN,
	SAY_TYPE_ATTRIBUTES,
	SAY_TYPE_FACE_B,
	SAY_TYPE_FACE_A,
	SAY_TYPE_AUTH_PHONE,
	SAY_TYPE_SIGN_PHONE,
	SAY_ALSO_PINPAD,
	SAY_ALSO_PHONE,
	SAY_ALSO_SIGN,
	SAY_ALSO_SIGN_PHONE,
	SAY_ALSO_FACE_B,
	SAY_ALSO_FACE_A,
	/* what a miss costs */
	SAY_COST_ATTRIBUTES,
	SAY_COST_CERTIFICATE,
	SAY_COST_FACE,
	SAY_COST_PHONE,
	/* what went wrong */
	SAY_WRONG,
	SAY_FORMAT_4_DIGITS,
	SAY_FORMAT_PASSWORD,
	SAY_FORMAT_FACE_B,
	SAY_FORMAT_FACE_A,
	/* a lock */
	SAY_IF_LOCKED,
	SAY_IF_LOCKED_FACE,
	SAY_IF_LOCKED_PHONE,
	SAY_TIMES_KNOWN,
	SAY_TIMES_UNKNOWN,
	SAY_UNLOCK,
	SAY_UNLOCK_FACE,
	SAY_UNLOCK_PHONE,
	/* the PINs' names */
	SAY_PIN_AUTH,
	SAY_PIN_SIGN,
	SAY_PIN_AUTH_PHONE,
	SAY_PIN_SIGN_PHONE,
	SAY_PIN_ATTRIBUTES,
	SAY_PIN_FACE_B,
	SAY_PIN_FACE_A,
	SAY_N
};

/*
 * UTF-8, lines broken by '\n', nothing escaped. In braces: what texts.c puts
 * there from the request, or another sentence.
 *   {head}    who asks, and their own words where they fit
 *   {purpose} {titles} the site's own words; {more}: titles left out, {m}
 *   {site}    the word "site", or "program"; {who}: which, in a sentence
 *   {ask}     what is asked for; {k}, {documents}: how many to sign
 *   {law} {check} what there is to know about it
 *   {type}    what to do with {what}; {also}: more about that
 *   {cost}    what a miss costs; {miss}: the one just before
 *   {n}       tries left; {entries}, {tries}: with their English noun
 *   {times}   how often the PIN was typed wrongly; {max}: as a number
 *   {seconds} how long the window stays
 */
extern const char *const sentences[SAY_N][LANG_N];

#endif
