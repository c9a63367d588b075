/*
 * kenmen.conf(5): the configuration as a struct. Every value is kept whole
 * or refused with file, line and reason; nothing is ever cut short.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "wire.h"

#define CONFIG_LISTEN_MAX 8
#define CONFIG_PATH_MAX 255

struct config_origin {
	char origin[ORIGIN_MAX + 1];
	char name[ORIGIN_NAME_MAX + 1];
	uint32_t kinds; /* bits of enum read_kind */
};

struct config_listen {
	struct sockaddr_storage address;
	socklen_t address_len;
};

enum config_mode { MODE_AGENT, MODE_PINENTRY };

struct config {
	unsigned listen_n;
	struct config_listen listen[CONFIG_LISTEN_MAX];
	char state_dir[CONFIG_PATH_MAX + 1];
	bool log_requests;
	unsigned idle_timeout; /* all time-outs in seconds, 1 to 3600 */
	unsigned session_max;  /* 43200: 12 hours */
	bool end_on_card_removal;
	enum config_mode mode;
	char pinentry[CONFIG_PATH_MAX + 1];
	char tty[CONFIG_PATH_MAX + 1];
	unsigned prompt_timeout;
	char socket[CONFIG_PATH_MAX + 1]; /* for agents */
	unsigned ignore_n;
	char ignore[IGNORE_MAX][IGNORE_LEN_MAX + 1];
	unsigned card_timeout;
	unsigned read_timeout;
	char trust_dir[CONFIG_PATH_MAX + 1];
	bool local_allow;
	uint32_t local_kinds;
	size_t origins_n;
	struct config_origin *origins;
	struct config_retired *retired; /* origins of before a reload */
};

/*
 * Reads files in the order given, each later one over the earlier. Returns 0
 * and the configuration (to be freed), or -EINVAL after a line
 * "FILE:LINE: REASON" for each fault on report, or another negative errno.
 */
int config_load(const char *const *files, size_t files_n, FILE *report,
    struct config **ret);
/* The packaged default: /etc/kenmen/kenmen.conf and conf.d's *.conf in the
 * order of their names; those that are missing count as empty. */
int config_load_default(FILE *report, struct config **ret);
/* The same from another directory than /etc/kenmen. */
int config_load_dir(const char *dir, FILE *report, struct config **ret);
void config_free(struct config **config);
/*
 * Takes over from fresh who may ask: origins, [local-tools], and whether
 * requests are logged. left: of each other key that differs, which waits for
 * the next start. Former origins stay where they are until config_free, for
 * requests under way still name them. fresh stays the caller's. 0 or -ENOMEM.
 */
int config_adopt(struct config *config, struct config *fresh,
    void (*left)(const char *section, const char *key));

#endif
