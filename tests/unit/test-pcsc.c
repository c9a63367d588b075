/*
 * reader-pcsc.c over a pretended winscard: this program defines the SCard
 * functions itself, so libpcsclite's are never reached. What the real pcscd
 * does is shown end to end elsewhere; here are the answers that it gives too
 * seldom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <winscard.h>
#include <reader.h>

#include "kenmen.h"

#define NAME "Virtual PCD 00 00"
#define CONTEXT 0x1234
#define CARD 0x5678
/* What the readers of libccid say; any number would do. */
#define VERIFY_CODE 0x42330006

static struct {
	/* what the calls answer */
	LONG establish, list, status, connect, reconnect, begin, begin_again,
	    transmit, end;
	unsigned unknown_reader; /* so many status calls say so first */
	const char *names;       /* NUL after each, as pcscd has them */
	size_t names_len;
	DWORD state[KENMEN_READERS_MAX]; /* dwEventState of each reader */
	DWORD protocol;
	uint8_t rsp[8];
	DWORD rsp_len;
	/* runs when a status call may block */
	void (*meanwhile)(void);
	LONG blocking; /* what such a call answers */
	/* the keypad: what it lists as its features, what it answers */
	LONG features_code, control;
	uint8_t features[300];
	DWORD features_len, control_len;
	uint8_t control_rsp[8];

	/* what was called */
	unsigned releases, disconnects, statuses, blocks, begins, reconnects,
	    lists, feature_asks, controls;
	uint8_t control_cmd[64];
	DWORD control_cmd_len;
	DWORD disposition, end_disposition, share, protocols, pci, init;
	DWORD blocked_ms, blocked_n;
	DWORD room;
} fake;

static void
fake_start(void)
{
	static const char names[] = NAME "\0Other Reader\0";

	memset(&fake, 0, sizeof(fake));
	fake.names = names;
	fake.names_len = sizeof(names);
	fake.state[0] = 3u << 16 | SCARD_STATE_PRESENT;
	fake.state[1] = SCARD_STATE_EMPTY;
	fake.protocol = SCARD_PROTOCOL_T1;
	fake.rsp[0] = 0x90;
	fake.rsp_len = 2;
	fake.blocking = (LONG)SCARD_E_TIMEOUT;
	fake.features_code = (LONG)SCARD_E_UNSUPPORTED_FEATURE;
}

LONG
SCardEstablishContext(DWORD scope, LPCVOID a, LPCVOID b, LPSCARDCONTEXT ret)
{
	(void)a;
	(void)b;
	assert_int_equal(scope, SCARD_SCOPE_SYSTEM);
	*ret = CONTEXT;
	return fake.establish;
}

LONG
SCardReleaseContext(SCARDCONTEXT context)
{
	assert_int_equal(context, CONTEXT);
	fake.releases++;
	return SCARD_S_SUCCESS;
}

LONG
SCardListReaders(
    SCARDCONTEXT context, LPCSTR groups, LPSTR readers, LPDWORD len)
{
	assert_int_equal(context, CONTEXT);
	assert_null(groups);
	fake.lists++;
	if (fake.list != SCARD_S_SUCCESS)
		return fake.list;
	assert_true(*len >= fake.names_len);
	memcpy(readers, fake.names, fake.names_len);
	*len = fake.names_len;
	return SCARD_S_SUCCESS;
}

static size_t
name_index(const char *want)
{
	size_t i = 0;

	for (const char *n = fake.names; *n != '\0'; n += strlen(n) + 1, i++) {
		if (strcmp(n, want) == 0)
			break;
	}
	return i;
}

static bool
states_fill(SCARD_READERSTATE *states, DWORD n)
{
	bool changed = false;

	for (DWORD i = 0; i < n; i++) {
		SCARD_READERSTATE *s = &states[i];

		if (strcmp(s->szReader, "\\\\?PnP?\\Notification") == 0)
			continue;
		s->dwEventState = fake.state[name_index(s->szReader)];
		if (s->dwCurrentState == s->dwEventState)
			continue;
		s->dwEventState |= SCARD_STATE_CHANGED;
		changed = true;
	}
	return changed;
}

LONG
SCardGetStatusChange(
    SCARDCONTEXT context, DWORD timeout, SCARD_READERSTATE *states, DWORD n)
{
	assert_int_equal(context, CONTEXT);
	assert_true(n >= 1 && n <= PCSCLITE_MAX_READERS_CONTEXTS);
	fake.statuses++;
	if (fake.status != SCARD_S_SUCCESS)
		return fake.status;
	if (fake.unknown_reader > 0) {
		fake.unknown_reader--;
		return (LONG)SCARD_E_UNKNOWN_READER;
	}
	if (states_fill(states, n))
		return SCARD_S_SUCCESS;
	if (timeout == 0)
		return (LONG)SCARD_E_TIMEOUT;
	fake.blocks++;
	fake.blocked_ms += timeout;
	fake.blocked_n = n;
	if (fake.meanwhile != NULL)
		fake.meanwhile();
	if (fake.blocking != (LONG)SCARD_E_TIMEOUT)
		return fake.blocking;
	return states_fill(states, n) ? SCARD_S_SUCCESS : fake.blocking;
}

