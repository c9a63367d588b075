#include "apdu.h"

#include <stdbool.h>
#include <string.h>

#include "secret.h"

/* Header, extended Lc (3), data, extended Le (2). */
#define APDU_WIRE_MAX (4 + 3 + APDU_DATA_MAX + 2)

struct apdu {
	uint8_t header[4]; /* CLA INS P1 P2 */
	uint8_t data[APDU_DATA_MAX];
	size_t data_len;
	size_t le;
	uint8_t wire[APDU_WIRE_MAX];
};

int
apdu_new(uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, struct apdu **ret)
{
	struct apdu *a = secret_page_new(sizeof(*a));

	if (a == NULL)
		return KENMEN_ERR_NO_MEMORY;
	a->header[0] = cla;
	a->header[1] = ins;
	a->header[2] = p1;
	a->header[3] = p2;
	*ret = a;
	return 0;
}

void
apdu_free(struct apdu **a)
{
	secret_page_free(*a, sizeof(**a));
	*a = NULL;
}

int
apdu_put(struct apdu *a, const uint8_t *data, size_t len)
{
	if (len > APDU_DATA_MAX - a->data_len)
		return KENMEN_ERR_ARGUMENT;
	if (len > 0)
		memcpy(a->data + a->data_len, data, len);
	a->data_len += len;
	return 0;
}

int
apdu_put_secret(struct apdu *a, const struct kenmen_secret *secret)
{
	return apdu_put(a, secret_peek(secret), kenmen_secret_len(secret));
}

int
apdu_set_le(struct apdu *a, size_t le)
{
	if (le > APDU_LE_MAX)
		return KENMEN_ERR_ARGUMENT;
	a->le = le;
	return 0;
}

/* The largest count of a form is written as zero (ISO 7816-3 12.1.3). */
static size_t
put_count(uint8_t *at, size_t count, bool extended)
{
	if (!extended) {
		at[0] = (uint8_t)(count & 0xFF);
		return 1;
	}
	at[0] = (uint8_t)(count >> 8 & 0xFF);
	at[1] = (uint8_t)(count & 0xFF);
	return 2;
}

const uint8_t *
apdu_encode(struct apdu *a, size_t *ret_len)
{
	/* Lc and Le are short or extended together; a zero byte says so. */
	bool extended = a->le > APDU_LE_SHORT_MAX;
	size_t n = sizeof(a->header);

	memcpy(a->wire, a->header, n);
	if (extended)
		a->wire[n++] = 0;
	if (a->data_len > 0) {
		n += put_count(a->wire + n, a->data_len, extended);
		memcpy(a->wire + n, a->data, a->data_len);
		n += a->data_len;
	}
	if (a->le > 0)
		n += put_count(a->wire + n, a->le, extended);
	*ret_len = n;
	return a->wire;
}

/* One pair; the data are appended to *ret. */
static int
exchange(struct apdu_link *link, struct apdu *a, struct apdu_answer *ret)
{
	size_t cmd_len, rsp_len = KENMEN_RESPONSE_MAX;
	const uint8_t *cmd = apdu_encode(a, &cmd_len);
	uint8_t *rsp = ret->data + ret->len;
	int r;

	r = link->reader.ops->transmit(
	    link->reader.arg, cmd, cmd_len, rsp, &rsp_len);
	link->exchanges++;
	link->bytes += cmd_len;
	if (r < 0)
		return r;
	/* A card that dies in an exchange was seen as success with nothing. */
	if (rsp_len < 2 || rsp_len > KENMEN_RESPONSE_MAX)
		return KENMEN_ERR_CARD_REMOVED;
	link->bytes += rsp_len;
	ret->sw = (uint16_t)(rsp[rsp_len - 2] << 8 | rsp[rsp_len - 1]);
	ret->len += rsp_len - 2;
	return ret->len > APDU_LE_MAX ? KENMEN_ERR_DATA : 0;
}

static bool
sw_is(uint16_t sw, uint8_t sw1)
{
	return sw >> 8 == sw1;
}

/* The count that SW2 of 61xx and 6Cxx names: ISO 7816-4 table 6. */
static size_t
sw_count(uint16_t sw)
{
	return (sw & 0xFF) == 0 ? APDU_LE_SHORT_MAX : sw & 0xFF;
}

/* A pair and, after 6Cxx, the same with the Le that the card named. */
static int
exchange_le(struct apdu_link *link, struct apdu *a, struct apdu_answer *ret)
{
	size_t before = ret->len;
	int r;

	if ((r = exchange(link, a, ret)) < 0 || !sw_is(ret->sw, 0x6C))
		return r;
	ret->len = before;
	if ((r = apdu_set_le(a, sw_count(ret->sw))) < 0)
		return r;
	return exchange(link, a, ret);
}

static int
get_response(struct apdu_link *link, struct apdu_answer *ret)
{
	size_t before = ret->len;
	struct apdu *a = NULL;
	int r;

	if ((r = apdu_new(0x00, INS_GET_RESPONSE, 0x00, 0x00, &a)) < 0 ||
	    (r = apdu_set_le(a, sw_count(ret->sw))) < 0 ||
	    (r = exchange_le(link, a, ret)) < 0)
		goto out;
	/* Each round must bring something, or it could go on for ever. */
	if (sw_is(ret->sw, 0x61) && ret->len == before)
		r = KENMEN_ERR_DATA;
out:
	apdu_free(&a);
	return r;
}

int
apdu_transmit(struct apdu_link *link, struct apdu *a, struct apdu_answer *ret)
{
	int r;

	kenmen_wipe(ret->data, ret->len);
	ret->len = 0;
	ret->sw = 0;
	if (a->header[1] == INS_VERIFY)
		return exchange(link, a, ret);
	r = exchange_le(link, a, ret);
	while (r == 0 && sw_is(ret->sw, 0x61))
		r = get_response(link, ret);
	return r;
}
