/*
 * direct PIN [careful]: reads the attributes straight on SCardTransmit, as
 * short as a program can be: the yardstick of tests/bench/run. Short ids and
 * extended length, no fallback, nobody asked. careful: the same 10 exchanges as
 * kenmen (counter asked before and after, what shows that a card of a known
 * issuer is genuine, though nothing of it is checked, the card left without a
 * verified PIN); else 3. Prints the length of the file.
 */
#include <stdio.h>
#include <string.h>
#include <winscard.h>

static SCARDHANDLE card;
static BYTE rsp[65538];
static DWORD rsp_len;

static unsigned
transmit(const void *cmd, size_t cmd_len)
{
	rsp_len = sizeof(rsp);
	if (SCardTransmit(card, SCARD_PCI_T1, cmd, cmd_len, NULL, rsp,
		&rsp_len) != SCARD_S_SUCCESS ||
	    rsp_len < 2)
		return 0;
	return (unsigned)rsp[rsp_len - 2] << 8 | rsp[rsp_len - 1];
}

#define SEND(bytes) transmit(bytes, sizeof(bytes) - 1)
#define SELECT                                                                 \
	SEND("\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31\x00\x01\x01\x04\x08")
#define TRIES SEND("\x00\x20\x00\x91")
#define READ(sfi) SEND("\x00\xB0" sfi "\x00\x00\x00\x00")
/* The chip's own key, over a DigestInfo of SHA-256. */
#define SIGN                                                                   \
	SEND("\x80\x2A\x00\x00\x33\x30\x31\x30\x0D\x06\x09\x60\x86\x48\x01"    \
	     "\x65\x03\x04\x02\x01\x05\x00\x04\x20"                            \
	     "a digest of thirty-two bytes ..."                                \
	     "\x00")
#define LEAVE SEND("\x00\xA4\x04\x0C\x07\xA0\x00\x00\x01\x51\x00\x00")

int
main(int argc, char **argv)
{
	int careful = argc == 3, ok;
	char names[1024], verify[6 + 16] = "\x00\x20\x00\x91";
	DWORD len = sizeof(names), protocol;
	SCARDCONTEXT context;

	if (argc < 2 || strlen(argv[1]) > 16)
		return 2;
	verify[4] = (char)strlen(argv[1]);
	memcpy(verify + 5, argv[1], strlen(argv[1]));
	if (SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context) ||
	    SCardListReaders(context, NULL, names, &len) ||
	    SCardConnect(context, names, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T1,
		&card, &protocol))
		return 1;
	SCardBeginTransaction(card);
	ok = !careful || (SELECT == 0x9000 && TRIES == 0x63C3);
	ok = ok && SELECT == 0x9000 && (!careful || TRIES == 0x63C3) &&
	     transmit(verify, 5 + strlen(argv[1])) == 0x9000 &&
	     READ("\x82") == 0x9000;
	len = rsp_len - 2;
	ok = ok &&
	     (!careful || (READ("\x83") == 0x9000 && READ("\x87") == 0x9000 &&
			      SIGN == 0x9000 && LEAVE == 0x9000));
	SCardEndTransaction(card, SCARD_LEAVE_CARD);
	SCardDisconnect(card, SCARD_UNPOWER_CARD);
	SCardReleaseContext(context);
	printf("%lu\n", len);
	return ok ? 0 : 1;
}
