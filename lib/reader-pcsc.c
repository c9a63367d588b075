/*
 * Readers behind pcscd. The only file that knows winscard.h. What pcscd does
 * is cited after pcsc-lite 1.9.9.
 */
#include "kenmen.h"

#include <stdlib.h>
#include <string.h>
#include <winscard.h>
#include <reader.h>

/* A pseudo reader whose state changes when readers come or go. */
#define PNP_NAME "\\\\?PnP?\\Notification"
/*
 * SCardGetStatusChange counts the readers when it is called: one that comes
 * between our own look and that call would go unseen. So look again by then.
 */
#define SLICE_MS 10000
/* pcscd looks after a card every 400 ms where a reader does not tell. */
#define SETTLE_MS 600
/* Six bytes for each of the features of PC/SC part 10, and some. */
#define FEATURES_ROOM 512
#define PROTOCOLS (SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1)
/* What a struct kenmen_slot is made of, and so counts as a change. */
#define STATE_BITS                                                             \
	(SCARD_STATE_PRESENT | SCARD_STATE_MUTE | SCARD_STATE_EXCLUSIVE)

_Static_assert(MAX_READERNAME <= KENMEN_READER_NAME_MAX + 1, "names fit");
_Static_assert(PCSCLITE_MAX_READERS_CONTEXTS <= KENMEN_READERS_MAX, "all fit");

/* All readers at one moment. */
struct look {
	size_t n;
	/* The row ends with an empty name, and with one more NUL of ours. */
	char names[KENMEN_READERS_MAX * (KENMEN_READER_NAME_MAX + 1) + 2];
	SCARD_READERSTATE states[KENMEN_READERS_MAX + 1]; /* +1: PnP */
};

struct kenmen_pcsc {
	SCARDCONTEXT context;
	struct look told; /* what kenmen_pcsc_slots said last */
};

/* ---- errors ----------------------------------------------------------- */

/* clang-format off */
static const struct {
	LONG code;
	enum kenmen_err err;
} errors[] = {
	{ SCARD_E_NO_MEMORY,            KENMEN_ERR_NO_MEMORY },
	{ SCARD_E_NO_SERVICE,           KENMEN_ERR_PCSC_UNAVAILABLE },
	{ SCARD_E_SERVICE_STOPPED,      KENMEN_ERR_PCSC_UNAVAILABLE },
	/* What a context says whose pcscd died. */
	{ SCARD_F_COMM_ERROR,           KENMEN_ERR_PCSC_UNAVAILABLE },
	{ SCARD_E_INVALID_HANDLE,       KENMEN_ERR_PCSC_UNAVAILABLE },
	/* polkit does not let us. */
	{ SCARD_W_SECURITY_VIOLATION,   KENMEN_ERR_PCSC_REFUSED },
	{ SCARD_E_READER_UNAVAILABLE,   KENMEN_ERR_NO_READER },
	{ SCARD_E_UNKNOWN_READER,       KENMEN_ERR_NO_READER },
	{ SCARD_E_NO_READERS_AVAILABLE, KENMEN_ERR_NO_READER },
	{ SCARD_E_NO_SMARTCARD,         KENMEN_ERR_NO_CARD },
	{ SCARD_W_UNPOWERED_CARD,       KENMEN_ERR_NO_CARD },
	{ SCARD_W_UNRESPONSIVE_CARD,    KENMEN_ERR_NO_CARD },
	{ SCARD_W_REMOVED_CARD,         KENMEN_ERR_CARD_REMOVED },
	{ SCARD_W_RESET_CARD,           KENMEN_ERR_CARD_RESET },
	{ SCARD_E_SHARING_VIOLATION,    KENMEN_ERR_READER_BUSY },
	{ SCARD_E_TIMEOUT,              KENMEN_ERR_TIMEOUT },
};
/* clang-format on */

/* 0, or KENMEN_ERR_*; TRANSMIT stands for all that is not listed. */
static int
pcsc_err(LONG code)
{
	if (code == SCARD_S_SUCCESS)
		return 0;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		if (errors[i].code == code)
			return errors[i].err;
	}
	return KENMEN_ERR_TRANSMIT;
}

/* The same for calls that send nothing to a card: without a known reason it
 * is pcscd that does not work. */
static int
pcsc_service_err(LONG code)
{
	int r = pcsc_err(code);

	return r == KENMEN_ERR_TRANSMIT ? KENMEN_ERR_PCSC_UNAVAILABLE : r;
}

