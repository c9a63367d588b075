#include "trust.h"

#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "api-json.h"

struct trust_found *
trust_found(struct trust *trust, enum trust_finding finding,
    const char *browser, const char *place)
{
	struct trust_found *found = &trust->found[trust->found_n];

	/* The last one is written over: the report is still one. */
	if (trust->found_n < TRUST_FOUND_MAX - 1)
		trust->found_n++;
	*found = (struct trust_found){ .finding = finding, .browser = browser };
	snprintf(found->place, sizeof(found->place), "%s", place);
	return found;
}

static enum ctl_status
trust_worst(const struct trust *trust)
{
	enum ctl_status worst = STATUS_OK;

	for (unsigned i = 0; i < trust->found_n; i++)
		if (trust_words[trust->found[i].finding].status > worst)
			worst = trust_words[trust->found[i].finding].status;
	return worst;
}

/* ---- JSON --------------------------------------------------------------- */

static void
add_time(cJSON *object, const char *name, time_t when)
{
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json_add_text(object, name, text);
}

static cJSON *
ca_json(const struct trust *trust)
{
	cJSON *object;

	if (trust->ca_fault)
		return cJSON_CreateNull();
	object = cJSON_CreateObject();
	json_add_text(object, "file", trust->ca_file);
	json_add_text(object, "name", trust->ca.name);
	json_add_text(object, "sha256", trust->ca.sha256);
	add_time(object, "not_before", trust->ca.not_before);
	add_time(object, "not_after", trust->ca.not_after);
	return object;
}

static cJSON *
found_json(const struct trust_found *found)
{
	const struct trust_words *words = &trust_words[found->finding];
	cJSON *object = cJSON_CreateObject();

	json_add_text(object, "browser", found->browser);
	json_add_text(object, "place", json_text_or_null(found->place));
	json_add_text(object, "state", words->state);
	json_add_text(object, "status", ctl_status_name(words->status));
	json_add_text(object, "about", json_text_or_null(found->about));
	json_add_bool(object, "restart", found->restart);
	json_add_text(object, "detail", words->detail[LANG_EN]);
	json_add_text(object, "detail_ja", words->detail[LANG_JA]);
	json_add_text(object, "remedy", words->remedy[LANG_EN]);
	json_add_text(object, "remedy_ja", words->remedy[LANG_JA]);
	return object;
}

static bool
print_json(const struct trust *trust)
{
	cJSON *report, *list;
	char *text;

	json_start();
	report = cJSON_CreateObject();
	json_add_text(report, "command", trust->command);
	json_add_text(report, "status", ctl_status_name(trust_worst(trust)));
	json_add(report, "ca", ca_json(trust));
	list = cJSON_AddArrayToObject(report, "found");
	for (unsigned i = 0; i < trust->found_n; i++)
		json_append(list, found_json(&trust->found[i]));
	if (!(text = json_text(report)))
		return false;
	puts(text);
	json_free(text);
	return true;
}

/* ---- lines -------------------------------------------------------------- */

static void
print_ca(const struct trust *trust)
{
	char until[32] = "";
	struct tm tm;

	if (trust->ca_fault)
		return;
	if (gmtime_r(&trust->ca.not_after, &tm))
		strftime(until, sizeof(until), "%Y-%m-%d", &tm);
	printf(trust->options->lang == LANG_JA
		   ? "%s（%s、%sまで）\nSHA-256 %s\n"
		   : "%s (%s, until %s)\nSHA-256 %s\n",
	    trust->ca_file, trust->ca.name, until, trust->ca.sha256);
}

static void
print_found(const struct trust_found *found, enum lang lang)
{
	const struct trust_words *words = &trust_words[found->finding];

	printf("%s %s: %s", ctl_status_mark(words->status), found->browser,
	    words->detail[lang]);
	printf(found->place[0] ? " [%s]\n" : "%s\n", found->place);
	if (words->remedy[lang])
		printf("       -> %s\n", words->remedy[lang]);
	if (found->about[0])
		printf("          %s\n", found->about);
}

/* Each browser once. */
static void
print_restarts(const struct trust *trust)
{
	unsigned n = 0;

	for (unsigned i = 0; i < trust->found_n; i++) {
		const struct trust_found *found = &trust->found[i];
		bool again = false;

		for (unsigned j = 0; j < i; j++)
			again |= trust->found[j].restart &&
				 strcmp(trust->found[j].browser,
				     found->browser) == 0;
		if (!found->restart || again)
			continue;
		if (!n++)
			fputs(trust->options->lang == LANG_JA
				  ? "起動中のブラウザは、すべての窓を閉じて"
				    "開き直すまで前のままです: "
				  : "These run, and go on as before until all "
				    "their windows were closed: ",
			    stdout);
		printf("%s%s", n > 1 ? ", " : "", found->browser);
	}
	if (n)
		putchar('\n');
}

int
trust_report(const struct trust *trust)
{
	if (trust->options->json) {
		if (!print_json(trust))
			return CTL_ERROR;
	} else {
		print_ca(trust);
		for (unsigned i = 0; i < trust->found_n; i++)
			print_found(&trust->found[i], trust->options->lang);
		print_restarts(trust);
	}
	return trust_worst(trust) == STATUS_FAIL ? CTL_SICK : CTL_OK;
}
