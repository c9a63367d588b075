/*
 * Why a request was refused, in words for the person: a code of the API with
 * its status and what to do next.
 */
#ifndef DRONE_PROBLEM_H
#define DRONE_PROBLEM_H

enum problem {
	PROBLEM_NONE,
	PROBLEM_BAD_REQUEST,
	PROBLEM_BAD_JSON,
	PROBLEM_BAD_FORM,
	PROBLEM_OUT_OF_SCOPE,
	PROBLEM_NOT_LOGGED_IN,
	PROBLEM_ENDED_ELSEWHERE,
	PROBLEM_ENDED_IDLE,
	PROBLEM_FOREIGN,
	PROBLEM_NOT_VERIFIED,
	PROBLEM_NOT_FOUND,
	PROBLEM_NO_ACCOUNT,
	PROBLEM_METHOD,
	PROBLEM_ALREADY_LINKED,
	PROBLEM_CHALLENGE,
	PROBLEM_DOCUMENT,
	PROBLEM_TOO_MANY,
	PROBLEM_TOO_LARGE,
	PROBLEM_NOT_JSON,
	PROBLEM_WRONG_HOST,
	PROBLEM_INTERNAL,
	PROBLEM_FULL,
	PROBLEM_N
};

struct problem_text {
	const char *code;
	unsigned status;
	const char *title, *detail, *detail_ja;
};

const struct problem_text *problem_text(enum problem problem);

#endif