/* ---- the service and its slots ---------------------------------------- */

int
kenmen_pcsc_new(struct kenmen_pcsc **ret)
{
	struct kenmen_pcsc *pcsc;
	int r;

	if (ret == NULL)
		return KENMEN_ERR_ARGUMENT;
	if ((pcsc = calloc(1, sizeof(*pcsc))) == NULL)
		return KENMEN_ERR_NO_MEMORY;
	r = pcsc_service_err(SCardEstablishContext(
	    SCARD_SCOPE_SYSTEM, NULL, NULL, &pcsc->context));
	if (r < 0) {
		free(pcsc);
		return r;
	}
	*ret = pcsc;
	return 0;
}

void
kenmen_pcsc_free(struct kenmen_pcsc **pcsc)
{
	if (pcsc == NULL || *pcsc == NULL)
		return;
	SCardReleaseContext((*pcsc)->context);
	free(*pcsc);
	*pcsc = NULL;
}

/* Names only; the states are set to "not known". */
static int
look_list(struct kenmen_pcsc *pcsc, struct look *look)
{
	DWORD len = sizeof(look->names) - 1;
	LONG code;
	int r;

	memset(look, 0, sizeof(*look));
	code = SCardListReaders(pcsc->context, NULL, look->names, &len);
	if (code == SCARD_E_NO_READERS_AVAILABLE)
		return 0;
	if ((r = pcsc_service_err(code)) < 0)
		return r;
	/* Names one after the other, each with its NUL; an empty one ends. */
	for (char *name = look->names;
	     *name != '\0' && look->n < KENMEN_READERS_MAX;
	     name += strlen(name) + 1)
		look->states[look->n++].szReader = name;
	return 0;
}

/* Asks for the states of now; UNAWARE answers at once. */
static int
look_states(struct kenmen_pcsc *pcsc, struct look *look)
{
	if (look->n == 0)
		return 0;
	return pcsc_service_err(SCardGetStatusChange(
	    pcsc->context, 0, look->states, (DWORD)look->n));
}

static int
look_take(struct kenmen_pcsc *pcsc, struct look *look)
{
	int r, attempts = 3;

	/* A reader may leave between the two questions. */
	do {
		if ((r = look_list(pcsc, look)) < 0)
			return r;
		r = look_states(pcsc, look);
	} while (r == KENMEN_ERR_NO_READER && --attempts > 0);
	return r == KENMEN_ERR_NO_READER ? KENMEN_ERR_PCSC_UNAVAILABLE : r;
}

/* pcscd counts insertions and removals in the upper half. */
static uint32_t
state_events(const SCARD_READERSTATE *state)
{
	return (uint32_t)(state->dwEventState >> 16 & 0xFFFF);
}

static bool
look_differs(const struct look *a, const struct look *b)
{
	if (a->n != b->n)
		return true;
	for (size_t i = 0; i < a->n; i++) {
		const SCARD_READERSTATE *x = &a->states[i], *y = &b->states[i];

		if (strcmp(x->szReader, y->szReader) != 0 ||
		    state_events(x) != state_events(y) ||
		    ((x->dwEventState ^ y->dwEventState) & STATE_BITS) != 0)
			return true;
	}
	return false;
}

/* Copies, with the names' addresses moved along. */
static void
look_copy(struct look *to, const struct look *from)
{
	*to = *from;
	for (size_t i = 0; i < from->n; i++)
		to->states[i].szReader =
		    to->names + (from->states[i].szReader - from->names);
}

static void
slot_fill(struct kenmen_slot *slot, const SCARD_READERSTATE *state)
{
	memset(slot, 0, sizeof(*slot));
	strncpy(slot->name, state->szReader, KENMEN_READER_NAME_MAX);
	slot->present = (state->dwEventState & SCARD_STATE_PRESENT) != 0;
	slot->mute = (state->dwEventState & SCARD_STATE_MUTE) != 0;
	slot->exclusive = (state->dwEventState & SCARD_STATE_EXCLUSIVE) != 0;
	slot->in_use =
	    slot->exclusive || (state->dwEventState & SCARD_STATE_INUSE) != 0;
	slot->events = state_events(state);
}

int
kenmen_pcsc_slots(struct kenmen_pcsc *pcsc, struct kenmen_slot *slots)
{
	struct look now;
	int r;

	if (pcsc == NULL || slots == NULL)
		return KENMEN_ERR_ARGUMENT;
	if ((r = look_take(pcsc, &now)) < 0)
		return r;
	look_copy(&pcsc->told, &now);
	for (size_t i = 0; i < now.n; i++)
		slot_fill(&slots[i], &now.states[i]);
	return (int)now.n;
}

