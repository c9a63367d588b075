/*
 * A job against runners that do right and runners that lie. The runner is
 * this very program: started by job_start it finds the wire on descriptor 3
 * and its part in LANG, the one variable of ours that reaches a helper.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "job.h"
#include "pack.h"
#include "spawn.h"

/* ---- the runner's parts ---------------------------------------------- */

static void
say(const struct wire_message *message)
{
	uint8_t buf[PACK_MAX];
	int len = wire_message_encode(message, buf, sizeof(buf));

	if (len < 0 || send(WIRE_FD, buf, (size_t)len, MSG_NOSIGNAL) != len)
		_exit(1);
}

static void
say_type(enum wire_type type)
{
	say(&(struct wire_message){ .type = type });
}

static void
say_state(enum read_state state, uint32_t deadline_ms)
{
	say(&(struct wire_message){ .type = WIRE_STATE,
	    .state = {
		.state = state, .deadline_ms = deadline_ms, .pin = -1 } });
}

static void
part_good(const struct wire_request *request)
{
	struct wire_message known = { .type = WIRE_KNOWN };

	(void)request;
	say_state(STATE_WAITING_FOR_CARD, 60000);
	say(&(struct wire_message){
	    .type = WIRE_EVENT, .event = EVENT_CARD_INSERTED });
	strcpy(known.known.reader, "Reader X");
	known.known.forms.no_extended = true;
	say(&known);
	say_type(WIRE_CARD_INFO);
	say_type(WIRE_DONE);
}

/* Says what it was told it knows: the door hands it on. */
static void
part_knows(const struct wire_request *request)
{
	if (request->known_n == 1 && request->known[0].forms.no_extended &&
	    strcmp(request->known[0].reader, "Reader X") == 0) {
		say_type(WIRE_CARD_INFO);
		say_type(WIRE_DONE);
	}
}

static void
say_issuer(uint8_t which, bool visual)
{
	say(&(struct wire_message){ .type = WIRE_ISSUER,
	    .issuer = { .visual = visual, .len = 2, .bytes = { 4, which } } });
}

/* More than there is room for, the last one twice. */
static void
part_issuers(const struct wire_request *request)
{
	if (request->issuers.n != 0)
		return;
	for (uint8_t i = 0; i <= KENMEN_ISSUERS_MAX; i++)
		say_issuer(i, false);
	say_issuer(KENMEN_ISSUERS_MAX, false);
	say_type(WIRE_TEXT);
	say_type(WIRE_DONE);
}

/* All but the oldest, the newest first. */
static void
part_knows_issuers(const struct wire_request *request)
{
	if (request->issuers.n != KENMEN_ISSUERS_MAX)
		return;
	for (unsigned i = 0; i < KENMEN_ISSUERS_MAX; i++)
		if (request->issuers.known[i].len != 2 ||
		    request->issuers.known[i].bytes[1] !=
			KENMEN_ISSUERS_MAX - i)
			return;
	say_type(WIRE_TEXT);
	say_type(WIRE_DONE);
}

/* Of an application that nobody asked about. */
static void
part_issuer_unasked(const struct wire_request *request)
{
	(void)request;
	say_issuer(1, true);
	pause();
}

static void
part_issuer_empty(const struct wire_request *request)
{
	(void)request;
	say(&(struct wire_message){ .type = WIRE_ISSUER });
	pause();
}

static void
part_fails(const struct wire_request *request)
{
	(void)request;
	say(&(struct wire_message){ .type = WIRE_FAILED,
	    .failed = { CODE_PIN_WRONG, 1, KENMEN_PIN_ATTRIBUTES,
		KENMEN_TOKEN_UNKNOWN } });
}

static void
part_dies(const struct wire_request *request)
{
	(void)request;
	raise(SIGKILL);
}

static void
part_garbage(const struct wire_request *request)
{
	(void)request;
	send(WIRE_FD, "\xff\xff\xff", 3, MSG_NOSIGNAL);
	pause();
}