LONG
SCardConnect(SCARDCONTEXT context, LPCSTR reader, DWORD share, DWORD protocols,
    LPSCARDHANDLE ret, LPDWORD protocol)
{
	assert_int_equal(context, CONTEXT);
	assert_string_equal(reader, NAME);
	fake.share = share;
	fake.protocols = protocols;
	*ret = CARD;
	*protocol = fake.protocol;
	return fake.connect;
}

LONG
SCardReconnect(SCARDHANDLE card, DWORD share, DWORD protocols, DWORD init,
    LPDWORD protocol)
{
	assert_int_equal(card, CARD);
	assert_int_equal(share, SCARD_SHARE_SHARED);
	assert_int_equal(protocols, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
	fake.init = init;
	fake.reconnects++;
	*protocol = fake.protocol;
	return fake.reconnect;
}

LONG
SCardDisconnect(SCARDHANDLE card, DWORD disposition)
{
	assert_int_equal(card, CARD);
	fake.disconnects++;
	fake.disposition = disposition;
	return SCARD_S_SUCCESS;
}

LONG
SCardBeginTransaction(SCARDHANDLE card)
{
	assert_int_equal(card, CARD);
	return fake.begins++ == 0 ? fake.begin : fake.begin_again;
}

LONG
SCardEndTransaction(SCARDHANDLE card, DWORD disposition)
{
	assert_int_equal(card, CARD);
	fake.end_disposition = disposition;
	return fake.end;
}

LONG
SCardTransmit(SCARDHANDLE card, const SCARD_IO_REQUEST *pci, LPCBYTE cmd,
    DWORD cmd_len, SCARD_IO_REQUEST *rsp_pci, LPBYTE rsp, LPDWORD rsp_len)
{
	assert_int_equal(card, CARD);
	assert_null(rsp_pci);
	assert_true(cmd_len >= 4 && cmd[0] == 0x00);
	fake.pci = pci->dwProtocol;
	fake.room = *rsp_len;
	memcpy(rsp, fake.rsp, fake.rsp_len);
	*rsp_len = fake.rsp_len;
	return fake.transmit;
}

static LONG
features_list(LPCVOID cmd, DWORD cmd_len, LPVOID rsp, DWORD room, LPDWORD len)
{
	(void)cmd;
	assert_int_equal(cmd_len, 0);
	fake.feature_asks++;
	assert_true(room >= 256);
	memcpy(rsp, fake.features,
	    fake.features_len < room ? fake.features_len : room);
	*len = fake.features_len;
	return fake.features_code;
}

LONG
SCardControl(SCARDHANDLE card, DWORD control, LPCVOID cmd, DWORD cmd_len,
    LPVOID rsp, DWORD room, LPDWORD len)
{
	assert_int_equal(card, CARD);
	if (control == CM_IOCTL_GET_FEATURE_REQUEST)
		return features_list(cmd, cmd_len, rsp, room, len);
	assert_int_equal(control, VERIFY_CODE);
	assert_true(cmd_len <= sizeof(fake.control_cmd));
	memcpy(fake.control_cmd, cmd, cmd_len);
	fake.control_cmd_len = cmd_len;
	fake.controls++;
	memcpy(rsp, fake.control_rsp, sizeof(fake.control_rsp));
	*len = fake.control_len;
	return fake.control;
}

/* ---- the service ------------------------------------------------------ */

static struct kenmen_pcsc *
service(void)
{
	struct kenmen_pcsc *pcsc = NULL;

	assert_int_equal(kenmen_pcsc_new(&pcsc), 0);
	return pcsc;
}

static void
test_new(void **state)
{
	static const LONG refusals[] = { (LONG)SCARD_E_NO_SERVICE,
		(LONG)SCARD_E_SERVICE_STOPPED, (LONG)SCARD_F_COMM_ERROR,
		(LONG)SCARD_E_INVALID_HANDLE, (LONG)SCARD_F_INTERNAL_ERROR };
	struct kenmen_pcsc *pcsc = NULL;

	(void)state;
	fake_start();
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		fake.establish = refusals[i];
		assert_int_equal(
		    kenmen_pcsc_new(&pcsc), KENMEN_ERR_PCSC_UNAVAILABLE);
		assert_null(pcsc);
	}
	fake.establish = (LONG)SCARD_W_SECURITY_VIOLATION;
	assert_int_equal(kenmen_pcsc_new(&pcsc), KENMEN_ERR_PCSC_REFUSED);
	fake.establish = (LONG)SCARD_E_NO_MEMORY;
	assert_int_equal(kenmen_pcsc_new(&pcsc), KENMEN_ERR_NO_MEMORY);
	assert_int_equal(kenmen_pcsc_new(NULL), KENMEN_ERR_ARGUMENT);
	fake.establish = SCARD_S_SUCCESS;
	assert_int_equal(kenmen_pcsc_new(&pcsc), 0);
	assert_int_equal(fake.releases, 0);
	kenmen_pcsc_free(&pcsc);
	assert_null(pcsc);
	kenmen_pcsc_free(&pcsc);
	kenmen_pcsc_free(NULL);
	assert_int_equal(fake.releases, 1);
}

