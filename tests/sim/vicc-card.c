#include "vicc.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_TRIES 500 /* 10 s */
#define CONNECT_PAUSE_MS 20
#define RECONNECT_MS 100
/* pcscd looks every 400 ms. A card that is back sooner can leave its reader
 * "empty" for good, when somebody powered the removed card off meanwhile. */
#define NOTICED_MS 600

/* vpcd's one-byte payloads. */
enum { VPCD_OFF = 0, VPCD_ON = 1, VPCD_RESET = 2, VPCD_ATR = 4 };

/* vpcd sends length and payload with two writes; without this our delayed
 * ACK holds the second back for 44 ms. The kernel forgets it: again and
 * again. */
static void
ack_at_once(int fd)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
}

static int
vpcd_connect(uint16_t port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		close(fd);
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ack_at_once(fd);
	return fd;
}

static void
vpcd_close(struct vicc *vicc)
{
	if (vicc->fd >= 0)
		close(vicc->fd);
	vicc->fd = -1;
	vicc->in_len = 0;
	vicc->out_len = 0;
}

void
vicc_start(struct vicc *vicc, uint16_t port)
{
	memset(vicc, 0, sizeof(*vicc));
	vicc->port = port;
	vicc->fd = -1;
}

void
vicc_finish(struct vicc *vicc)
{
	vpcd_close(vicc);
	for (size_t i = 0; i < VICC_PEOPLE_MAX; i++)
		simcard_free(&vicc->cards[i]);
	sim_log_finish(&vicc->log);
}

/* That person's card, made when first seen; NULL: no such person. */
static struct simcard *
card_of(struct vicc *vicc, const char *id)
{
	const struct sim_person *person;

	for (size_t i = 0; i < VICC_PEOPLE_MAX; i++) {
		if (!(person = sim_person_at(i)))
			return NULL;
		if (strcmp(person->id, id))
			continue;
		if (!vicc->cards[i])
			vicc->cards[i] =
			    simcard_new(person, &vicc->switches, &vicc->log);
		return vicc->cards[i];
	}
	return NULL;
}

