/*
 * kenmenctl doctor: pcscd, readers and card, as a program finds them that
 * comes to read one.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "doctor.h"
#include "readers.h"

/* ---- the look, in a process of its own ---------------------------------- */

struct examiner {
	struct exam exam;
	int out;
	int64_t now;
	struct kenmen_pcsc *pcsc;
};

/* What is known so far goes out first: the next call may never return. */
static void
enter(struct examiner *x, enum exam_stage stage)
{
	ssize_t n;

	x->exam.stage = stage;
	n = write(x->out, &x->exam, sizeof(x->exam));
	if (n != (ssize_t)sizeof(x->exam))
		_exit(1);
}

enum exam_validity
exam_validity(int64_t not_after, int64_t now)
{
	if (not_after < now)
		return VALIDITY_OVER;
	return not_after - now < VALIDITY_DAYS * 86400LL ? VALIDITY_SOON
							 : VALIDITY_LONG;
}

/* Of the certificate nothing but how long it lasts leaves here. */
static enum exam_validity
certificate_look(struct examiner *x, struct kenmen_card *card)
{
	struct kenmen_certificate_facts *facts = calloc(1, sizeof(*facts));
	enum exam_validity validity = VALIDITY_UNKNOWN;
	struct kenmen_blob der = { NULL, 0 };
	int r =
	    kenmen_certificate_read(card, KENMEN_CERT_AUTH, NULL, NULL, &der);

	if (r == KENMEN_ERR_NOT_FOUND)
		validity = VALIDITY_NONE;
	else if (r >= 0 && facts &&
		 kenmen_certificate_parse(der.bytes, der.len, facts) >= 0)
		validity = exam_validity(facts->not_after, x->now);
	if (facts)
		kenmen_wipe(facts, sizeof(*facts));
	free(facts);
	kenmen_blob_free(&der);
	return validity;
}

static int
card_look(struct examiner *x, struct kenmen_card *card)
{
	struct kenmen_card_info info;
	int r;

	enter(x, EXAM_CONNECT);
	if ((r = kenmen_card_connect(card)) < 0)
		return r;
	enter(x, EXAM_TRANSACTION);
	if ((r = kenmen_card_begin(card)) < 0)
		return r;
	enter(x, EXAM_CARD);
	if ((r = kenmen_card_info_read(card, &info)) >= 0) {
		memcpy(x->exam.tries, info.tries, sizeof(x->exam.tries));
		x->exam.validity = certificate_look(x, card);
	}
	(void)kenmen_card_end(card);
	return r;
}

static int
slot_look(struct examiner *x, const struct kenmen_slot *slot)
{
	struct kenmen_reader reader;
	struct kenmen_card *card = NULL;
	int r;

	if ((r = kenmen_pcsc_reader(x->pcsc, slot->name, &reader)) < 0 ||
	    (r = kenmen_card_new(&reader, NULL, &card)) < 0)
		return r;
	r = card_look(x, card);
	kenmen_card_free(&card);
	return r;
}

static void
slots_note(struct examiner *x, const struct kenmen_slot *slots, int n)
{
	char model[KENMEN_READER_NAME_MAX + 1];

	for (int i = 0; i < n; i++) {
		x->exam.readers_n++;
		x->exam.present_n += slots[i].present;
		x->exam.exclusive_n += slots[i].exclusive;
		x->exam.mute_n += slots[i].present && slots[i].mute;
		/* A model: pcscd's name holds a serial number. */
		reader_model(slots[i].name, model);
		doctor_list(x->exam.models, model);
	}
}

/* The first My Number card, else why the last card is none. */
static void
examine(struct examiner *x)
{
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	int n, r = KENMEN_ERR_NO_CARD;

	enter(x, EXAM_SERVICE);
	n = kenmen_pcsc_new(&x->pcsc);
	if (n >= 0)
		n = kenmen_pcsc_slots(x->pcsc, slots);
	x->exam.service = n < 0 ? n : 0;
	if (n >= 0)
		slots_note(x, slots, n);
	enter(x, EXAM_READERS);
	for (int i = 0; i < n && r < 0; i++)
		if (slots[i].present && !slots[i].mute)
			r = slot_look(x, &slots[i]);
	x->exam.card = r;
	enter(x, EXAM_OVER);
	kenmen_pcsc_free(&x->pcsc);
}

static void
child(int out, int64_t now)
{
	struct examiner x = { .out = out, .now = now };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(EXAM_SECONDS);
	x.exam.card = KENMEN_ERR_NO_CARD;
	x.exam.validity = VALIDITY_UNKNOWN;
	for (int i = 0; i < KENMEN_PIN_N; i++)
		x.exam.tries[i] = -1;
	examine(&x);
	_exit(0);
}

_Static_assert(sizeof(struct exam) <= 512, "a write to a pipe is whole");