/* Blocks until something differs from now: 1, or 0 after ms. */
static int
look_wait(struct kenmen_pcsc *pcsc, struct look *now, DWORD ms)
{
	size_t n = now->n;
	LONG code;
	int r;

	for (size_t i = 0; i < n; i++)
		now->states[i].dwCurrentState =
		    now->states[i].dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	/* pcscd takes 16 at most; with that many readers none can come. */
	if (n < PCSCLITE_MAX_READERS_CONTEXTS)
		now->states[n++].szReader = PNP_NAME;
	code = SCardGetStatusChange(pcsc->context, ms, now->states, (DWORD)n);
	r = pcsc_service_err(code);
	if (r == KENMEN_ERR_TIMEOUT)
		return 0;
	return r == 0 || r == KENMEN_ERR_NO_READER ? 1 : r;
}

int
kenmen_pcsc_wait(struct kenmen_pcsc *pcsc, int timeout_ms)
{
	struct look now;
	int r, slice;

	if (pcsc == NULL || timeout_ms < -1)
		return KENMEN_ERR_ARGUMENT;
	do {
		if ((r = look_take(pcsc, &now)) < 0)
			return r;
		if (look_differs(&now, &pcsc->told))
			return 1;
		slice = SLICE_MS;
		if (timeout_ms >= 0 && timeout_ms < slice)
			slice = timeout_ms;
		if ((r = look_wait(pcsc, &now, (DWORD)slice)) != 0)
			return r;
		if (timeout_ms > 0)
			timeout_ms -= slice;
	} while (timeout_ms != 0);
	return 0;
}

/* ---- what a reader can do ---------------------------------------------- */

/* PC/SC part 10, 2.2: the control code of a feature among what a reader
 * lists, tag, length 4, code in big-endian; 0: not there. */
static DWORD
feature_code(const uint8_t *list, size_t len, uint8_t tag)
{
	while (len >= 2 && (size_t)list[1] + 2 <= len) {
		size_t n = (size_t)list[1] + 2;

		if (list[0] == tag && list[1] == 4)
			return (DWORD)list[2] << 24 | (DWORD)list[3] << 16 |
			       (DWORD)list[4] << 8 | list[5];
		list += n;
		len -= n;
	}
	return 0;
}

/* Most readers have none and say so by an error. */
static DWORD
keypad_find(SCARDHANDLE reader)
{
	uint8_t list[FEATURES_ROOM];
	DWORD len = 0;
	LONG code = SCardControl(reader, CM_IOCTL_GET_FEATURE_REQUEST, NULL, 0,
	    list, sizeof(list), &len);

	if (code != SCARD_S_SUCCESS || len > sizeof(list))
		return 0;
	return feature_code(list, len, FEATURE_VERIFY_PIN_DIRECT);
}

int
kenmen_pcsc_keypad(struct kenmen_pcsc *pcsc, const char *name)
{
	DWORD protocol, code;
	SCARDHANDLE reader;
	int r;

	if (pcsc == NULL || name == NULL)
		return KENMEN_ERR_ARGUMENT;
	/* No card is needed, and none is powered. */
	r = pcsc_service_err(SCardConnect(
	    pcsc->context, name, SCARD_SHARE_DIRECT, 0, &reader, &protocol));
	if (r < 0)
		return r;
	code = keypad_find(reader);
	SCardDisconnect(reader, SCARD_LEAVE_CARD);
	return code != 0;
}

/* ---- one reader ------------------------------------------------------- */

struct pcsc_reader {
	/* A table of its own: whether there is a keypad shows at connect. */
	struct kenmen_reader_ops ops;
	struct kenmen_pcsc *pcsc;
	char name[KENMEN_READER_NAME_MAX + 1];
	SCARDHANDLE card;
	bool connected;
	DWORD protocol;
	uint32_t events;     /* the slot's counter before connect */
	DWORD verify_direct; /* control code; 0: no keypad */
};

/* The slot now, or after ms at most when known (may be NULL) changed. */
static int
slot_state(struct pcsc_reader *rd, const SCARD_READERSTATE *known, DWORD ms,
    SCARD_READERSTATE *ret)
{
	LONG code;

	memset(ret, 0, sizeof(*ret));
	ret->szReader = rd->name;
	if (known != NULL)
		ret->dwCurrentState =
		    known->dwEventState & ~(DWORD)SCARD_STATE_CHANGED;
	code = SCardGetStatusChange(rd->pcsc->context, ms, ret, 1);
	return code == SCARD_E_TIMEOUT ? 0 : pcsc_service_err(code);
}

