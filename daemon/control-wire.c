#include "control-wire.h"

#include <stdio.h>
#include <string.h>

#include "pack.h"

int
control_request_encode(
    const struct control_request *request, uint8_t *buf, size_t room)
{
	struct pack p;

	pack_start(&p, buf, room);
	pack_u8(&p, request->op);
	pack_u32(&p, request->number);
	return pack_finish(&p) ? (int)p.len : -1;
}

bool
control_request_decode(
    const uint8_t *buf, size_t len, struct control_request *ret)
{
	struct unpack u;

	unpack_start(&u, buf, len);
	ret->op = unpack_u8(&u, CONTROL_OP_N - 1);
	ret->number = unpack_u32(&u, UINT32_MAX);
	return unpack_finish(&u);
}

int
control_session_encode(
    const struct control_session *session, uint8_t *buf, size_t room)
{
	struct pack p;

	pack_start(&p, buf, room);
	pack_u32(&p, session->number);
	pack_u32(&p, session->uid);
	pack_string(&p, session->origin);
	pack_u32(&p, session->expires_in);
	pack_u32(&p, session->reads_n);
	return pack_finish(&p) ? (int)p.len : -1;
}

bool
control_session_decode(
    const uint8_t *buf, size_t len, struct control_session *ret)
{
	struct unpack u;

	unpack_start(&u, buf, len);
	ret->number = unpack_u32(&u, UINT32_MAX);
	ret->uid = unpack_u32(&u, UINT32_MAX);
	unpack_string(&u, ret->origin, sizeof(ret->origin));
	ret->expires_in = unpack_u32(&u, UINT32_MAX);
	ret->reads_n = unpack_u32(&u, UINT32_MAX);
	return unpack_finish(&u);
}

bool
control_path(const char *agents, char *ret, size_t room)
{
	const char *slash = strrchr(agents, '/');
	int len = slash ? snprintf(ret, room, "%.*s/" CONTROL_SOCKET_NAME,
			      (int)(slash - agents), agents)
			: -1;

	return len > 0 && (size_t)len < room;
}