static void
part_too_long(const struct wire_request *request)
{
	static uint8_t long_message[PACK_MAX + 1];

	(void)request;
	send(WIRE_FD, long_message, sizeof(long_message), MSG_NOSIGNAL);
	pause();
}

static void
part_unasked_result(const struct wire_request *request)
{
	(void)request;
	say_type(WIRE_TEXT);
	say_type(WIRE_CARD_INFO);
	say_type(WIRE_DONE);
	pause();
}

static void
part_done_with_nothing(const struct wire_request *request)
{
	(void)request;
	say_type(WIRE_DONE);
	pause();
}

static void
part_result_twice(const struct wire_request *request)
{
	(void)request;
	say_type(WIRE_CARD_INFO);
	say_type(WIRE_CARD_INFO);
	pause();
}

static void
part_blobs(const struct wire_request *request)
{
	static struct wire_message message = { .type = WIRE_BLOB };

	(void)request;
	message.blob.which = BLOB_LOGIN_JWS;
	message.blob.len = BLOB_PIECE_MAX;
	memset(message.blob.bytes, 'a', BLOB_PIECE_MAX);
	say(&message);
	message.blob.len = 3;
	memset(message.blob.bytes, 'b', 3);
	say(&message);
	say_type(WIRE_DONE);
}

static void
part_endless_blob(const struct wire_request *request)
{
	static struct wire_message message = { .type = WIRE_BLOB };

	(void)request;
	message.blob.which = BLOB_LOGIN_JWS;
	message.blob.len = BLOB_PIECE_MAX;
	for (;;)
		say(&message);
}

static void
part_blob_of_another(const struct wire_request *request)
{
	static struct wire_message message = { .type = WIRE_BLOB };

	(void)request;
	message.blob.which = BLOB_PHOTO_PNG;
	message.blob.len = 1;
	say(&message);
	pause();
}

static void
part_crumbs(const struct wire_request *request)
{
	static struct wire_message message = { .type = WIRE_BLOB };

	(void)request;
	message.blob.which = BLOB_LOGIN_JWS;
	message.blob.len = 1;
	say(&message);
	say(&message);
	say_type(WIRE_DONE);
}

static void
part_final_state(const struct wire_request *request)
{
	(void)request;
	say_state(STATE_DONE, 0);
	pause();
}

static void
part_failed_with_nothing(const struct wire_request *request)
{
	(void)request;
	say(&(struct wire_message){ .type = WIRE_FAILED,
	    .failed = { CODE_NONE, -1, -1, KENMEN_TOKEN_UNKNOWN } });
	pause();
}

static void
part_stuck(const struct wire_request *request)
{
	(void)request;
	say_state(STATE_READING, 1);
	for (;;)
		pause();
}

static void
part_environment(const struct wire_request *request)
{
	(void)request;
	if (!getenv("KENMEN_TEST_SECRET") && getenv("LC_ALL"))
		say_type(WIRE_CARD_INFO);
	say_type(WIRE_DONE);
}

static void
part_descriptors(const struct wire_request *request)
{
	struct stat st;
	bool more = false;

	(void)request;
	for (int fd = PROMPT_FD + 1; fd < 256; fd++)
		more |= fstat(fd, &st) == 0;
	if (!more && fstat(PROMPT_FD, &st) == 0)
		say_type(WIRE_CARD_INFO);
	say_type(WIRE_DONE);
}

static void
part_readers(const struct wire_request *request)
{
	struct wire_message message = { .type = WIRE_READERS };

	(void)request;
	message.readers.n = 1;
	strcpy(message.readers.reader[0].name, "Reader X");
	say(&message);
	say_type(WIRE_DONE);
}