static void
test_slots(void **state)
{
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	struct kenmen_pcsc *pcsc;

	(void)state;
	fake_start();
	fake.state[1] = 0xFFFFu << 16 | SCARD_STATE_PRESENT | SCARD_STATE_MUTE |
			SCARD_STATE_EXCLUSIVE | SCARD_STATE_INUSE;
	pcsc = service();
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	assert_string_equal(slots[0].name, NAME);
	assert_true(slots[0].present && !slots[0].mute && !slots[0].exclusive);
	assert_int_equal(slots[0].events, 3);
	assert_string_equal(slots[1].name, "Other Reader");
	assert_true(slots[1].present && slots[1].mute && slots[1].exclusive);
	assert_true(!slots[0].in_use && slots[1].in_use);
	fake.state[0] |= SCARD_STATE_INUSE;
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	assert_true(slots[0].in_use && !slots[0].exclusive);
	assert_int_equal(slots[1].events, 0xFFFF);
	/* A reader that leaves between the two questions. */
	fake.unknown_reader = 2;
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	fake.unknown_reader = 100;
	assert_int_equal(
	    kenmen_pcsc_slots(pcsc, slots), KENMEN_ERR_PCSC_UNAVAILABLE);
	fake.unknown_reader = 0;
	fake.list = (LONG)SCARD_E_NO_READERS_AVAILABLE;
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 0);
	fake.list = (LONG)SCARD_E_NO_SERVICE;
	assert_int_equal(
	    kenmen_pcsc_slots(pcsc, slots), KENMEN_ERR_PCSC_UNAVAILABLE);
	fake.list = SCARD_S_SUCCESS;
	fake.status = (LONG)SCARD_F_COMM_ERROR;
	assert_int_equal(
	    kenmen_pcsc_slots(pcsc, slots), KENMEN_ERR_PCSC_UNAVAILABLE);
	assert_int_equal(kenmen_pcsc_slots(NULL, slots), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_pcsc_slots(pcsc, NULL), KENMEN_ERR_ARGUMENT);
	kenmen_pcsc_free(&pcsc);
}

/* As many readers as pcscd has, with names as long as it has them. */
static void
test_slots_full(void **state)
{
	static char names[16 * 128 + 1];
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	struct kenmen_pcsc *pcsc;

	(void)state;
	fake_start();
	memset(names, 'n', sizeof(names));
	for (int i = 0; i < 16; i++) {
		names[i * 128] = (char)('A' + i);
		names[i * 128 + 127] = '\0';
	}
	names[16 * 128] = '\0';
	fake.names = names;
	fake.names_len = sizeof(names);
	pcsc = service();
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 16);
	assert_int_equal(strlen(slots[15].name), 127);
	assert_int_equal(slots[15].name[0], 'P');
	/* The 17th, the one of pcscd itself, would be one too many. */
	for (int i = 0; i < 16; i++)
		fake.state[i] = SCARD_STATE_EMPTY;
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 16);
	assert_int_equal(kenmen_pcsc_wait(pcsc, 5), 0);
	assert_int_equal(fake.blocked_n, 16);
	kenmen_pcsc_free(&pcsc);
}

/* ---- waiting ---------------------------------------------------------- */

static void
card_comes(void)
{
	fake.state[1] = 1u << 16 | SCARD_STATE_PRESENT;
}

/* pcscd says so of its pseudo reader only. */
static void
reader_comes(void)
{
	fake.blocking = SCARD_S_SUCCESS;
}

static void
reader_goes(void)
{
	fake.blocking = (LONG)SCARD_E_UNKNOWN_READER;
}

static void
pcscd_dies(void)
{
	fake.blocking = (LONG)SCARD_F_COMM_ERROR;
}

static int
wait_meanwhile(void (*meanwhile)(void), int timeout_ms)
{
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	struct kenmen_pcsc *pcsc;
	int r;

	fake_start();
	pcsc = service();
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	fake.meanwhile = meanwhile;
	r = kenmen_pcsc_wait(pcsc, timeout_ms);
	kenmen_pcsc_free(&pcsc);
	return r;
}