/* Whether the state is that of the card that connect() found. */
static bool
same_card(const struct pcsc_reader *rd, const SCARD_READERSTATE *state)
{
	return (state->dwEventState & SCARD_STATE_PRESENT) != 0 &&
	       state_events(state) == rd->events;
}

/* ---- its keypad -------------------------------------------------------- */

/*
 * PIN_VERIFY_STRUCTURE (PC/SC part 10, 2.6.1): the digits in ASCII, from the
 * left, as many as were typed, behind the header of the command; the reader
 * fills Lc. A person ends it with the reader's own key, so that a slip can be
 * mended before it costs a try.
 */
static size_t
keypad_form(const struct kenmen_pinpad_verify *form, uint8_t *ret)
{
	PIN_VERIFY_STRUCTURE head = {
		.bTimerOut = form->timeout_s,
		.bTimerOut2 = form->timeout_s,
		.bmFormatString = 0x82, /* units of bytes, position 0, ASCII */
		.bmPINBlockString = 0,  /* no padding, no length inside */
		.bmPINLengthFormat = 0,
		.wPINMaxExtraDigit =
		    (uint16_t)(form->min_len << 8 | form->max_len),
		.bEntryValidationCondition = 0x02, /* validation key */
		.bNumberMessage = 0xFF,            /* the reader's own words */
		.ulDataLength = sizeof(form->command),
	};

	memcpy(ret, &head, sizeof(head));
	memcpy(ret + sizeof(head), form->command, sizeof(form->command));
	return sizeof(head) + sizeof(form->command);
}

static int reader_verify_pinpad(
    void *arg, const struct kenmen_pinpad_verify *form, uint16_t *ret_sw);

static void
reader_disconnect(struct pcsc_reader *rd, DWORD disposition)
{
	if (rd->connected)
		SCardDisconnect(rd->card, disposition);
	rd->connected = false;
}

static int
reader_connect(void *arg)
{
	struct pcsc_reader *rd = arg;
	SCARD_READERSTATE state;
	LONG code;
	int r;

	reader_disconnect(rd, SCARD_LEAVE_CARD);
	/* The counter is taken first: a swap from here on shows. */
	if ((r = slot_state(rd, NULL, 0, &state)) < 0)
		return r;
	if ((state.dwEventState & SCARD_STATE_PRESENT) == 0)
		return KENMEN_ERR_NO_CARD;
	code = SCardConnect(rd->pcsc->context, rd->name, SCARD_SHARE_SHARED,
	    PROTOCOLS, &rd->card, &rd->protocol);
	r = pcsc_err(code);
	if (r == KENMEN_ERR_CARD_REMOVED || r == KENMEN_ERR_TRANSMIT)
		return KENMEN_ERR_NO_CARD;
	if (r < 0)
		return r;
	rd->connected = true;
	rd->events = state_events(&state);
	rd->verify_direct = keypad_find(rd->card);
	rd->ops.verify_pinpad =
	    rd->verify_direct != 0 ? reader_verify_pinpad : NULL;
	return 0;
}

/* Another program reset the card, or our own end() did: the handle wants to be
 * told that we know. What was selected or verified is gone. */
static int
reader_reconnect(struct pcsc_reader *rd)
{
	return pcsc_err(SCardReconnect(rd->card, SCARD_SHARE_SHARED, PROTOCOLS,
	    SCARD_LEAVE_CARD, &rd->protocol));
}

static int
reader_begin(void *arg)
{
	struct pcsc_reader *rd = arg;
	int r;

	if (!rd->connected)
		return KENMEN_ERR_ARGUMENT;
	r = pcsc_err(SCardBeginTransaction(rd->card));
	if (r != KENMEN_ERR_CARD_RESET)
		return r;
	if ((r = reader_reconnect(rd)) < 0)
		return r;
	return pcsc_err(SCardBeginTransaction(rd->card));
}

static int
reader_still_there(void *arg)
{
	struct pcsc_reader *rd = arg;
	SCARD_READERSTATE state;
	int r;

	if (!rd->connected)
		return 0;
	r = slot_state(rd, NULL, 0, &state);
	if (r == KENMEN_ERR_NO_READER)
		return 0;
	return r < 0 ? r : same_card(rd, &state);
}