static const struct part {
	const char *name;
	void (*play)(const struct wire_request *request);
} parts[] = {
	{ "good", part_good },
	{ "knows", part_knows },
	{ "issuers", part_issuers },
	{ "knows_issuers", part_knows_issuers },
	{ "issuer_unasked", part_issuer_unasked },
	{ "issuer_empty", part_issuer_empty },
	{ "fails", part_fails },
	{ "dies", part_dies },
	{ "garbage", part_garbage },
	{ "too_long", part_too_long },
	{ "unasked_result", part_unasked_result },
	{ "done_with_nothing", part_done_with_nothing },
	{ "result_twice", part_result_twice },
	{ "blobs", part_blobs },
	{ "endless_blob", part_endless_blob },
	{ "crumbs", part_crumbs },
	{ "blob_of_another", part_blob_of_another },
	{ "final_state", part_final_state },
	{ "failed_with_nothing", part_failed_with_nothing },
	{ "stuck", part_stuck },
	{ "environment", part_environment },
	{ "descriptors", part_descriptors },
	{ "readers", part_readers },
};

static int
play(const char *name)
{
	static uint8_t buf[PACK_MAX];
	static struct wire_request request;
	ssize_t n = recv(WIRE_FD, buf, sizeof(buf), 0);

	if (n <= 0 || !wire_request_decode(buf, (size_t)n, &request))
		return 1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i].name, name) == 0)
			parts[i].play(&request);
	return 0;
}

/* ---- the door's side ------------------------------------------------- */

struct seen {
	sd_event *loop;
	struct jobs *jobs;
	struct job *job;
	unsigned states, events, readers;
	bool free_inside, over;
};