static void
test_wait(void **state)
{
	(void)state;
	assert_int_equal(wait_meanwhile(NULL, 700), 0);
	assert_int_equal(fake.blocked_ms, 700);
	assert_int_equal(fake.blocked_n, 3);
	assert_int_equal(wait_meanwhile(NULL, 0), 0);
	assert_int_equal(fake.blocks, 0);
	/* Long waits in slices: a reader that came between the count and the
	 * call is seen at the next. */
	assert_int_equal(wait_meanwhile(NULL, 25000), 0);
	assert_int_equal(fake.blocks, 3);
	assert_int_equal(fake.blocked_ms, 25000);
	assert_int_equal(wait_meanwhile(card_comes, -1), 1);
	assert_int_equal(wait_meanwhile(card_comes, 100), 1);
	assert_int_equal(wait_meanwhile(reader_comes, -1), 1);
	assert_int_equal(wait_meanwhile(reader_goes, -1), 1);
	assert_int_equal(
	    wait_meanwhile(pcscd_dies, -1), KENMEN_ERR_PCSC_UNAVAILABLE);
	assert_int_equal(wait_meanwhile(NULL, -2), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_pcsc_wait(NULL, 0), KENMEN_ERR_ARGUMENT);
}

/* What happened after kenmen_pcsc_slots and before kenmen_pcsc_wait. */
static void
test_wait_missed_nothing(void **state)
{
	static const char one[] = NAME "\0";
	static const char renamed[] = NAME "\0Third Reader\0";
	struct kenmen_slot slots[KENMEN_READERS_MAX];
	struct kenmen_pcsc *pcsc;

	(void)state;
	fake_start();
	pcsc = service();
	/* Nothing was told yet: two readers are news. */
	assert_int_equal(kenmen_pcsc_wait(pcsc, -1), 1);
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	assert_int_equal(kenmen_pcsc_wait(pcsc, 5), 0);
	/* A swap: present before and after, only the counter tells. */
	fake.state[0] = 5u << 16 | SCARD_STATE_PRESENT;
	assert_int_equal(kenmen_pcsc_wait(pcsc, -1), 1);
	/* Not looked at since: still news. */
	assert_int_equal(kenmen_pcsc_wait(pcsc, -1), 1);
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	assert_int_equal(kenmen_pcsc_wait(pcsc, 5), 0);
	/* Our own use of the card is none. */
	fake.state[0] |= SCARD_STATE_INUSE;
	assert_int_equal(kenmen_pcsc_wait(pcsc, 5), 0);
	fake.state[0] |= SCARD_STATE_EXCLUSIVE;
	assert_int_equal(kenmen_pcsc_wait(pcsc, -1), 1);
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	fake.names = renamed;
	fake.names_len = sizeof(renamed);
	assert_int_equal(kenmen_pcsc_wait(pcsc, -1), 1);
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 2);
	fake.names = one;
	fake.names_len = sizeof(one);
	assert_int_equal(kenmen_pcsc_wait(pcsc, -1), 1);
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 1);
	fake.list = (LONG)SCARD_E_NO_READERS_AVAILABLE;
	assert_int_equal(kenmen_pcsc_wait(pcsc, -1), 1);
	assert_int_equal(kenmen_pcsc_slots(pcsc, slots), 0);
	assert_int_equal(kenmen_pcsc_wait(pcsc, 5), 0);
	assert_int_equal(fake.blocked_n, 1); /* only the pseudo reader */
	kenmen_pcsc_free(&pcsc);
}

/* ---- one reader ------------------------------------------------------- */

static struct kenmen_pcsc *pcsc_of_reader;

static struct kenmen_reader
reader_new(void)
{
	struct kenmen_reader reader;

	fake_start();
	pcsc_of_reader = service();
	assert_int_equal(kenmen_pcsc_reader(pcsc_of_reader, NAME, &reader), 0);
	return reader;
}

static void
reader_done(struct kenmen_reader *reader)
{
	reader->ops->close(reader->arg);
	kenmen_pcsc_free(&pcsc_of_reader);
}

static void
test_reader_arguments(void **state)
{
	struct kenmen_reader reader = reader_new(), other;
	uint8_t rsp[16];
	size_t len = sizeof(rsp);
	char name[KENMEN_READER_NAME_MAX + 2];

	(void)state;
	memset(name, 'n', sizeof(name));
	name[KENMEN_READER_NAME_MAX + 1] = '\0';
	assert_int_equal(kenmen_pcsc_reader(pcsc_of_reader, name, &other),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    kenmen_pcsc_reader(NULL, NAME, &other), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_pcsc_reader(pcsc_of_reader, NULL, &other),
	    KENMEN_ERR_ARGUMENT);
	/* Not connected yet. */
	assert_int_equal(reader.ops->begin(reader.arg), KENMEN_ERR_ARGUMENT);
	assert_int_equal(
	    reader.ops->end(reader.arg, false), KENMEN_ERR_ARGUMENT);
	assert_int_equal(reader.ops->transmit(reader.arg, rsp, 4, rsp, &len),
	    KENMEN_ERR_ARGUMENT);
	assert_int_equal(reader.ops->still_there(reader.arg), 0);
	assert_null(reader.ops->verify_pinpad);
	reader_done(&reader);
	assert_int_equal(fake.disconnects, 0);
}