void
exam_run(int64_t now, struct exam *ret)
{
	struct exam exam;
	int ends[2];
	pid_t pid;

	*ret = (struct exam){ .service = KENMEN_ERR_PCSC_UNAVAILABLE };
	if (pipe(ends) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		child(ends[1], now);
	}
	close(ends[1]);
	while (pid > 0 && read(ends[0], &exam, sizeof(exam)) == sizeof(exam))
		*ret = exam;
	close(ends[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

/* ---- what it means ------------------------------------------------------ */

static bool
service_works(const struct doctor *doctor)
{
	return doctor->exam.stage > EXAM_SERVICE && !doctor->exam.service;
}

/* While another program's transaction lasts, pcscd answers nobody about that
 * card: connecting blocks too. */
static bool
waits_for_turn(const struct exam *exam)
{
	return exam->stage == EXAM_CONNECT || exam->stage == EXAM_TRANSACTION;
}

void
check_pcscd(struct doctor *doctor)
{
	const char *socket = getenv("PCSCLITE_CSOCK_NAME");

	if (service_works(doctor))
		doctor_found(doctor, PCSCD_OK, NULL);
	else if (doctor->exam.service == KENMEN_ERR_PCSC_REFUSED)
		doctor_found(doctor, PCSCD_REFUSES, NULL);
	else if (access(socket ? socket : "/run/pcscd/pcscd.comm", F_OK) < 0)
		doctor_found(doctor, PCSCD_ABSENT, NULL);
	else
		doctor_found(doctor, PCSCD_SILENT, NULL);
}

void
check_readers(struct doctor *doctor)
{
	if (!service_works(doctor))
		doctor_found(doctor, READERS_UNKNOWN, NULL);
	else if (!doctor->exam.readers_n)
		doctor_found(doctor, READERS_NONE, NULL);
	else
		doctor_found(doctor, READERS_OK, doctor->exam.models);
}

void
check_holder(struct doctor *doctor)
{
	const struct exam *exam = &doctor->exam;
	const struct machine *machine = &doctor->machine;

	if (machine->pcscd_n > 1)
		doctor_found(doctor, HOLDER_TWO_PCSCD, NULL);
	if (!exam->readers_n && machine->scdaemon)
		doctor_found(doctor, HOLDER_SCDAEMON, NULL);
	else if (exam->exclusive_n || exam->card == KENMEN_ERR_READER_BUSY)
		doctor_found(doctor, HOLDER_EXCLUSIVE, machine->holders);
	else if (waits_for_turn(exam))
		doctor_found(doctor, HOLDER_TRANSACTION, machine->holders);
	else if (!exam->present_n)
		doctor_found(doctor, HOLDER_UNKNOWN, NULL);
	else
		doctor_found(doctor, HOLDER_NONE, NULL);
}

static void
check_counters(struct doctor *doctor)
{
	char blocked[ABOUT_MAX + 1] = "", last[ABOUT_MAX + 1] = "",
				 left[ABOUT_MAX + 1] = "", word[32];

	for (int i = 0; i < KENMEN_PIN_N; i++) {
		const char *name = pin_name((enum kenmen_pin)i);
		int tries = doctor->exam.tries[i];

		snprintf(word, sizeof(word), "%s %d", name, tries);
		if (tries == 0)
			doctor_list(blocked, name);
		else if (tries == 1)
			doctor_list(last, name);
		else if (tries > 1)
			doctor_list(left, word);
	}
	doctor_found(doctor, CARD_OK, left);
	if (blocked[0])
		doctor_found(doctor, CARD_BLOCKED, blocked);
	if (last[0])
		doctor_found(doctor, CARD_LAST_TRY, last);
}

void
check_card(struct doctor *doctor)
{
	const struct exam *exam = &doctor->exam;

	if (exam->stage == EXAM_OVER && exam->card >= 0)
		check_counters(doctor);
	else if (!service_works(doctor) || waits_for_turn(exam) ||
		 exam->card == KENMEN_ERR_READER_BUSY)
		doctor_found(doctor, CARD_UNKNOWN, NULL);
	else if (exam->card == KENMEN_ERR_PCSC_REFUSED)
		doctor_found(doctor, PCSCD_REFUSES, NULL);
	else if (!exam->present_n)
		doctor_found(doctor, CARD_NONE, NULL);
	else if (exam->card == KENMEN_ERR_NOT_MY_NUMBER_CARD)
		doctor_found(doctor, CARD_FOREIGN, NULL);
	else if (exam->mute_n || exam->card == KENMEN_ERR_NO_CARD)
		doctor_found(doctor, CARD_MUTE, NULL);
	else
		doctor_found(doctor, CARD_FAILS, NULL);
}

void
check_certificates(struct doctor *doctor)
{
	static const enum doctor_finding findings[] = {
		[VALIDITY_UNKNOWN] = CERTIFICATES_UNKNOWN,
		[VALIDITY_NONE] = CERTIFICATES_NONE,
		[VALIDITY_LONG] = CERTIFICATES_OK,
		[VALIDITY_SOON] = CERTIFICATES_SOON,
		[VALIDITY_OVER] = CERTIFICATES_OVER,
	};

	doctor_found(doctor, findings[doctor->exam.validity], NULL);
}