static uint64_t
now_us(void *arg)
{
	struct timespec now;

	(void)arg;
	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void
see(void *arg, struct job *job, enum job_change change, enum wire_event event)
{
	struct seen *seen = arg;

	(void)event;
	seen->states += change == JOB_CHANGED_STATE;
	seen->events += change == JOB_CHANGED_EVENT;
	seen->readers += change == JOB_CHANGED_READERS;
	if (seen->free_inside && change == JOB_CHANGED_STATE)
		job_free(&seen->job);
	if (!seen->job || state_is_final(job->state))
		seen->over = true;
}

static int
set_up(void **state)
{
	static char self[4096];
	struct seen *seen = calloc(1, sizeof(*seen));
	struct jobs_config config = { .runner = self,
		.voice = "/nonexistent",
		.pinentry = "/nonexistent",
		.tty = "",
		.now = now_us };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	self[n < 0 ? 0 : n] = '\0';
	if (!seen || sd_event_new(&seen->loop) < 0 ||
	    jobs_new(seen->loop, &config, &seen->jobs) < 0)
		return -1;
	*state = seen;
	return 0;
}

static int
tear_down(void **state)
{
	struct seen *seen = *state;

	job_free(&seen->job);
	jobs_free(&seen->jobs);
	sd_event_unref(seen->loop);
	free(seen);
	return 0;
}

static void
start_kinds(struct seen *seen, const char *part, enum wire_errand errand,
    uint32_t kinds)
{
	struct wire_request request = { .errand = errand, .kinds = kinds };

	setenv("LANG", part, 1);
	setenv("LC_ALL", "C", 1);
	setenv("KENMEN_TEST_SECRET", "not for helpers", 1);
	assert_int_equal(
	    job_start(seen->jobs, &request, JOB_NOBODY, see, seen, &seen->job),
	    0);
	assert_int_equal(seen->job->state, STATE_STARTING);
}

static void
start(struct seen *seen, const char *part, enum wire_errand errand)
{
	start_kinds(seen, part, errand,
	    errand == ERRAND_READ ? KIND_BIT(KIND_CARD_INFO) : 0);
}

static void
await_end(struct seen *seen)
{
	while (!seen->over)
		assert_true(sd_event_run(seen->loop, UINT64_MAX) >= 0);
	seen->over = false;
}

static void
run(struct seen *seen, const char *part)
{
	start(seen, part, ERRAND_READ);
	await_end(seen);
}

static void
a_good_runner_is_done(void **state)
{
	struct seen *seen = *state;

	run(seen, "good");
	assert_int_equal(seen->job->state, STATE_DONE);
	assert_int_equal(seen->job->results, KIND_BIT(KIND_CARD_INFO));
	assert_int_equal(seen->states, 2);
	assert_int_equal(seen->events, 1);
	job_wipe(seen->job);
	assert_int_equal(seen->job->results, 0);
}

static void
what_one_learns_the_next_one_knows(void **state)
{
	struct seen *seen = *state;

	run(seen, "good");
	job_free(&seen->job);
	run(seen, "knows");
	assert_int_equal(seen->job->state, STATE_DONE);
	/* A new door knows nothing. */
	tear_down(state);
	assert_int_equal(set_up(state), 0);
	seen = *state;
	run(seen, "knows");
	assert_int_equal(seen->job->failed.code, CODE_INTERNAL);
}

static void
issuers_are_known_to_the_next_one(void **state)
{
	static const char *const said[] = { "issuers", "knows_issuers" };
	struct seen *seen = *state;

	for (size_t i = 0; i < 2; i++) {
		start_kinds(
		    seen, said[i], ERRAND_READ, KIND_BIT(KIND_ATTRIBUTES));
		await_end(seen);
		assert_int_equal(seen->job->state, STATE_DONE);
		job_free(&seen->job);
	}
	/* Those of the other application are not for this read to say. */
	start_kinds(
	    seen, "issuer_unasked", ERRAND_READ, KIND_BIT(KIND_MY_NUMBER));
	await_end(seen);
	assert_int_equal(seen->job->failed.code, CODE_INTERNAL);
	job_free(&seen->job);
	start_kinds(
	    seen, "knows_issuers", ERRAND_READ, KIND_BIT(KIND_ATTRIBUTES));
	await_end(seen);
	assert_int_equal(seen->job->state, STATE_DONE);
	/* A new door knows none. */
	tear_down(state);
	assert_int_equal(set_up(state), 0);
	seen = *state;
	start_kinds(
	    seen, "knows_issuers", ERRAND_READ, KIND_BIT(KIND_ATTRIBUTES));
	await_end(seen);
	assert_int_equal(seen->job->failed.code, CODE_INTERNAL);
}

static void
a_failure_is_passed_on(void **state)
{
	struct seen *seen = *state;

	run(seen, "fails");
	assert_int_equal(seen->job->state, STATE_FAILED);
	assert_int_equal(seen->job->failed.code, CODE_PIN_WRONG);
	assert_int_equal(seen->job->failed.tries_left, 1);
}

static void
liars_are_ended(void **state)
{
	static const char *const liars[] = { "dies", "garbage", "too_long",
		"unasked_result", "done_with_nothing", "result_twice",
		"final_state", "failed_with_nothing", "readers",
		"blob_of_another", "issuer_unasked", "issuer_empty" };

	for (size_t i = 0; i < sizeof(liars) / sizeof(liars[0]); i++) {
		struct seen *seen = *state;

		run(seen, liars[i]);
		assert_int_equal(seen->job->state, STATE_FAILED);
		assert_int_equal(seen->job->failed.code, CODE_INTERNAL);
		assert_int_equal(seen->job->results, 0);
		job_free(&seen->job);
	}
}

static void
pieces_become_one_file(void **state)
{
	struct seen *seen = *state;
	const struct kenmen_blob *blob;

	start_kinds(seen, "blobs", ERRAND_READ, KIND_BIT(KIND_AUTHENTICATE));
	await_end(seen);
	assert_int_equal(seen->job->state, STATE_DONE);
	blob = &seen->job->blobs[BLOB_LOGIN_JWS];
	assert_int_equal(blob->len, BLOB_PIECE_MAX + 3);
	assert_int_equal(blob->bytes[BLOB_PIECE_MAX - 1], 'a');
	assert_int_equal(blob->bytes[BLOB_PIECE_MAX], 'b');
	job_wipe(seen->job);
	assert_null(blob->bytes);
}

static void
files_have_an_end(void **state)
{
	struct seen *seen = *state;

	start_kinds(
	    seen, "endless_blob", ERRAND_READ, KIND_BIT(KIND_AUTHENTICATE));
	await_end(seen);
	assert_int_equal(seen->job->failed.code, CODE_INTERNAL);
	assert_null(seen->job->blobs[BLOB_LOGIN_JWS].bytes);
}

static void
only_the_last_piece_is_short(void **state)
{
	struct seen *seen = *state;

	start_kinds(seen, "crumbs", ERRAND_READ, KIND_BIT(KIND_AUTHENTICATE));
	await_end(seen);
	assert_int_equal(seen->job->failed.code, CODE_INTERNAL);
}

static void
a_stuck_runner_is_ended(void **state)
{
	struct seen *seen = *state;

	run(seen, "stuck");
	assert_int_equal(seen->job->state, STATE_FAILED);
	assert_int_equal(seen->job->failed.code, CODE_TIMEOUT);
}

static void
helpers_get_only_the_listed_environment(void **state)
{
	struct seen *seen = *state;

	run(seen, "environment");
	assert_int_equal(seen->job->state, STATE_DONE);
}

static void
helpers_get_two_descriptors(void **state)
{
	struct seen *seen = *state;

	run(seen, "descriptors");
	assert_int_equal(seen->job->state, STATE_DONE);
}

static void
a_job_may_be_freed_while_it_tells(void **state)
{
	struct seen *seen = *state;

	seen->free_inside = true;
	run(seen, "good");
	assert_null(seen->job);
	assert_int_equal(seen->states, 1);
}

static void
an_ended_job_is_cancelled_or_failed(void **state)
{
	struct seen *seen = *state;

	start(seen, "stuck", ERRAND_READ);
	job_end(seen->job, CODE_NONE);
	assert_int_equal(seen->job->state, STATE_CANCELLED);
	job_end(seen->job, CODE_PAGE_GONE);
	assert_int_equal(seen->job->state, STATE_CANCELLED);
	job_free(&seen->job);
	start(seen, "stuck", ERRAND_READ);
	job_end(seen->job, CODE_PAGE_GONE);
	assert_int_equal(seen->job->state, STATE_FAILED);
	assert_int_equal(seen->job->failed.code, CODE_PAGE_GONE);
	assert_int_equal(seen->states, 0);
}

static void
readers_are_reported(void **state)
{
	struct seen *seen = *state;

	start(seen, "readers", ERRAND_READERS);
	await_end(seen);
	assert_int_equal(seen->job->state, STATE_DONE);
	assert_int_equal(seen->readers, 1);
	assert_int_equal(seen->job->readers_n, 1);
	assert_string_equal(seen->job->readers[0].name, "Reader X");
}

static void
a_runner_that_is_not_there_fails(void **state)
{
	struct seen *seen = *state;
	struct jobs *jobs;
	struct jobs_config config = { .runner = "/nonexistent",
		.voice = "",
		.pinentry = "",
		.tty = "",
		.now = now_us };
	struct wire_request request = { .kinds = KIND_BIT(KIND_CARD_INFO) };

	assert_int_equal(jobs_new(seen->loop, &config, &jobs), 0);
	if (job_start(jobs, &request, JOB_NOBODY, see, seen, &seen->job) == 0) {
		await_end(seen);
		assert_int_equal(seen->job->failed.code, CODE_INTERNAL);
	}
	job_free(&seen->job);
	jobs_free(&jobs);
}

#define JOB_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		JOB_TEST(a_good_runner_is_done),
		JOB_TEST(what_one_learns_the_next_one_knows),
		JOB_TEST(issuers_are_known_to_the_next_one),
		JOB_TEST(a_failure_is_passed_on),
		JOB_TEST(liars_are_ended),
		JOB_TEST(pieces_become_one_file),
		JOB_TEST(files_have_an_end),
		JOB_TEST(only_the_last_piece_is_short),
		JOB_TEST(a_stuck_runner_is_ended),
		JOB_TEST(helpers_get_only_the_listed_environment),
		JOB_TEST(helpers_get_two_descriptors),
		JOB_TEST(a_job_may_be_freed_while_it_tells),
		JOB_TEST(an_ended_job_is_cancelled_or_failed),
		JOB_TEST(readers_are_reported),
		JOB_TEST(a_runner_that_is_not_there_fails),
	};
	struct stat st;

	if (fstat(WIRE_FD, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    getenv("LANG") && !getenv("KENMEN_TEST_SECRET"))
		return play(getenv("LANG"));
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
