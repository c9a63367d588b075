/*
 * kenmenctl doctor: what the kernel and the disk know: USB devices, drivers,
 * modules, programs, sockets.
 */
#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

#define N_OF(array) (sizeof(array) / sizeof((array)[0]))
#define LINE_MAX_OURS 512

/* The first word of a small file; "" where it cannot be read. */
static void
word_read(const char *path, char *ret, size_t room)
{
	FILE *file = fopen(path, "re");

	ret[0] = '\0';
	if (!file)
		return;
	if (!fgets(ret, (int)room, file))
		ret[0] = '\0';
	ret[strcspn(ret, "\r\n")] = '\0';
	fclose(file);
}

/* ---- USB ---------------------------------------------------------------- */

#define USB "/sys/bus/usb/devices/"
#define CLASS_SMART_CARD "0b" /* USB class codes: CCID */

/* Readers that are known to need something. */
static const struct {
	const char *vendor, *product;
	size_t flag; /* in struct machine */
} devices[] = {
	{ "054c", "06c1", offsetof(struct machine, rcs380) }, /* RC-S380/S */
	{ "054c", "06c3", offsetof(struct machine, rcs380) }, /* RC-S380/P */
	{ "054c", "0dc8", offsetof(struct machine, rcs300) }, /* RC-S300/S */
	{ "054c", "0dc9", offsetof(struct machine, rcs300) }, /* RC-S300/P */
};

static void
device_look(const char *path, struct machine *ret)
{
	char name[4096], vendor[16], product[16];

	snprintf(name, sizeof(name), "%s/idVendor", path);
	word_read(name, vendor, sizeof(vendor));
	snprintf(name, sizeof(name), "%s/idProduct", path);
	word_read(name, product, sizeof(product));
	for (size_t i = 0; i < N_OF(devices); i++)
		if (strcmp(devices[i].vendor, vendor) == 0 &&
		    strcmp(devices[i].product, product) == 0)
			*(bool *)((char *)ret + devices[i].flag) = true;
	snprintf(name, sizeof(name), "%s/bInterfaceClass", path);
	word_read(name, product, sizeof(product));
	ret->ccid_device |= strcmp(product, CLASS_SMART_CARD) == 0;
}

static void
usb_look(struct machine *ret)
{
	glob_t found;

	ret->usb_known = access(USB, R_OK) == 0;
	if (glob(USB "*", 0, NULL, &found) != 0)
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		device_look(found.gl_pathv[i], ret);
	globfree(&found);
}

/* ---- drivers ------------------------------------------------------------ */

/* Where pcscd's builds look. */
static const char *const bundles[] = { "/usr/lib/pcsc/drivers",
	"/usr/lib64/pcsc/drivers", "/usr/local/lib/pcsc/drivers",
	"/usr/lib/pcsc-drivers" };

/* libccid lists what it drives in its Info.plist. */
static bool
plist_lists(const char *path, const char *product)
{
	char line[LINE_MAX_OURS];
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file && !found && fgets(line, sizeof(line), file))
		found = strcasestr(line, product) != NULL;
	if (file)
		fclose(file);
	return found;
}

static void
drivers_look(struct machine *ret)
{
	char path[256];

	for (size_t i = 0; i < N_OF(bundles); i++) {
		snprintf(path, sizeof(path),
		    "%s/ifd-ccid.bundle/Contents/Info.plist", bundles[i]);
		if (access(path, R_OK) < 0)
			continue;
		ret->ccid_driver = true;
		ret->rcs300_driver |=
		    plist_lists(path, "0x0DC8") || plist_lists(path, "0x0DC9");
	}
}

/* ---- modules ------------------------------------------------------------ */

static const char *const grabbers[] = { "pn533_usb", "pn533", "port100",
	"nfc" };

static void
modules_look(struct machine *ret)
{
	char line[LINE_MAX_OURS];
	FILE *file = fopen("/proc/modules", "re");

	ret->modules_known = file != NULL;
	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, " \n")] = '\0';
		for (size_t i = 0; i < N_OF(grabbers); i++)
			if (strcmp(line, grabbers[i]) == 0)
				doctor_list(ret->modules, line);
	}
	if (file)
		fclose(file);
}

/* ---- programs ----------------------------------------------------------- */

/* Programs that use cards by what they are; what maps a library of cards is
 * found besides, among this user's own. */
static const char *const users[] = { "scdaemon", "gpg-agent", "kenmen-read",
	"pkcs11-tool", "pkcs15-tool", "pkcs15-crypt", "opensc-tool",
	"opensc-explorer", "p11-kit-server", "p11-kit-remote", "AusweisApp",
	"ykman", "pcsc_scan" };
static const char *const libraries[] = { "libpcsclite.so", "opensc-pkcs11.so",
	"libykcs11.so" };