struct mapping {
	LONG code;
	int want;
};

static void
test_connect(void **state)
{
	static const struct mapping mappings[] = {
		{ SCARD_S_SUCCESS, 0 },
		{ (LONG)SCARD_E_SHARING_VIOLATION, KENMEN_ERR_READER_BUSY },
		{ (LONG)SCARD_E_NO_SMARTCARD, KENMEN_ERR_NO_CARD },
		{ (LONG)SCARD_W_REMOVED_CARD, KENMEN_ERR_NO_CARD },
		{ (LONG)SCARD_W_UNPOWERED_CARD, KENMEN_ERR_NO_CARD },
		{ (LONG)SCARD_W_UNRESPONSIVE_CARD, KENMEN_ERR_NO_CARD },
		{ (LONG)SCARD_W_UNSUPPORTED_CARD, KENMEN_ERR_NO_CARD },
		{ (LONG)SCARD_E_PROTO_MISMATCH, KENMEN_ERR_NO_CARD },
		{ (LONG)SCARD_E_UNKNOWN_READER, KENMEN_ERR_NO_READER },
		{ (LONG)SCARD_E_READER_UNAVAILABLE, KENMEN_ERR_NO_READER },
		{ (LONG)SCARD_E_NO_SERVICE, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_F_COMM_ERROR, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_E_INVALID_HANDLE, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_W_SECURITY_VIOLATION, KENMEN_ERR_PCSC_REFUSED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		struct kenmen_reader reader = reader_new();

		fake.connect = mappings[i].code;
		assert_int_equal(
		    reader.ops->connect(reader.arg), mappings[i].want);
		assert_int_equal(fake.share, SCARD_SHARE_SHARED);
		assert_int_equal(
		    fake.protocols, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1);
		assert_int_equal(
		    reader.ops->still_there(reader.arg), mappings[i].want == 0);
		reader_done(&reader);
		assert_int_equal(fake.disconnects, mappings[i].want == 0);
		if (mappings[i].want == 0)
			assert_int_equal(fake.disposition, SCARD_UNPOWER_CARD);
	}
}

static void
test_connect_before_the_card(void **state)
{
	struct kenmen_reader reader = reader_new();

	(void)state;
	fake.state[0] = SCARD_STATE_EMPTY;
	assert_int_equal(reader.ops->connect(reader.arg), KENMEN_ERR_NO_CARD);
	fake.unknown_reader = 1;
	assert_int_equal(reader.ops->connect(reader.arg), KENMEN_ERR_NO_READER);
	fake.status = (LONG)SCARD_E_NO_SERVICE;
	assert_int_equal(
	    reader.ops->connect(reader.arg), KENMEN_ERR_PCSC_UNAVAILABLE);
	assert_int_equal(fake.share, 0); /* SCardConnect was not called */
	fake.status = SCARD_S_SUCCESS;
	fake.state[0] = SCARD_STATE_PRESENT;
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	/* Once more lets the old handle go, without touching the card. */
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	assert_int_equal(fake.disconnects, 1);
	assert_int_equal(fake.disposition, SCARD_LEAVE_CARD);
	reader_done(&reader);
	assert_int_equal(fake.disconnects, 2);
}

static void
test_still_there(void **state)
{
	struct kenmen_reader reader = reader_new();

	(void)state;
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	assert_int_equal(reader.ops->still_there(reader.arg), 1);
	fake.state[0] |= SCARD_STATE_INUSE;
	assert_int_equal(reader.ops->still_there(reader.arg), 1);
	fake.state[0] = 4u << 16 | SCARD_STATE_EMPTY;
	assert_int_equal(reader.ops->still_there(reader.arg), 0);
	fake.state[0] = 5u << 16 | SCARD_STATE_PRESENT; /* swapped */
	assert_int_equal(reader.ops->still_there(reader.arg), 0);
	fake.unknown_reader = 1; /* unplugged */
	assert_int_equal(reader.ops->still_there(reader.arg), 0);
	fake.status = (LONG)SCARD_F_COMM_ERROR;
	assert_int_equal(
	    reader.ops->still_there(reader.arg), KENMEN_ERR_PCSC_UNAVAILABLE);
	reader_done(&reader);
}

static void
test_begin_end(void **state)
{
	static const struct mapping mappings[] = {
		{ SCARD_S_SUCCESS, 0 },
		{ (LONG)SCARD_W_REMOVED_CARD, KENMEN_ERR_CARD_REMOVED },
		{ (LONG)SCARD_E_SHARING_VIOLATION, KENMEN_ERR_READER_BUSY },
		{ (LONG)SCARD_E_INVALID_HANDLE, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_E_READER_UNAVAILABLE, KENMEN_ERR_NO_READER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		struct kenmen_reader reader = reader_new();

		assert_int_equal(reader.ops->connect(reader.arg), 0);
		fake.begin = fake.end = mappings[i].code;
		assert_int_equal(
		    reader.ops->begin(reader.arg), mappings[i].want);
		assert_int_equal(fake.begins, 1);
		assert_int_equal(fake.reconnects, 0);
		assert_int_equal(
		    reader.ops->end(reader.arg, false), mappings[i].want);
		assert_int_equal(fake.end_disposition, SCARD_LEAVE_CARD);
		assert_int_equal(
		    reader.ops->end(reader.arg, true), mappings[i].want);
		assert_int_equal(fake.end_disposition, SCARD_UNPOWER_CARD);
		reader_done(&reader);
	}
}

/* Another program reset the card: reconnect once, and only once. */
static void
test_begin_after_reset(void **state)
{
	static const LONG reset = (LONG)SCARD_W_RESET_CARD;
	static const struct {
		LONG reconnect, again;
		int want;
		unsigned begins;
	} cases[] = {
		{ SCARD_S_SUCCESS, SCARD_S_SUCCESS, 0, 2 },
		{ SCARD_S_SUCCESS, (LONG)SCARD_W_RESET_CARD,
		    KENMEN_ERR_CARD_RESET, 2 },
		{ (LONG)SCARD_W_REMOVED_CARD, 0, KENMEN_ERR_CARD_REMOVED, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kenmen_reader reader = reader_new();

		assert_int_equal(reader.ops->connect(reader.arg), 0);
		fake.begin = reset;
		fake.reconnect = cases[i].reconnect;
		fake.begin_again = cases[i].again;
		assert_int_equal(reader.ops->begin(reader.arg), cases[i].want);
		assert_int_equal(fake.reconnects, 1);
		assert_int_equal(fake.init, SCARD_LEAVE_CARD);
		assert_int_equal(fake.begins, cases[i].begins);
		reader_done(&reader);
	}
}

static int
transmit(struct kenmen_reader *reader, size_t *ret_len)
{
	static uint8_t rsp[KENMEN_RESPONSE_MAX];
	static const uint8_t cmd[] = { 0x00, 0x20, 0x00, 0x91 };

	*ret_len = sizeof(rsp);
	return reader->ops->transmit(
	    reader->arg, cmd, sizeof(cmd), rsp, ret_len);
}

static void
test_transmit(void **state)
{
	static const struct mapping mappings[] = {
		{ SCARD_S_SUCCESS, 0 },
		{ (LONG)SCARD_W_REMOVED_CARD, KENMEN_ERR_CARD_REMOVED },
		{ (LONG)SCARD_E_NO_SMARTCARD, KENMEN_ERR_CARD_REMOVED },
		{ (LONG)SCARD_W_RESET_CARD, KENMEN_ERR_CARD_RESET },
		{ (LONG)SCARD_E_NOT_TRANSACTED, KENMEN_ERR_TRANSMIT },
		{ (LONG)SCARD_E_INSUFFICIENT_BUFFER, KENMEN_ERR_TRANSMIT },
		{ (LONG)SCARD_F_COMM_ERROR, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_E_NO_SERVICE, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_E_READER_UNAVAILABLE, KENMEN_ERR_NO_READER },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		struct kenmen_reader reader = reader_new();
		size_t len;

		fake.protocol = i % 2 ? SCARD_PROTOCOL_T0 : SCARD_PROTOCOL_T1;
		assert_int_equal(reader.ops->connect(reader.arg), 0);
		fake.transmit = mappings[i].code;
		assert_int_equal(transmit(&reader, &len), mappings[i].want);
		assert_int_equal(fake.pci, fake.protocol);
		assert_int_equal(fake.room, KENMEN_RESPONSE_MAX);
		if (mappings[i].want == 0)
			assert_int_equal(len, 2);
		reader_done(&reader);
	}
}

static void
card_goes(void)
{
	fake.state[0] = 4u << 16 | SCARD_STATE_EMPTY;
}

static void
card_is_swapped(void)
{
	fake.state[0] = 5u << 16 | SCARD_STATE_PRESENT;
}

static void
somebody_connects(void)
{
	fake.state[0] |= SCARD_STATE_INUSE;
}

/*
 * 80100016, and success without a status word, is pulled or refused; pcscd
 * knows which a moment later.
 */
static void
test_not_transacted(void **state)
{
	static const struct {
		void (*before)(void), (*meanwhile)(void);
		int want;
	} cases[] = {
		{ NULL, NULL, KENMEN_ERR_TRANSMIT },
		{ card_goes, NULL, KENMEN_ERR_CARD_REMOVED },
		{ card_is_swapped, NULL, KENMEN_ERR_CARD_REMOVED },
		{ NULL, card_goes, KENMEN_ERR_CARD_REMOVED },
		{ NULL, card_is_swapped, KENMEN_ERR_CARD_REMOVED },
		{ NULL, pcscd_dies, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ somebody_connects, NULL, KENMEN_ERR_TRANSMIT },
	};
	static const struct {
		LONG code;
		DWORD len;
	} ways[] = {
		{ (LONG)SCARD_E_NOT_TRANSACTED, 2 },
		{ SCARD_S_SUCCESS, 0 },
		{ SCARD_S_SUCCESS, 1 },
	};
	const size_t ways_n = sizeof(ways) / sizeof(ways[0]);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) * ways_n; i++) {
		struct kenmen_reader reader = reader_new();
		size_t len;

		assert_int_equal(reader.ops->connect(reader.arg), 0);
		fake.transmit = ways[i % ways_n].code;
		fake.rsp_len = ways[i % ways_n].len;
		if (cases[i / ways_n].before != NULL)
			cases[i / ways_n].before();
		fake.meanwhile = cases[i / ways_n].meanwhile;
		assert_int_equal(
		    transmit(&reader, &len), cases[i / ways_n].want);
		assert_true(fake.blocked_ms <= 1000);
		reader_done(&reader);
	}
}

/* ---- a keypad --------------------------------------------------------- */

static void
features_set(const uint8_t *list, size_t len)
{
	memcpy(fake.features, list, len);
	fake.features_len = len;
	fake.features_code = SCARD_S_SUCCESS;
}

/* VERIFY_PIN_DIRECT between two others, as libccid lists it. */
static const uint8_t features[] = { FEATURE_MODIFY_PIN_DIRECT, 4, 0x42, 0x33,
	0x00, 0x07, FEATURE_VERIFY_PIN_DIRECT, 4, 0x42, 0x33, 0x00, 0x06,
	FEATURE_GET_TLV_PROPERTIES, 4, 0x42, 0x33, 0x00, 0x12 };

static bool
keypad_seen(void)
{
	struct kenmen_pcsc *pcsc = service();
	struct kenmen_reader reader;
	bool seen;

	assert_int_equal(kenmen_pcsc_reader(pcsc, NAME, &reader), 0);
	assert_null(reader.ops->verify_pinpad);
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	seen = reader.ops->verify_pinpad != NULL;
	reader.ops->close(reader.arg);
	kenmen_pcsc_free(&pcsc);
	return seen;
}

static void
test_keypad_found(void **state)
{
	static const uint8_t odd[] = { 0x42, 0, FEATURE_VERIFY_PIN_DIRECT, 5, 1,
		2, 3, 4, 5, FEATURE_VERIFY_PIN_DIRECT, 4, 0x42, 0x33, 0, 6 };
	static const uint8_t none[] = { FEATURE_MODIFY_PIN_DIRECT, 4, 0x42,
		0x33, 0x00, 0x07 };
	static const uint8_t zero[] = { FEATURE_VERIFY_PIN_DIRECT, 4, 0, 0, 0,
		0 };

	(void)state;
	fake_start();
	assert_false(keypad_seen());
	assert_int_equal(fake.feature_asks, 1);
	features_set(features, sizeof(features));
	assert_true(keypad_seen());
	assert_int_equal(fake.controls, 0);
	fake.features_code = (LONG)SCARD_E_NOT_TRANSACTED;
	assert_false(keypad_seen());
	features_set(odd, sizeof(odd));
	assert_true(keypad_seen());
	features_set(none, sizeof(none));
	assert_false(keypad_seen());
	features_set(zero, sizeof(zero));
	assert_false(keypad_seen());
	/* A list cut short anywhere is no keypad, and no byte past it is read.
	 */
	for (size_t n = 0; n < 12; n++) {
		features_set(features, n);
		assert_false(keypad_seen());
	}
	features_set(features, sizeof(features));
	fake.features_len = 70000; /* a length that lies */
	assert_false(keypad_seen());
}

/* Another reader under the same name, without one. */
/* Asked of the reader without its card, which is left as it is. */
static void
test_keypad_asked(void **state)
{
	static const struct {
		LONG connect;
		int want;
	} refusals[] = {
		{ (LONG)SCARD_E_SHARING_VIOLATION, KENMEN_ERR_READER_BUSY },
		{ (LONG)SCARD_E_UNKNOWN_READER, KENMEN_ERR_NO_READER },
		{ (LONG)SCARD_E_READER_UNAVAILABLE, KENMEN_ERR_NO_READER },
		{ (LONG)SCARD_F_COMM_ERROR, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_F_UNKNOWN_ERROR, KENMEN_ERR_PCSC_UNAVAILABLE },
	};
	struct kenmen_pcsc *pcsc;

	(void)state;
	fake_start();
	pcsc = service();
	assert_int_equal(kenmen_pcsc_keypad(pcsc, NAME), 0);
	assert_int_equal(fake.share, SCARD_SHARE_DIRECT);
	assert_int_equal(fake.protocols, 0);
	features_set(features, sizeof(features));
	assert_int_equal(kenmen_pcsc_keypad(pcsc, NAME), 1);
	assert_int_equal(fake.disconnects, 2);
	assert_int_equal(fake.disposition, SCARD_LEAVE_CARD);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		fake.connect = refusals[i].connect;
		assert_int_equal(
		    kenmen_pcsc_keypad(pcsc, NAME), refusals[i].want);
	}
	assert_int_equal(fake.disconnects, 2);
	assert_int_equal(fake.controls, 0);
	assert_int_equal(kenmen_pcsc_keypad(NULL, NAME), KENMEN_ERR_ARGUMENT);
	assert_int_equal(kenmen_pcsc_keypad(pcsc, NULL), KENMEN_ERR_ARGUMENT);
	kenmen_pcsc_free(&pcsc);
}

