/*
 * kenmenctl doctor: what may keep a card from being read, looked at one by
 * one, and what helps.
 *
 * A report is made to be handed to strangers: its sentences are constant
 * (doctor-words.c), and what stands beside them (about) is numbers, names of
 * programs and kernel modules, models of readers. No name of a person, no
 * serial number, no path, and no date: the day that a certificate ends on is
 * its holder's birthday.
 */
#ifndef DOCTOR_H
#define DOCTOR_H

#include "ctl.h"

enum doctor_check {
	CHECK_PCSCD,
	CHECK_READERS,
	CHECK_DRIVER,
	CHECK_MODULES,
	CHECK_HOLDER,
	CHECK_CARD,
	CHECK_CERTIFICATES,
	CHECK_CONFIGURATION,
	CHECK_PROMPT,
	CHECK_TRUST,
	CHECK_DAEMON,
	CHECK_PORT,
	CHECK_AGENTS,
	CHECK_BROWSERS,
	CHECK_N
};

enum doctor_finding {
	PCSCD_OK,
	PCSCD_ABSENT,
	PCSCD_SILENT,
	PCSCD_REFUSES,
	READERS_OK,
	READERS_NONE,
	READERS_UNKNOWN,
	DRIVER_OK,
	DRIVER_NO_CCID,
	DRIVER_RCS380,
	DRIVER_RCS300,
	DRIVER_UNSEEN,
	DRIVER_UNKNOWN,
	MODULES_OK,
	MODULES_GRAB,
	MODULES_PRESENT,
	MODULES_UNKNOWN,
	HOLDER_NONE,
	HOLDER_EXCLUSIVE,
	HOLDER_TRANSACTION,
	HOLDER_SCDAEMON,
	HOLDER_TWO_PCSCD,
	HOLDER_UNKNOWN,
	CARD_OK,
	CARD_NONE,
	CARD_FOREIGN,
	CARD_MUTE,
	CARD_BLOCKED,
	CARD_LAST_TRY,
	CARD_FAILS,
	CARD_UNKNOWN,
	CERTIFICATES_OK,
	CERTIFICATES_SOON,
	CERTIFICATES_OVER,
	CERTIFICATES_NONE,
	CERTIFICATES_UNKNOWN,
	PROMPT_OK,
	PROMPT_MISSING,
	CONFIGURATION_OK,
	CONFIGURATION_MISSING,
	CONFIGURATION_NO_SITE,
	CONFIGURATION_WRONG,
	CONFIGURATION_UNREADABLE,
	TRUST_OK,
	TRUST_NO_ROOT,
	TRUST_EMPTY,
	TRUST_BROKEN,
	TRUST_UNREADABLE,
	DAEMON_OK,
	DAEMON_NO_PROMPT,
	DAEMON_ABSENT,
	DAEMON_NO_CA,
	DAEMON_NOT_TLS,
	DAEMON_UNTRUSTED,
	DAEMON_STRANGE,
	PORT_OK,
	PORT_FREE,
	PORT_STRANGER,
	PORT_UNKNOWN,
	AGENTS_NOT_NEEDED,
	AGENTS_OK,
	AGENTS_MISSING,
	AGENTS_NO_SOCKET,
	AGENTS_UNKNOWN,
	BROWSERS_OK,
	BROWSERS_UNTRUSTED,
	BROWSERS_NONE,
	BROWSERS_NO_CERTUTIL,
	BROWSERS_NO_CA,
	FINDING_N
};

struct doctor_words {
	enum doctor_check check;
	enum ctl_status status;
	const char *detail[LANG_N];
	const char *remedy[LANG_N]; /* NULL: nothing to be done */
};

extern const struct doctor_words doctor_words[FINDING_N];
const char *doctor_check_name(enum doctor_check check);
const char *doctor_check_title(enum doctor_check check, enum lang lang);

#define ABOUT_MAX 160
#define FOUND_MAX 64

struct doctor_found {
	enum doctor_finding finding;
	char about[ABOUT_MAX + 1]; /* printable ASCII, or "" */
};

/* How far a look at readers and card got. */
enum exam_stage {
	EXAM_SERVICE,     /* pcscd was called, and has not answered */
	EXAM_READERS,     /* it answered; service says what */
	EXAM_CONNECT,     /* the card is being connected */
	EXAM_TRANSACTION, /* connected; waiting for our turn */
	EXAM_CARD,        /* the card is being read */
	EXAM_OVER
};

enum exam_validity {
	VALIDITY_UNKNOWN, /* not read, or behind a PIN */
	VALIDITY_NONE,    /* the card has no such certificate */
	VALIDITY_LONG,
	VALIDITY_SOON, /* ends within VALIDITY_DAYS */
	VALIDITY_OVER
};
#define VALIDITY_DAYS 90

/* What is known of readers and card; a message of its process. */
struct exam {
	enum exam_stage stage;
	int service; /* of kenmen_pcsc_new and _slots: 0 or KENMEN_ERR_* */
	unsigned readers_n, present_n, exclusive_n, mute_n;
	char models[ABOUT_MAX + 1];
	int card; /* 0: read; or why not */
	int tries[KENMEN_PIN_N];
	enum exam_validity validity; /* of the login certificate */
};

/* What is plugged in, and what could be in the way. */
struct machine {
	bool usb_known, ccid_device, rcs380, rcs300;
	bool ccid_driver, rcs300_driver;
	bool modules_known;
	char modules[ABOUT_MAX + 1]; /* those that grab readers; "" none */
	char holders[ABOUT_MAX + 1]; /* programs that use cards */
	bool scdaemon;
	unsigned pcscd_n;
};

struct doctor {
	const struct ctl_options *options;
	struct exam exam;
	struct machine machine;
	struct config *config; /* NULL: none could be read */
	unsigned found_n;
	struct doctor_found found[FOUND_MAX];
};

/* Adds to the report; about may be NULL, and is made harmless. */
void doctor_found(
    struct doctor *doctor, enum doctor_finding finding, const char *about);
/* Appends a word to a list of them, once; cut where it is full. */
void doctor_list(char list[ABOUT_MAX + 1], const char *word);

/* The whole report on stdout; CTL_OK or CTL_ERROR. */
int doctor_report(const struct doctor *doctor);
enum ctl_status doctor_worst(const struct doctor *doctor);

/* Looks at readers and card in a process of its own, which may hang: it is
 * over after EXAM_SECONDS whatever pcscd does. No PIN, no try; of the
 * certificate only its dates are looked at, and they stay in there. */
#define EXAM_SECONDS 10
void exam_run(int64_t now, struct exam *ret);
enum exam_validity exam_validity(int64_t not_after, int64_t now);

/* /proc, /sys and the drivers' directories. */
void machine_look(struct machine *ret);
/* Who listens on a TCP port: program is its name, "" where it is another
 * user's. False: nobody. */
bool machine_listener(unsigned port, char program[ABOUT_MAX + 1]);

/* Each adds one finding at least. */
void check_pcscd(struct doctor *doctor);
void check_readers(struct doctor *doctor);
void check_driver(struct doctor *doctor);
void check_modules(struct doctor *doctor);
void check_holder(struct doctor *doctor);
void check_card(struct doctor *doctor);
void check_certificates(struct doctor *doctor);
void check_prompt(struct doctor *doctor);
void check_configuration(struct doctor *doctor);
void check_trust(struct doctor *doctor);
void check_daemon_and_port(struct doctor *doctor);
void check_agents(struct doctor *doctor);
void check_browsers(struct doctor *doctor);

#endif
