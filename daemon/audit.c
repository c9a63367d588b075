#include "audit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Where in the source a line comes from says nothing about a read. */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "log.h"

/* All seven, with commas. */
#define KINDS_TEXT_MAX 80
/* To find these lines: journalctl MESSAGE_ID=... */
#define AUDIT_ID "3f1d8c4e6a5b4d0c9e27b1a84f60c2d5"

static void
kinds_write(uint32_t kinds, char ret[KINDS_TEXT_MAX + 1])
{
	size_t len = 0;

	ret[0] = '\0';
	for (enum read_kind k = 0; k < KIND_N; k++)
		if ((kinds & KIND_BIT(k)) && len < KINDS_TEXT_MAX)
			len += (size_t)snprintf(ret + len,
			    KINDS_TEXT_MAX + 1 - len, "%s%s", len ? "," : "",
			    kind_name(k));
}

static const char *
outcome(const struct audit *audit)
{
	return audit->state == STATE_FAILED ? code_name(audit->code)
					    : state_name(audit->state);
}

/* -errno: there is no journal that takes it. */
static int
journal_send(
    const struct audit *audit, const char *kinds, uint64_t ms, const char *site)
{
	return sd_journal_send("MESSAGE=read: user %u, %s, %s: %s, %" PRIu64
			       " ms",
	    audit->uid, site, kinds, outcome(audit), ms, "PRIORITY=%d",
	    LOG_LEVEL_INFO, "SYSLOG_IDENTIFIER=kenmend", "MESSAGE_ID=" AUDIT_ID,
	    "KENMEN_UID=%u", audit->uid, "KENMEN_KINDS=%s", kinds,
	    "KENMEN_OUTCOME=%s", outcome(audit), "KENMEN_DURATION_MS=%" PRIu64,
	    ms, audit->origin[0] ? "KENMEN_ORIGIN=%s" : NULL, audit->origin,
	    NULL);
}

void
audit_log(const struct audit *audit)
{
	const char *site = audit->origin[0] ? audit->origin : "local program";
	uint64_t ms = audit->duration_us / 1000;
	char kinds[KINDS_TEXT_MAX + 1];

	kinds_write(audit->kinds, kinds);
	if (log_is_journal() && journal_send(audit, kinds, ms, site) >= 0)
		return;
	log_info("read: user %u, %s, %s: %s, %" PRIu64 " ms", audit->uid, site,
	    kinds, outcome(audit), ms);
}
