/*
 * A reader's driver for pcscd that is the virtual reader's, with a keypad on
 * its first slot: a fake, since no virtual reader has one. All but the keypad
 * is vpcd's (KENMEN_VPCD, the path of its driver): a real pcscd, and the
 * simulated card behind it.
 *
 * While a PIN is to be typed the driver is connected to the AF_UNIX stream
 * socket KENMEN_KEYPAD, where a test has fingers: it says "type MIN MAX\n" and
 * reads digits and a newline, or "cancel\n" for the reader's own key. Nothing
 * for as long as the caller allows, or nobody there: its time-out, as with a
 * reader that nobody touches. It cannot be called back.
 */
#include <dlfcn.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <ifdhandler.h>
#include <reader.h>

#define VERIFY_CODE SCARD_CTL_CODE(3406)
#define DIGITS_MAX 16
#define LINE_MAX_LEN 32
#define SLOT(lun) ((lun)&0xFFFF)

/* ---- what is vpcd's ---------------------------------------------------- */

static void *
vpcd(const char *name)
{
	static void *driver;
	void *found;

	if (!driver)
		driver = dlopen(getenv("KENMEN_VPCD"), RTLD_NOW | RTLD_LOCAL);
	found = driver ? dlsym(driver, name) : NULL;
	if (!found) {
		fprintf(stderr, "keypad: %s: %s\n", name, dlerror());
		abort();
	}
	return found;
}

#define HAND_ON(name, types, ...)                                              \
	RESPONSECODE name types                                                \
	{                                                                      \
		RESPONSECODE(*handed) types = NULL;                            \
                                                                               \
		*(void **)&handed = vpcd(#name);                               \
		return handed(__VA_ARGS__);                                    \
	}

HAND_ON(IFDHCreateChannel, (DWORD lun, DWORD channel), lun, channel)
HAND_ON(IFDHCreateChannelByName, (DWORD lun, LPSTR name), lun, name)
HAND_ON(IFDHCloseChannel, (DWORD lun), lun)
HAND_ON(IFDHGetCapabilities, (DWORD lun, DWORD tag, PDWORD len, PUCHAR value),
    lun, tag, len, value)
HAND_ON(IFDHSetCapabilities, (DWORD lun, DWORD tag, DWORD len, PUCHAR value),
    lun, tag, len, value)
HAND_ON(IFDHSetProtocolParameters,
    (DWORD lun, DWORD protocol, UCHAR flags, UCHAR pts1, UCHAR pts2,
	UCHAR pts3),
    lun, protocol, flags, pts1, pts2, pts3)
HAND_ON(IFDHPowerICC, (DWORD lun, DWORD action, PUCHAR atr, PDWORD len), lun,
    action, atr, len)
HAND_ON(IFDHICCPresence, (DWORD lun), lun)
HAND_ON(IFDHTransmitToICC,
    (DWORD lun, SCARD_IO_HEADER send, PUCHAR cmd, DWORD cmd_len, PUCHAR rsp,
	PDWORD rsp_len, PSCARD_IO_HEADER receive),
    lun, send, cmd, cmd_len, rsp, rsp_len, receive)

/* ---- the keypad -------------------------------------------------------- */

static int
fingers(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const char *path = getenv("KENMEN_KEYPAD");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!path || strlen(path) >= sizeof(addr.sun_path))
		abort();
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Waits as a reader does: until it is typed, or its own time is over. */
static size_t
line_wait(int fd, unsigned seconds, char *line)
{
	struct pollfd typed = { fd, POLLIN, 0 };
	ssize_t n = 0;

	if (poll(&typed, 1, (int)seconds * 1000) > 0)
		n = read(fd, line, LINE_MAX_LEN - 1);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return strlen(line);
}

/* PC/SC part 10, 2.5.2: 0, or what the reader says by itself. */
static unsigned
digits_type(const PIN_VERIFY_STRUCTURE *form, char *digits)
{
	unsigned min = form->wPINMaxExtraDigit >> 8,
		 max = form->wPINMaxExtraDigit & 0xFF;
	int fd = fingers();
	size_t n = 0;

	digits[0] = '\0';
	if (fd >= 0) {
		dprintf(fd, "type %u %u\n", min, max);
		n = line_wait(fd, form->bTimerOut, digits);
		close(fd);
	}
	if (n == 0)
		return 0x6400;
	if (!strcmp(digits, "cancel"))
		return 0x6401;
	return n < min || n > max ? 0x6403 : 0;
}

static RESPONSECODE
verify(DWORD lun, const uint8_t *tx, DWORD tx_len, PUCHAR rx, DWORD *rx_len)
{
	const PIN_VERIFY_STRUCTURE *form = (const void *)tx;
	SCARD_IO_HEADER t1 = { 1, 0 }, got;
	uint8_t cmd[5 + DIGITS_MAX];
	char digits[LINE_MAX_LEN];
	unsigned sw;
	size_t n;

	if (tx_len != sizeof(*form) + 5 || form->ulDataLength != 5 ||
	    *rx_len < 2)
		return IFD_COMMUNICATION_ERROR;
	if ((sw = digits_type(form, digits)) != 0) {
		rx[0] = (uint8_t)(sw >> 8);
		rx[1] = (uint8_t)sw;
		*rx_len = 2;
		return IFD_SUCCESS;
	}
	n = strlen(digits);
	memcpy(cmd, tx + sizeof(*form), 5);
	cmd[4] = (uint8_t)n;
	memcpy(cmd + 5, digits, n);
	return IFDHTransmitToICC(lun, t1, cmd, 5 + n, rx, rx_len, &got);
}

RESPONSECODE
IFDHControl(DWORD lun, DWORD code, PUCHAR tx, DWORD tx_len, PUCHAR rx,
    DWORD rx_room, LPDWORD ret_len)
{
	const uint8_t features[] = { FEATURE_VERIFY_PIN_DIRECT, 4,
		(uint8_t)(VERIFY_CODE >> 24),
		(uint8_t)(VERIFY_CODE >> 16 & 0xFF),
		(uint8_t)(VERIFY_CODE >> 8 & 0xFF),
		(uint8_t)(VERIFY_CODE & 0xFF) };

	*ret_len = 0;
	if (SLOT(lun) != 0)
		return IFD_ERROR_NOT_SUPPORTED;
	if (code == CM_IOCTL_GET_FEATURE_REQUEST &&
	    rx_room >= sizeof(features)) {
		memcpy(rx, features, sizeof(features));
		*ret_len = sizeof(features);
		return IFD_SUCCESS;
	}
	if (code != VERIFY_CODE)
		return IFD_ERROR_NOT_SUPPORTED;
	*ret_len = rx_room;
	return verify(lun, tx, tx_len, rx, ret_len);
}