/*
 * SCARD_E_NOT_TRANSACTED is said of a card that was just pulled and of a
 * command that the reader refused. pcscd knows which a moment later; to power
 * the card off before that can leave it with an "empty" reader for good.
 */
static int
not_transacted(struct pcsc_reader *rd)
{
	SCARD_READERSTATE first, later;
	int r;

	if ((r = slot_state(rd, NULL, 0, &first)) < 0)
		return r;
	if (!same_card(rd, &first))
		return KENMEN_ERR_CARD_REMOVED;
	if ((r = slot_state(rd, &first, SETTLE_MS, &later)) < 0)
		return r;
	return same_card(rd, &later) ? KENMEN_ERR_TRANSMIT
				     : KENMEN_ERR_CARD_REMOVED;
}

/* What became of an exchange; len is what came back. */
static int
exchange_err(struct pcsc_reader *rd, LONG code, DWORD len)
{
	int r = pcsc_err(code);

	if (r == KENMEN_ERR_TRANSMIT)
		return not_transacted(rd);
	if (r < 0)
		return r == KENMEN_ERR_NO_CARD ? KENMEN_ERR_CARD_REMOVED : r;
	/* Success with less than a status word: a card that died meanwhile was
	 * seen so, and a reader that failed. */
	return len < 2 ? not_transacted(rd) : 0;
}

static int
reader_transmit(void *arg, const uint8_t *cmd, size_t cmd_len, uint8_t *rsp,
    size_t *rsp_len)
{
	struct pcsc_reader *rd = arg;
	DWORD len = (DWORD)*rsp_len;
	LONG code;
	int r;

	if (!rd->connected)
		return KENMEN_ERR_ARGUMENT;
	code = SCardTransmit(rd->card,
	    rd->protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1,
	    cmd, (DWORD)cmd_len, NULL, rsp, &len);
	if ((r = exchange_err(rd, code, len)) < 0)
		return r;
	*rsp_len = len;
	return 0;
}

static int
reader_verify_pinpad(
    void *arg, const struct kenmen_pinpad_verify *form, uint16_t *ret_sw)
{
	struct pcsc_reader *rd = arg;
	uint8_t cmd[sizeof(PIN_VERIFY_STRUCTURE) + sizeof(form->command)];
	uint8_t rsp[256];
	DWORD len = 0;
	LONG code;
	int r;

	if (!rd->connected || rd->verify_direct == 0)
		return KENMEN_ERR_ARGUMENT;
	code = SCardControl(rd->card, rd->verify_direct, cmd,
	    (DWORD)keypad_form(form, cmd), rsp, sizeof(rsp), &len);
	if ((r = exchange_err(rd, code, len)) < 0)
		return r;
	if (len > sizeof(rsp))
		return KENMEN_ERR_TRANSMIT;
	*ret_sw = (uint16_t)(rsp[len - 2] << 8 | rsp[len - 1]);
	return 0;
}

static int
reader_end(void *arg, bool reset)
{
	struct pcsc_reader *rd = arg;

	if (!rd->connected)
		return KENMEN_ERR_ARGUMENT;
	/* A warm reset was seen to leave PINs verified on some readers. */
	return pcsc_err(SCardEndTransaction(
	    rd->card, reset ? SCARD_UNPOWER_CARD : SCARD_LEAVE_CARD));
}

static void
reader_close(void *arg)
{
	struct pcsc_reader *rd = arg;

	reader_disconnect(rd, SCARD_UNPOWER_CARD);
	free(rd);
}

static const struct kenmen_reader_ops pcsc_ops = {
	.connect = reader_connect,
	.begin = reader_begin,
	.transmit = reader_transmit,
	.verify_pinpad = NULL, /* until connect finds a keypad */
	.end = reader_end,
	.still_there = reader_still_there,
	.close = reader_close,
};

int
kenmen_pcsc_reader(
    struct kenmen_pcsc *pcsc, const char *name, struct kenmen_reader *ret)
{
	struct pcsc_reader *rd;

	if (pcsc == NULL || name == NULL || ret == NULL ||
	    strlen(name) > KENMEN_READER_NAME_MAX)
		return KENMEN_ERR_ARGUMENT;
	if ((rd = calloc(1, sizeof(*rd))) == NULL)
		return KENMEN_ERR_NO_MEMORY;
	rd->pcsc = pcsc;
	strcpy(rd->name, name);
	rd->ops = pcsc_ops;
	ret->ops = &rd->ops;
	ret->arg = rd;
	return 0;
}