static void
test_keypad_gone(void **state)
{
	struct kenmen_reader reader = reader_new();

	(void)state;
	features_set(features, sizeof(features));
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	assert_non_null(reader.ops->verify_pinpad);
	fake.features_code = (LONG)SCARD_E_UNSUPPORTED_FEATURE;
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	assert_null(reader.ops->verify_pinpad);
	reader_done(&reader);
}

static int
keypad_verify(struct kenmen_reader *reader, uint16_t *ret_sw)
{
	static const struct kenmen_pinpad_verify form = {
		.command = { 0x00, 0x20, 0x00, 0x92, 0x00 },
		.min_len = 12,
		.max_len = 14,
		.timeout_s = 30,
	};

	return reader->ops->verify_pinpad(reader->arg, &form, ret_sw);
}

/* PC/SC part 10, 2.6.1, byte for byte (on a little-endian machine). */
static void
test_keypad_form(void **state)
{
	static const uint8_t want[] = { 30, 30, 0x82, 0x00, 0x00, 14, 12, 0x02,
		0xFF, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00,
		0x00, 0x00, 0x20, 0x00, 0x92, 0x00 };
	struct kenmen_reader reader = reader_new();
	uint16_t sw = 0;

	(void)state;
	features_set(features, sizeof(features));
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	fake.control_rsp[0] = 0x63;
	fake.control_rsp[1] = 0xC2;
	fake.control_len = 2;
	assert_int_equal(keypad_verify(&reader, &sw), 0);
	assert_int_equal(sw, 0x63C2);
	assert_int_equal(fake.controls, 1);
	assert_int_equal(fake.control_cmd_len, sizeof(want));
	assert_memory_equal(fake.control_cmd, want, sizeof(want));
	reader_done(&reader);
}

