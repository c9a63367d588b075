/*
 * direct PIN: the least a program can do to read the attributes, straight on
 * PC/SC: the yardstick of tests/bench/run. Short ids, extended length, no
 * counter, no fallback. Prints the length of the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winscard.h>

static BYTE rsp[65538];

/* Status word, or 0 when the exchange failed. */
static unsigned
transmit(SCARDHANDLE card, const void *cmd, size_t cmd_len, DWORD *ret_len)
{
	*ret_len = sizeof(rsp);
	if (SCardTransmit(card, SCARD_PCI_T1, cmd, cmd_len, NULL, rsp,
		ret_len) != SCARD_S_SUCCESS ||
	    *ret_len < 2)
		return 0;
	*ret_len -= 2;
	return (unsigned)rsp[*ret_len] << 8 | rsp[*ret_len + 1];
}

int
main(int argc, char **argv)
{
	static const BYTE select[] = "\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31"
				     "\x00\x01\x01\x04\x08";
	static const BYTE read[] = { 0x00, 0xB0, 0x82, 0x00, 0x00, 0x00, 0x00 };
	BYTE verify[5 + 16] = { 0x00, 0x20, 0x00, 0x91 };
	char names[1024];
	DWORD len = sizeof(names), protocol, n = 0;
	SCARDCONTEXT context;
	SCARDHANDLE card;
	int r = 1;

	if (argc != 2 || strlen(argv[1]) > 16)
		return 2;
	verify[4] = (BYTE)strlen(argv[1]);
	memcpy(verify + 5, argv[1], verify[4]);
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) ||
	    SCardListReaders(context, NULL, names, &len) ||
	    SCardConnect(context, names, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
		&card, &protocol))
		return 1;
	SCardBeginTransaction(card);
	if (transmit(card, select, sizeof(select) - 1, &n) == 0x9000 &&
	    transmit(card, verify, 5u + verify[4], &n) == 0x9000 &&
	    transmit(card, read, sizeof(read), &n) == 0x9000)
		r = 0;
	SCardEndTransaction(card, SCARD_LEAVE_CARD);
	SCardDisconnect(card, SCARD_UNPOWER_CARD);
	SCardReleaseContext(context);
	printf("%lu\n", n);
	return r;
}
