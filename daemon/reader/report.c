#include "report.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "pack.h"

int
report(int wire, const struct wire_message *message)
{
	uint8_t buf[sizeof(struct wire_message)];
	int len = wire_message_encode(message, buf, sizeof(buf));
	int r = -EMSGSIZE;

	if (len >= 0)
		r = send(wire, buf, (size_t)len, MSG_NOSIGNAL) < 0 ? -errno : 0;
	kenmen_wipe(buf, sizeof(buf));
	return r;
}

int
report_state(int wire, enum read_state state, uint32_t deadline_ms)
{
	struct wire_message message = { .type = WIRE_STATE,
		.state = {
		    .state = state, .deadline_ms = deadline_ms, .pin = -1 } };

	return report(wire, &message);
}

int
report_event(int wire, enum wire_event event)
{
	struct wire_message message = { .type = WIRE_EVENT, .event = event };

	return report(wire, &message);
}

int
report_progress(int wire, size_t done, size_t total)
{
	struct wire_message message = { .type = WIRE_PROGRESS,
		.progress = { (uint32_t)done, (uint32_t)total } };

	return report(wire, &message);
}

int
report_blob(int wire, enum wire_blob which, const struct kenmen_blob *blob)
{
	struct wire_message message = { .type = WIRE_BLOB };
	size_t at = 0;
	int r = 0;

	message.blob.which = which;
	while (at < blob->len && r >= 0) {
		size_t left = blob->len - at;

		message.blob.len =
		    (uint32_t)(left < BLOB_PIECE_MAX ? left : BLOB_PIECE_MAX);
		memcpy(message.blob.bytes, blob->bytes + at, message.blob.len);
		r = report(wire, &message);
		at += message.blob.len;
	}
	kenmen_wipe(&message, sizeof(message));
	return r;
}

int
report_failed(int wire, const struct wire_failed *failed)
{
	struct wire_message message = { .type = WIRE_FAILED,
		.failed = *failed };

	return report(wire, &message);
}

int
report_confined(const struct errand_env *env, enum confine_stage stage)
{
	int r = env->confine(stage);

	if (r > 0)
		report_event(env->wire, EVENT_NO_LANDLOCK);
	return r < 0 ? KENMEN_ERR_ARGUMENT : 0;
}

enum read_code
code_of(int err)
{
	switch ((enum kenmen_err)err) {
	case KENMEN_ERR_PCSC_UNAVAILABLE:
	case KENMEN_ERR_PCSC_REFUSED:
		return CODE_PCSC_UNAVAILABLE;
	case KENMEN_ERR_NO_READER:
	case KENMEN_ERR_NO_CARD:
	case KENMEN_ERR_CARD_REMOVED:
	case KENMEN_ERR_CARD_RESET:
	case KENMEN_ERR_TRANSMIT:
		/* In the middle of a read they all mean: put it in again. */
		return CODE_CARD_REMOVED;
	case KENMEN_ERR_READER_BUSY:
		return CODE_READER_BUSY;
	case KENMEN_ERR_NOT_MY_NUMBER_CARD:
		return CODE_NOT_MY_NUMBER_CARD;
	case KENMEN_ERR_PIN_FORMAT:
		return CODE_PIN_FORMAT;
	case KENMEN_ERR_PIN_WRONG:
		return CODE_PIN_WRONG;
	case KENMEN_ERR_PIN_BLOCKED:
		return CODE_PIN_BLOCKED;
	case KENMEN_ERR_NOT_FOUND:
		/* Of what may be missing only certificates are asked for. */
		return CODE_NO_CERTIFICATE;
	case KENMEN_ERR_CANCELLED:
		return CODE_PIN_CANCELLED;
	case KENMEN_ERR_PIN_REQUIRED:
	case KENMEN_ERR_DATA:
	case KENMEN_ERR_CARD:
		return CODE_CARD_DATA_INVALID;
	case KENMEN_ERR_TIMEOUT:
		return CODE_TIMEOUT;
	case KENMEN_ERR_AUTHENTICITY:
		return CODE_AUTHENTICITY_FAILED;
	case KENMEN_ERR_NO_MEMORY:
	case KENMEN_ERR_ARGUMENT:
		return CODE_INTERNAL;
	}
	return err < 0 ? CODE_INTERNAL : CODE_NONE;
}
