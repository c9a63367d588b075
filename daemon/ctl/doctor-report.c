#include "doctor.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

#include "api-json.h"

/* ---- what is found ------------------------------------------------------ */

void
doctor_found(
    struct doctor *doctor, enum doctor_finding finding, const char *about)
{
	struct doctor_found *found = &doctor->found[doctor->found_n];
	size_t n = 0;

	if (doctor->found_n == FOUND_MAX)
		return;
	found->finding = finding;
	for (; about && *about && n < ABOUT_MAX; about++)
		found->about[n++] =
		    *about >= 0x20 && *about < 0x7f ? *about : '?';
	found->about[n] = '\0';
	doctor->found_n++;
}

void
doctor_list(char list[ABOUT_MAX + 1], const char *word)
{
	size_t len = strlen(list), word_len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at++) {
		char after = at[word_len];

		if ((at == list || at[-1] == ' ') && (!after || after == ','))
			return;
	}
	if (len + word_len + 2 > ABOUT_MAX)
		return;
	snprintf(
	    list + len, ABOUT_MAX + 1 - len, "%s%s", len ? ", " : "", word);
}

/* ---- the report --------------------------------------------------------- */

enum ctl_status
doctor_worst(const struct doctor *doctor)
{
	enum ctl_status worst = STATUS_OK;

	for (unsigned i = 0; i < doctor->found_n; i++)
		if (doctor_words[doctor->found[i].finding].status > worst)
			worst = doctor_words[doctor->found[i].finding].status;
	return worst;
}

static cJSON *
json_of(const struct doctor_found *found)
{
	const struct doctor_words *words = &doctor_words[found->finding];
	cJSON *object = cJSON_CreateObject();

	json_add_text(object, "check", doctor_check_name(words->check));
	json_add_text(object, "status", ctl_status_name(words->status));
	json_add_text(object, "about", json_text_or_null(found->about));
	json_add_text(object, "detail", words->detail[LANG_EN]);
	json_add_text(object, "detail_ja", words->detail[LANG_JA]);
	json_add_text(object, "remedy", words->remedy[LANG_EN]);
	json_add_text(object, "remedy_ja", words->remedy[LANG_JA]);
	return object;
}

static int
report_json(const struct doctor *doctor)
{
	cJSON *report, *checks;
	char *text;

	json_start();
	report = cJSON_CreateObject();
	json_add_text(report, "version", KENMEN_VERSION);
	json_add_text(report, "status", ctl_status_name(doctor_worst(doctor)));
	checks = cJSON_AddArrayToObject(report, "checks");
	for (unsigned i = 0; i < doctor->found_n; i++)
		json_append(checks, json_of(&doctor->found[i]));
	if (!(text = json_text(report)))
		return CTL_ERROR;
	puts(text);
	json_free(text);
	return CTL_OK;
}

static void
print_found(const struct doctor_found *found, enum lang lang)
{
	const struct doctor_words *words = &doctor_words[found->finding];

	printf("%s %s: %s", ctl_status_mark(words->status),
	    doctor_check_title(words->check, lang), words->detail[lang]);
	printf(found->about[0] ? " [%s]\n" : "%s\n", found->about);
	if (words->remedy[lang])
		printf("       -> %s\n", words->remedy[lang]);
}

int
doctor_report(const struct doctor *doctor)
{
	if (doctor->options->json)
		return report_json(doctor);
	for (unsigned i = 0; i < doctor->found_n; i++)
		print_found(&doctor->found[i], doctor->options->lang);
	return CTL_OK;
}
