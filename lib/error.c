#include "kenmen.h"

/* No default: a new error does not compile before it has its words. */
static const char *
err_text(enum kenmen_err err)
{
	switch (err) {
	case KENMEN_ERR_NO_MEMORY:
		return "out of memory, or it cannot be locked";
	case KENMEN_ERR_ARGUMENT:
		return "wrong call";
	case KENMEN_ERR_PCSC_UNAVAILABLE:
		return "pcscd is not available";
	case KENMEN_ERR_NO_READER:
		return "no such reader";
	case KENMEN_ERR_NO_CARD:
		return "no card in the reader";
	case KENMEN_ERR_READER_BUSY:
		return "another program uses the card";
	case KENMEN_ERR_CARD_REMOVED:
		return "the card was removed";
	case KENMEN_ERR_CARD_RESET:
		return "another program reset the card";
	case KENMEN_ERR_TRANSMIT:
		return "the reader could not pass the command on";
	case KENMEN_ERR_NOT_MY_NUMBER_CARD:
		return "not a My Number card";
	case KENMEN_ERR_NOT_FOUND:
		return "no such file on the card";
	case KENMEN_ERR_PIN_REQUIRED:
		return "the card wants its PIN first";
	case KENMEN_ERR_PIN_FORMAT:
		return "this cannot be the PIN";
	case KENMEN_ERR_PIN_WRONG:
		return "wrong PIN";
	case KENMEN_ERR_PIN_BLOCKED:
		return "the PIN is blocked";
	case KENMEN_ERR_DATA:
		return "the card's data make no sense";
	case KENMEN_ERR_CARD:
		return "the card gave an unexpected status";
	case KENMEN_ERR_TIMEOUT:
		return "time ran out";
	case KENMEN_ERR_AUTHENTICITY:
		return "the card's data are not authentic";
	case KENMEN_ERR_CANCELLED:
		return "cancelled on the reader";
	case KENMEN_ERR_PCSC_REFUSED:
		return "pcscd does not let this user";
	}
	return "unknown error";
}

const char *
kenmen_strerror(int err)
{
	return err >= 0 ? "success" : err_text((enum kenmen_err)err);
}

const char *
kenmen_version(void)
{
	return KENMEN_VERSION;
}
