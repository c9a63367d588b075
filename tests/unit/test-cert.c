/*
 * The door's certificates. cert.c and cert-make.c themselves are part of this
 * file: once they have returned, their CA's key is gone, and what that CA
 * could have signed can only be asked while it is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <dirent.h>
#include <sys/wait.h>

#include "cert-ca.h"
#include "cert-make.c"
#include "cert.c"

#define NOW ((time_t)1790000000) /* 2026-09-21 */
/* 3652 days: 2028, 2032 and 2036 have a 29 February, the last too late. */
#define TEN_YEARS ((time_t)(3653 * 86400))

static char root[] = "/tmp/kenmen-cert-XXXXXX";
static char dir[64];

static int
root_make(void **state)
{
	(void)state;
	umask(077); /* the modes must not come from it */
	setenv("TZ", "Asia/Tokyo", 1);
	log_start("test-cert");
	return mkdtemp(root) ? 0 : -1;
}

static int run(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A command's exit status, its output thrown away. */
static int
run(const char *format, ...)
{
	char command[1024];
	va_list args;
	int status;

	va_start(args, format);
	vsnprintf(command, sizeof(command) - 32, format, args);
	va_end(args);
	strcat(command, " >/dev/null 2>&1");
	status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
root_remove(void **state)
{
	(void)state;
	return run("rm -r %s", root);
}

/* Each test has a state_dir of its own, not there yet. */
static int
dir_next(void **state)
{
	static unsigned n;

	(void)state;
	snprintf(dir, sizeof(dir), "%s/%u", root, n++);
	return 0;
}

static const char *
in_dir(const char *name)
{
	static char paths[4][128];
	static unsigned turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static struct cert
load(time_t now)
{
	struct cert cert = { 0 };

	assert_int_equal(cert_load(dir, now, &cert), 0);
	assert_non_null(cert.certificate);
	assert_non_null(cert.key);
	return cert;
}

static void
make(void)
{
	struct cert cert = load(NOW);

	cert_finish(&cert);
}

static void
refused_at(time_t now, int r)
{
	struct cert cert = { (char *)1, (char *)2 };

	assert_int_equal(cert_load(dir, now, &cert), r);
	assert_ptr_equal(cert.certificate, (char *)1);
	assert_ptr_equal(cert.key, (char *)2);
}

static void
refused(void)
{
	refused_at(NOW, -EINVAL);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static unsigned
dir_files(void)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	assert_non_null(d);
	for (const struct dirent *e; (e = readdir(d));)
		n +=
		    strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(d);
	return n;
}

static void
test_files(void **state)
{
	struct cert cert;

	(void)state;
	cert = load(NOW);
	assert_int_equal(mode_of(dir), 0755);
	assert_int_equal(mode_of(in_dir("ca.pem")), 0644);
	assert_int_equal(mode_of(in_dir("server.pem")), 0600);
	assert_int_equal(mode_of(in_dir("server.key")), 0600);
	/* No lock, no temporary file, no other key. */
	assert_int_equal(dir_files(), 3);
	assert_int_equal(
	    run("grep -l 'PRIVATE KEY' %s/ca.pem %s/server.pem", dir, dir), 1);
	assert_non_null(strstr(cert.key, "-----BEGIN EC PRIVATE KEY-----"));
	assert_non_null(strstr(cert.certificate, "-----BEGIN CERTIFICATE"));
	cert_finish(&cert);
	assert_null(cert.key);
	cert_finish(&cert);
}

static void
test_again(void **state)
{
	struct cert first = load(NOW), second;

	(void)state;
	second = load(NOW + 1000);
	assert_string_equal(first.key, second.key);
	assert_string_equal(first.certificate, second.certificate);
	cert_finish(&first);
	cert_finish(&second);
}

static void
test_existing_directory(void **state)
{
	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	make();
	/* Its mode is whoever's made it. */
	assert_int_equal(mode_of(dir), 0700);
}

static void
test_two_installations_differ(void **state)
{
	char first[64], name[2][128];
	gnutls_x509_crt_t crt;

	make();
	strcpy(first, dir);
	dir_next(state);
	make();
	for (int i = 0; i < 2; i++) {
		gnutls_datum_t pem;
		size_t len = sizeof(name[i]);

		assert_int_equal(gnutls_load_file(in_dir("ca.pem"), &pem), 0);
		gnutls_x509_crt_init(&crt);
		assert_int_equal(
		    gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM), 0);
		assert_int_equal(gnutls_x509_crt_get_dn(crt, name[i], &len), 0);
		gnutls_x509_crt_deinit(crt);
		gnutls_free(pem.data);
		strcpy(dir, first);
	}
	assert_string_not_equal(name[0], name[1]);
}

static void
crt_load(const char *name, gnutls_x509_crt_t *ret)
{
	gnutls_datum_t pem;

	assert_int_equal(gnutls_load_file(in_dir(name), &pem), 0);
	assert_int_equal(gnutls_x509_crt_init(ret), 0);
	assert_int_equal(
	    gnutls_x509_crt_import(*ret, &pem, GNUTLS_X509_FMT_PEM), 0);
	gnutls_free(pem.data);
}

static void
has_serial(gnutls_x509_crt_t crt, unsigned char *ret)
{
	size_t len = 32;

	assert_int_equal(gnutls_x509_crt_get_serial(crt, ret, &len), 0);
	assert_int_equal(len, 16);
	assert_true(ret[0] >= 0x40 && ret[0] < 0x80);
}

static void
test_what_they_say(void **state)
{
	unsigned char serials[2][32];
	gnutls_x509_crt_t ca, leaf;
	unsigned usage, critical, is_ca, bits;
	int path_len;

	(void)state;
	make();
	crt_load("ca.pem", &ca);
	crt_load("server.pem", &leaf);

	assert_int_equal(gnutls_x509_crt_get_basic_constraints(
			     ca, &critical, &is_ca, &path_len),
	    1);
	assert_true(critical && is_ca && path_len == 0);
	assert_int_equal(
	    gnutls_x509_crt_get_key_usage(ca, &usage, &critical), 0);
	assert_int_equal(usage, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	assert_true(critical);

	assert_int_equal(gnutls_x509_crt_get_basic_constraints(
			     leaf, &critical, &is_ca, &path_len),
	    0);
	assert_false(is_ca);
	assert_int_equal(
	    gnutls_x509_crt_get_key_usage(leaf, &usage, &critical), 0);
	assert_int_equal(usage, GNUTLS_KEY_DIGITAL_SIGNATURE);
	assert_int_equal(
	    gnutls_x509_crt_get_pk_algorithm(leaf, &bits), GNUTLS_PK_ECDSA);
	assert_int_equal(bits, 256);

	assert_int_equal(gnutls_x509_crt_get_activation_time(ca), NOW);
	assert_int_equal(gnutls_x509_crt_get_activation_time(leaf), NOW);
	assert_int_equal(
	    gnutls_x509_crt_get_expiration_time(ca), NOW + TEN_YEARS);
	assert_int_equal(
	    gnutls_x509_crt_get_expiration_time(leaf), NOW + TEN_YEARS);
	has_serial(ca, serials[0]);
	has_serial(leaf, serials[1]);
	assert_memory_not_equal(serials[0], serials[1], 16);
	gnutls_x509_crt_deinit(ca);
	gnutls_x509_crt_deinit(leaf);
}

#define VERIFY "openssl verify -x509_strict -purpose sslserver -attime %ld "

/* Another library's opinion, and what it reads in them. */
static void
test_openssl_agrees(void **state)
{
	static const char *const good[] = { "-verify_hostname localhost",
		"-verify_ip 127.0.0.1", "-verify_ip ::1" };
	static const char *const bad[] = { "-verify_hostname drone.example",
		"-verify_ip 127.0.0.2", "-verify_ip ::2",
		"-verify_hostname 127.0.0.1" };
	const char *show = "openssl x509 -noout -ext %s -in %s/%s | grep -q "
			   "'%s'";

	(void)state;
	make();
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(run(VERIFY "%s -CAfile %s/ca.pem "
					    "%s/server.pem",
				     (long)NOW + 1, good[i], dir, dir),
		    0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_not_equal(run(VERIFY "%s -CAfile %s/ca.pem "
						"%s/server.pem",
					 (long)NOW + 1, bad[i], dir, dir),
		    0);
	assert_int_equal(run(show, "nameConstraints", dir, "ca.pem",
			     "Name Constraints: critical"),
	    0);
	assert_int_equal(
	    run(show, "nameConstraints", dir, "ca.pem", "DNS:localhost"), 0);
	assert_int_equal(run(show, "nameConstraints", dir, "ca.pem",
			     "IP:127.0.0.1/255.255.255.255"),
	    0);
	assert_int_equal(run(show, "nameConstraints", dir, "ca.pem",
			     "IP:0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:"
			     "FFFF:FFFF:FFFF:FFFF"),
	    0);
	assert_int_equal(run(show, "extendedKeyUsage", dir, "server.pem",
			     "TLS Web Server Authentication"),
	    0);
	assert_int_equal(run(show, "subjectAltName", dir, "server.pem",
			     "DNS:localhost, IP Address:127.0.0.1, "
			     "IP Address:0:0:0:0:0:0:0:1$"),
	    0);
}

/* A leaf for one name, signed by a CA like ours whose key we still hold. */
static void
foreign_leaf(struct maker *m, gnutls_x509_subject_alt_name_t type,
    const void *name, unsigned len)
{
	const struct cert_wish wish = set_wish(NOW);
	gnutls_datum_t pem;
	FILE *file;

	assert_int_equal(maker_start(m), 0);
	assert_int_equal(make_ca(m, &wish), 0);
	assert_int_equal(
	    crt_start(m->leaf, m->leaf_key, "localhost", &wish), 0);
	assert_int_equal(gnutls_x509_crt_set_subject_alt_name(
			     m->leaf, type, name, len, GNUTLS_FSAN_SET),
	    0);
	assert_int_equal(gnutls_x509_crt_sign2(
			     m->leaf, m->ca, m->ca_key, GNUTLS_DIG_SHA256, 0),
	    0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(gnutls_x509_crt_export2(i ? m->ca : m->leaf,
				     GNUTLS_X509_FMT_PEM, &pem),
		    0);
		file = fopen(in_dir(i ? "ca.pem" : "leaf.pem"), "we");
		assert_non_null(file);
		assert_int_equal(fwrite(pem.data, 1, pem.size, file), pem.size);
		fclose(file);
		gnutls_free(pem.data);
	}
}

/*
 * What browsers hold the CA to: even with its key, no other name passes.
 * OpenSSL is asked, as GnuTLS' own gnutls_x509_crt_verify looks at no name.
 */
static void
test_ca_is_constrained(void **state)
{
	static const unsigned char net[4] = { 10, 1, 2, 3 },
				   next[4] = { 127, 0, 0, 2 },
				   next6[16] = { [15] = 2 },
				   self[4] = { 127, 0, 0, 1 };
	static const struct {
		gnutls_x509_subject_alt_name_t type;
		const void *name;
		unsigned len;
		bool passes;
	} names[] = {
		{ GNUTLS_SAN_DNSNAME, "localhost", 9, true },
		{ GNUTLS_SAN_IPADDRESS, self, 4, true },
		{ GNUTLS_SAN_DNSNAME, "drone.example", 13, false },
		{ GNUTLS_SAN_DNSNAME, "localhost.example", 17, false },
		{ GNUTLS_SAN_IPADDRESS, net, 4, false },
		{ GNUTLS_SAN_IPADDRESS, next, 4, false },
		{ GNUTLS_SAN_IPADDRESS, next6, 16, false },
	};

	(void)state;
	assert_int_equal(mkdir(dir, 0700), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct maker m;

		foreign_leaf(&m, names[i].type, names[i].name, names[i].len);
		assert_int_equal(run("openssl verify -attime %ld "
				     "-CAfile %s/ca.pem %s/leaf.pem",
				     (long)NOW + 1, dir, dir) == 0,
		    names[i].passes);
		maker_finish(&m);
	}
}

static void
test_half_a_set(void **state)
{
	static const char *const names[] = { "ca.pem", "server.pem",
		"server.key" };

	for (int i = 0; i < 3; i++) {
		make();
		assert_int_equal(unlink(in_dir(names[i])), 0);
		refused();
		assert_int_equal(dir_files(), 2);
		unlink(in_dir(names[(i + 1) % 3]));
		refused();
		assert_int_equal(dir_files(), 1);
		dir_next(state);
	}
}

static void
test_cut_off(void **state)
{
	(void)state;
	/* A run that ended before the first rename left only these. */
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(
	    run("echo x | tee %s %s %s %s", in_dir(".server.key.new"),
		in_dir(".server.pem.new"), in_dir(".ca.pem.new"),
		in_dir(".making")),
	    0);
	make();
	assert_int_equal(dir_files(), 3);
	assert_int_equal(mode_of(in_dir("server.key")), 0600);
}

/* Is dir's set, after a load, that of which? */
static bool
loads(const char *of)
{
	char key[128];
	struct cert cert = load(NOW);

	cert_finish(&cert);
	snprintf(key, sizeof(key), "%s/server.key", of);
	return run("cmp %s %s", in_dir("server.key"), key) == 0 &&
	       run("cmp %s %s/server.pem", in_dir("server.pem"), of) == 0 &&
	       run("cmp %s %s/ca.pem", in_dir("ca.pem"), of) == 0;
}

static void
test_renew(void **state)
{
	char old[80];

	assert_int_equal(cert_renew(dir, NOW), -ENOENT);
	dir_next(state);
	make();
	snprintf(old, sizeof(old), "%s-old", dir);
	assert_int_equal(run("cp -r %s %s", dir, old), 0);
	assert_int_equal(cert_renew(dir, NOW), 0);
	assert_int_equal(dir_files(), 3);
	assert_int_equal(mode_of(in_dir("ca.pem")), 0644);
	assert_int_equal(mode_of(in_dir("server.key")), 0600);
	make();
	for (int i = 0; i < FILES_N; i++)
		assert_int_not_equal(run("cmp %s/%s %s", old, files[i].name,
					 in_dir(files[i].name)),
		    0);
	/* What cannot be used any more can be renewed all the same. */
	refused_at(NOW + TEN_YEARS, -EINVAL);
	assert_int_equal(unlink(in_dir("server.pem")), 0);
	refused();
	assert_int_equal(cert_renew(dir, NOW + TEN_YEARS), 0);
	make();
}

/* At each moment the next start has one whole set or the other. */
static void
test_renew_cut_off(void **state)
{
	char old[64], new[64];

	make();
	strcpy(new, dir);
	dir_next(state);
	make();
	strcpy(old, dir);
	for (int moved = -1; moved <= FILES_N; moved++) {
		dir_next(state);
		assert_int_equal(run("cp -r %s %s", old, dir), 0);
		for (int i = 0; i < FILES_N; i++)
			assert_int_equal(
			    run("cp -p %s/%s %s/%s", new, files[i].name, dir,
				i < moved ? files[i].name : files[i].temporary),
			    0);
		/* Before all were written there is no such file. */
		if (moved >= 0)
			assert_int_equal(
			    run("touch %s", in_dir(".replacing")), 0);
		assert_true(loads(moved < 0 ? old : new));
		assert_int_equal(dir_files(), moved < 0 ? 6 : 3);
	}
	/* The same by the other way. */
	assert_int_equal(run("touch %s", in_dir(".replacing")), 0);
	assert_int_equal(cert_renew(dir, NOW), 0);
	assert_int_equal(dir_files(), 3);
	make();
}

/* ---- what browsers are told to trust --------------------------------- */

static struct cert_ca
ca_of(const char *path)
{
	struct cert_ca ca;

	assert_int_equal(cert_ca_load(path, &ca), 0);
	return ca;
}

static void
test_ca_is_ours(void **state)
{
	struct cert_ca ca, again;

	(void)state;
	make();
	ca = ca_of(in_dir("ca.pem"));
	assert_true(ca.loopback_only && ca.kenmend);
	assert_int_equal(ca.not_before, NOW);
	assert_true(ca.not_after > NOW + 3650 * (time_t)86400);
	assert_int_equal(
	    run("openssl x509 -in %s -noout -fingerprint -sha256 | "
		"tr -d : | grep -qi =%s",
		in_dir("ca.pem"), ca.sha256),
	    0);
	assert_int_equal(cert_renew(dir, NOW), 0);
	again = ca_of(in_dir("ca.pem"));
	assert_false(cert_ca_equal(&ca, &again));
	/* The leaf is no CA. */
	again = ca_of(in_dir("server.pem"));
	assert_false(again.loopback_only || again.kenmend);
	assert_int_equal(cert_ca_load(in_dir("server.key"), &ca), -EINVAL);
	assert_int_equal(cert_ca_load(in_dir("no"), &ca), -ENOENT);
	assert_int_equal(cert_ca_load(dir, &ca), -EINVAL);
}

/* A CA by openssl with these constraints. */
static struct cert_ca
foreign_ca(const char *constraints)
{
	assert_int_equal(
	    run("openssl req -x509 -newkey ec -pkeyopt "
		"ec_paramgen_curve:P-256 -nodes -days 9 -subj "
		"'/CN=kenmen local CA 01234567' -keyout /dev/null -out %s %s",
		in_dir("foreign.pem"), constraints),
	    0);
	return ca_of(in_dir("foreign.pem"));
}

static void
test_foreign_ca(void **state)
{
#define DNS "permitted;DNS:localhost"
#define V4 ",permitted;IP:127.0.0.1/255.255.255.255"
#define V6                                                                     \
	",permitted;IP:0:0:0:0:0:0:0:1/"                                       \
	"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define CONSTRAINTS(list) "-addext 'nameConstraints=" list "'"
	static const char *const wider[] = { "", CONSTRAINTS("critical," DNS),
		CONSTRAINTS("critical," DNS V4),
		CONSTRAINTS("critical,permitted;DNS:example" V4 V6),
		CONSTRAINTS("critical," DNS V4 V6 ",permitted;DNS:example"),
		CONSTRAINTS(
		    "critical," DNS ",permitted;IP:127.0.0.0/255.0.0.0" V6),
		CONSTRAINTS("critical," DNS V4
			    ",permitted;IP:0:0:0:0:0:0:0:0/0:0:0:0:0:0:0:0"),
		CONSTRAINTS(DNS V4 V6) };
	struct cert_ca ca;

	(void)state;
	assert_int_equal(mkdir(dir, 0755), 0);
	ca = foreign_ca(CONSTRAINTS("critical," DNS V4 V6));
	assert_true(ca.loopback_only && ca.kenmend);
	for (size_t i = 0; i < sizeof(wider) / sizeof(*wider); i++) {
		ca = foreign_ca(wider[i]);
		assert_false(ca.loopback_only || ca.kenmend);
	}
}

static void
test_key_others_can_read(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0601, 0666 };

	(void)state;
	make();
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		chmod(in_dir("server.key"), modes[i]);
		refused();
	}
	chmod(in_dir("server.key"), 0400);
	make();
	if (geteuid() == 0) {
		assert_int_equal(chown(in_dir("server.key"), 12345, 0), 0);
		refused();
	}
}

static void
test_pieces_of_two_sets(void **state)
{
	char other[64];

	make();
	strcpy(other, dir);
	dir_next(state);
	make();
	assert_int_equal(run("cp %s/server.key %s", other, dir), 0);
	refused();
	assert_int_equal(run("cp %s/server.pem %s", other, dir), 0);
	refused();
	assert_int_equal(run("cp %s/ca.pem %s", other, dir), 0);
	make();
}

static void
test_damaged(void **state)
{
	static const char *const names[] = { "ca.pem", "server.pem",
		"server.key" };
	static const char *const damages[] = { "truncate -s 0 %s",
		"truncate -s 100 %s", "truncate -s 65537 %s",
		"truncate -s +1 %s", /* a NUL at the end */
		"sh -c 'echo nonsense >%s'", "rm %s; mkdir %1$s",
		"rm %s; mkfifo %1$s", "rm %s; ln -s /dev/null %1$s" };

	for (int n = 0; n < 3; n++)
		for (size_t i = 0; i < sizeof(damages) / sizeof(*damages);
		     i++) {
			struct cert cert = { 0 };
			char command[256];

			make();
			/* The table is constant; the path is our own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
			snprintf(command, sizeof(command), damages[i],
			    in_dir(names[n]));
#pragma GCC diagnostic pop
			assert_int_equal(run("%s", command), 0);
			if (cert_load(dir, NOW, &cert) >= 0)
				fail_msg("%s passed", command);
			dir_next(state);
		}
}

static void
test_time(void **state)
{
	struct cert cert;

	(void)state;
	make();
	cert = load(NOW + TEN_YEARS - 1);
	cert_finish(&cert);
	refused_at(NOW + TEN_YEARS, -EINVAL);
	refused_at(NOW + 2 * TEN_YEARS, -EINVAL);
	/* A clock that was put back: said, not refused. */
	cert = load(NOW - 86400);
	cert_finish(&cert);
}

static void
test_no_place(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "%s/none/below", root);
	refused_at(NOW, -ENOENT);
	snprintf(dir, sizeof(dir), "%s/file", root);
	assert_int_equal(run("touch %s", dir), 0);
	refused_at(NOW, -ENOTDIR);
}

/* A second start while the first still makes its set. */
static void
test_two_at_once(void **state)
{
	struct cert cert;
	pid_t children[4];
	int status;

	(void)state;
	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0)
			_exit(cert_load(dir, NOW, &cert) == 0 ? 0 : 1);
	}
	for (int i = 0; i < 4; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	make();
	assert_int_equal(dir_files(), 3);
}

#define CERT_TEST(f) cmocka_unit_test_setup(f, dir_next)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CERT_TEST(test_files),
		CERT_TEST(test_again),
		CERT_TEST(test_existing_directory),
		CERT_TEST(test_two_installations_differ),
		CERT_TEST(test_what_they_say),
		CERT_TEST(test_openssl_agrees),
		CERT_TEST(test_ca_is_constrained),
		CERT_TEST(test_half_a_set),
		CERT_TEST(test_cut_off),
		CERT_TEST(test_renew),
		CERT_TEST(test_renew_cut_off),
		CERT_TEST(test_ca_is_ours),
		CERT_TEST(test_foreign_ca),
		CERT_TEST(test_key_others_can_read),
		CERT_TEST(test_pieces_of_two_sets),
		CERT_TEST(test_damaged),
		CERT_TEST(test_time),
		CERT_TEST(test_no_place),
		CERT_TEST(test_two_at_once),
	};

	return cmocka_run_group_tests(tests, root_make, root_remove);
}