/* As for any exchange: it may have reached the card. */
static void
test_keypad_failures(void **state)
{
	static const struct mapping mappings[] = {
		{ (LONG)SCARD_W_REMOVED_CARD, KENMEN_ERR_CARD_REMOVED },
		{ (LONG)SCARD_E_NO_SMARTCARD, KENMEN_ERR_CARD_REMOVED },
		{ (LONG)SCARD_W_RESET_CARD, KENMEN_ERR_CARD_RESET },
		{ (LONG)SCARD_E_NOT_TRANSACTED, KENMEN_ERR_TRANSMIT },
		{ (LONG)SCARD_E_UNSUPPORTED_FEATURE, KENMEN_ERR_TRANSMIT },
		{ (LONG)SCARD_F_COMM_ERROR, KENMEN_ERR_PCSC_UNAVAILABLE },
		{ (LONG)SCARD_E_READER_UNAVAILABLE, KENMEN_ERR_NO_READER },
	};
	struct kenmen_reader reader;
	uint16_t sw = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
		reader = reader_new();
		features_set(features, sizeof(features));
		assert_int_equal(reader.ops->connect(reader.arg), 0);
		fake.control = mappings[i].code;
		assert_int_equal(keypad_verify(&reader, &sw), mappings[i].want);
		assert_int_equal(fake.controls, 1);
		reader_done(&reader);
	}
	reader = reader_new();
	features_set(features, sizeof(features));
	assert_int_equal(reader.ops->connect(reader.arg), 0);
	for (fake.control_len = 0; fake.control_len < 2; fake.control_len++)
		assert_int_equal(
		    keypad_verify(&reader, &sw), KENMEN_ERR_TRANSMIT);
	fake.control_len = 70000;
	assert_int_equal(keypad_verify(&reader, &sw), KENMEN_ERR_TRANSMIT);
	card_goes();
	fake.control_len = 0;
	assert_int_equal(keypad_verify(&reader, &sw), KENMEN_ERR_CARD_REMOVED);
	assert_int_equal(sw, 77);
	reader_done(&reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_slots_full),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_wait_missed_nothing),
		cmocka_unit_test(test_reader_arguments),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_connect_before_the_card),
		cmocka_unit_test(test_still_there),
		cmocka_unit_test(test_begin_end),
		cmocka_unit_test(test_begin_after_reset),
		cmocka_unit_test(test_transmit),
		cmocka_unit_test(test_not_transacted),
		cmocka_unit_test(test_keypad_found),
		cmocka_unit_test(test_keypad_asked),
		cmocka_unit_test(test_keypad_gone),
		cmocka_unit_test(test_keypad_form),
		cmocka_unit_test(test_keypad_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