static void
pause_ms(unsigned ms)
{
	const struct timespec t = { .tv_sec = ms / 1000,
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* Until pcscd has seen that the reader is empty. */
static void
wait_noticed(const struct vicc *vicc)
{
	uint64_t gone = vicc->now_ms - vicc->removed_ms;

	if (gone < NOTICED_MS)
		pause_ms((unsigned)(NOTICED_MS - gone));
}

static const char *
put_in(struct vicc *vicc, struct simcard *card)
{
	for (int i = 0; i < CONNECT_TRIES; i++) {
		if ((vicc->fd = vpcd_connect(vicc->port)) >= 0)
			break;
		pause_ms(CONNECT_PAUSE_MS);
	}
	if (vicc->fd < 0)
		return "nobody listens on vpcd's port";
	vicc->card = card;
	vicc->inserted = true;
	return NULL;
}

const char *
vicc_insert(struct vicc *vicc, const char *person)
{
	struct simcard *card = card_of(vicc, person);

	if (!card)
		return "no such person";
	if (vicc->inserted)
		return "a card is in it";
	wait_noticed(vicc);
	return put_in(vicc, card);
}

void
vicc_remove(struct vicc *vicc)
{
	vpcd_close(vicc);
	if (vicc->card && simcard_powered(vicc->card))
		simcard_power_off(vicc->card);
	vicc->inserted = false;
	vicc->removed_ms = vicc->now_ms;
}

const char *
vicc_swap(struct vicc *vicc, const char *person)
{
	struct simcard *card = card_of(vicc, person);

	if (!card)
		return "no such person";
	vicc_remove(vicc);
	return put_in(vicc, card);
}

/* vpcd is gone, the card stays where it is, without power. */
static void
vpcd_lost(struct vicc *vicc)
{
	vpcd_close(vicc);
	if (simcard_powered(vicc->card))
		simcard_power_off(vicc->card);
}

static void
out_send(struct vicc *vicc)
{
	size_t at = 0;
	ssize_t n;

	for (; at < vicc->out_len; at += (size_t)n) {
		n = send(
		    vicc->fd, vicc->out + at, vicc->out_len - at, MSG_NOSIGNAL);
		if (n <= 0) {
			vpcd_lost(vicc);
			return;
		}
	}
	vicc->out_len = 0;
	ack_at_once(vicc->fd);
}

/* len bytes stand behind the place of the length. */
static void
out_set(struct vicc *vicc, size_t len, uint64_t due)
{
	vicc->out[0] = (uint8_t)(len >> 8);
	vicc->out[1] = (uint8_t)len;
	vicc->out_len = 2 + len;
	vicc->out_due = due;
}

static bool
countdown(unsigned *n)
{
	return *n && --*n == 0;
}

/* Whether the reader loses this answer of n bytes. */
static bool
answer_fails(struct sim_switches *s, size_t n)
{
	return countdown(&s->fail_at) || s->fail_always ||
	       (s->read_len_limit && n > s->read_len_limit + 2);
}

static void
apdu(struct vicc *vicc, const uint8_t *cmd, size_t len)
{
	struct sim_switches *s = &vicc->switches;
	size_t n;

	vicc->exchanges++;
	if (countdown(&s->remove_at)) {
		vicc_remove(vicc);
		return;
	}
	/* After a swap that pcscd did not see nobody switches us on. */
	if (!simcard_powered(vicc->card))
		simcard_power_on(vicc->card);
	n = simcard_transmit(vicc->card, cmd, len, vicc->out + 2);
	if (countdown(&s->lose_at)) {
		vicc_remove(vicc);
		return;
	}
	/* An exchange that fails in the reader. vpcd has no word for it: a
	 * connection that breaks takes the card away, an answer of no bytes
	 * hangs pcscd; one byte, too short for a status word, comes through. */
	if (answer_fails(s, n))
		n = 1;
	out_set(vicc, n, vicc->now_ms + s->slow);
}

static void
message(struct vicc *vicc, const uint8_t *b, size_t len)
{
	if (len != 1) {
		apdu(vicc, b, len);
		return;
	}
	switch (b[0]) {
	case VPCD_OFF:
		simcard_power_off(vicc->card);
		break;
	case VPCD_ON:
		simcard_power_on(vicc->card);
		break;
	case VPCD_RESET:
		simcard_reset(vicc->card);
		break;
	case VPCD_ATR:
		out_set(
		    vicc, simcard_atr(vicc->card, vicc->out + 2), vicc->now_ms);
		break;
	default:
		break;
	}
}

/* Runs the messages that are complete, one answer at a time. */
static void
in_run(struct vicc *vicc)
{
	static uint8_t b[VICC_MESSAGE_MAX];
	size_t len;

	while (vicc->fd >= 0 && vicc->out_len == 0 && vicc->in_len >= 2) {
		len = (size_t)vicc->in[0] << 8 | vicc->in[1];
		if (vicc->in_len < 2 + len)
			return;
		memcpy(b, vicc->in + 2, len);
		vicc->in_len -= 2 + len;
		memmove(vicc->in, vicc->in + 2 + len, vicc->in_len);
		message(vicc, b, len);
		if (vicc->out_len && vicc->out_due <= vicc->now_ms)
			out_send(vicc);
	}
}

void
vicc_readable(struct vicc *vicc)
{
	ssize_t n;

	ack_at_once(vicc->fd);
	n = recv(vicc->fd, vicc->in + vicc->in_len,
	    sizeof(vicc->in) - vicc->in_len, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		vpcd_lost(vicc);
		return;
	}
	vicc->in_len += (size_t)n;
	ack_at_once(vicc->fd);
	in_run(vicc);
}

int
vicc_tick(struct vicc *vicc)
{
	if (vicc->out_len && vicc->out_due <= vicc->now_ms) {
		out_send(vicc);
		in_run(vicc);
	}
	if (vicc->out_len)
		return (int)(vicc->out_due - vicc->now_ms);
	if (vicc->inserted && vicc->fd < 0)
		vicc->fd = vpcd_connect(vicc->port);
	return vicc->inserted && vicc->fd < 0 ? RECONNECT_MS : -1;
}