/* Calls look for every process but this one. */
static void
processes_each(
    void (*look)(const char *pid, const char *name, void *arg), void *arg)
{
	char path[64], name[32];
	DIR *dir = opendir("/proc");
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    strtol(entry->d_name, NULL, 10) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/%.16s/comm", entry->d_name);
		word_read(path, name, sizeof(name));
		if (name[0])
			look(entry->d_name, name, arg);
	}
	if (dir)
		closedir(dir);
}

static bool
maps_a_card_library(const char *pid)
{
	char path[64], line[LINE_MAX_OURS];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%.16s/maps", pid);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < N_OF(libraries); i++)
			found |= strstr(line, libraries[i]) != NULL;
	if (file)
		fclose(file);
	return found;
}

static void
process_look(const char *pid, const char *name, void *arg)
{
	struct machine *machine = arg;
	bool uses = false;

	if (strcmp(name, "pcscd") == 0) {
		machine->pcscd_n++;
		return;
	}
	machine->scdaemon |= strcmp(name, "scdaemon") == 0;
	for (size_t i = 0; i < N_OF(users); i++)
		uses |= strcmp(name, users[i]) == 0;
	if (uses || maps_a_card_library(pid))
		doctor_list(machine->holders, name);
}

void
machine_look(struct machine *ret)
{
	*ret = (struct machine){ .usb_known = false };
	usb_look(ret);
	drivers_look(ret);
	modules_look(ret);
	processes_each(process_look, ret);
}

/* ---- who listens -------------------------------------------------------- */

#define TCP_LISTEN_STATE 0x0A

/* The inode of a socket that listens on port, by a line of /proc/net/tcp;
 * 0: it does not. */
static uint64_t
line_listens(const char *line, unsigned port)
{
	unsigned local, state;
	uint64_t inode;

	if (sscanf(line,
		" %*u: %*32[0-9A-Fa-f]:%4x %*32[0-9A-Fa-f]:%*4x %2x "
		"%*x:%*x %*x:%*x %*x %*u %*u %" SCNu64,
		&local, &state, &inode) != 3)
		return 0;
	return local == port && state == TCP_LISTEN_STATE ? inode : 0;
}

static uint64_t
socket_find(const char *table, unsigned port)
{
	char line[LINE_MAX_OURS];
	FILE *file = fopen(table, "re");
	uint64_t inode = 0;

	while (file && !inode && fgets(line, sizeof(line), file))
		inode = line_listens(line, port);
	if (file)
		fclose(file);
	return inode;
}

struct search {
	char target[64]; /* what the link of its descriptor says */
	char *program;
};

static void
process_holds(const char *pid, const char *name, void *arg)
{
	const struct search *search = arg;
	char path[64 + 256], target[64];
	struct dirent *entry;
	DIR *dir;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.16s/fd", pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%.16s/fd/%s", pid,
		    entry->d_name);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = '\0';
		if (strcmp(target, search->target) == 0)
			doctor_list(search->program, name);
	}
	if (dir)
		closedir(dir);
}

bool
machine_listener(unsigned port, char program[ABOUT_MAX + 1])
{
	struct search search = { .program = program };
	uint64_t inode = socket_find("/proc/net/tcp", port);

	program[0] = '\0';
	if (!inode)
		inode = socket_find("/proc/net/tcp6", port);
	if (!inode)
		return false;
	snprintf(search.target, sizeof(search.target), "socket:[%" PRIu64 "]",
	    inode);
	processes_each(process_holds, &search);
	return true;
}

/* ---- what it means ------------------------------------------------------ */

void
check_driver(struct doctor *doctor)
{
	const struct machine *m = &doctor->machine;
	unsigned before = doctor->found_n;

	if (m->rcs380)
		doctor_found(doctor, DRIVER_RCS380, "USB 054c:06c1/06c3");
	if (!m->ccid_driver && (m->ccid_device || !doctor->exam.readers_n))
		doctor_found(doctor, DRIVER_NO_CCID, NULL);
	else if (m->rcs300 && !m->rcs300_driver)
		doctor_found(doctor, DRIVER_RCS300, "USB 054c:0dc8/0dc9");
	else if (m->ccid_device && !doctor->exam.readers_n)
		doctor_found(doctor, DRIVER_UNSEEN, NULL);
	if (doctor->found_n == before)
		doctor_found(
		    doctor, m->usb_known ? DRIVER_OK : DRIVER_UNKNOWN, NULL);
}

void
check_modules(struct doctor *doctor)
{
	const struct machine *m = &doctor->machine;

	if (!m->modules_known)
		doctor_found(doctor, MODULES_UNKNOWN, NULL);
	else if (!m->modules[0])
		doctor_found(doctor, MODULES_OK, NULL);
	else if (doctor->exam.readers_n)
		doctor_found(doctor, MODULES_PRESENT, m->modules);
	else
		doctor_found(doctor, MODULES_GRAB, m->modules);
}
