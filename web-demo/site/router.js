/*
 * Which view may be shown. The address says which one is wanted (#form); what
 * the server and the person have done so far says which one there is. So Back,
 * Reload and an address out of a bookmark all lead somewhere that makes sense.
 */

/** The way of a registration, in steps: views of one step stand together. */
export const STEPS = [
	["account", "way"],
	["prepare"],
	["link"],
	["form"],
	["review", "sign"],
	["verdict", "done"],
];

/* View -> what it needs, and the view to show without that. */
const RULES = {
	start: [],
	account: [["guest", "mypage"]],
	way: [["guest", "mypage"], ["email", "account"]],
	prepare: [],
	link: [["guest", "form"], ["email", "account"]],
	login: [["guest", "mypage"]],
	form: [["account", "start"]],
	review: [["account", "start"], ["document", "form"]],
	sign: [["account", "start"], ["document", "form"]],
	verdict: [["account", "start"], ["verdict", "mypage"]],
	done: [["account", "start"], ["registration", "mypage"]],
	mypage: [["account", "login"]],
	developers: [],
	ended: [["ended", "start"]],
};

export const VIEWS = Object.keys(RULES);

const HOLDS = {
	guest: (s) => s.account === null,
	account: (s) => s.account !== null,
	email: (s) => s.email !== "",
	document: (s) => s.document !== null,
	verdict: (s) => s.verdict !== null,
	registration: (s) => s.verdict?.accepted === true,
	ended: (s) => s.ended !== null,
};

/**
 * The view to show when `wanted` is asked for.
 * s: { account, email, document, verdict, ended }, null or "" where there is
 * none. What has ended shows nothing else until the person starts anew.
 */
export function allowed(wanted, s)
{
	if (s.ended !== null)
		return "ended";
	let view = VIEWS.includes(wanted) ? wanted : "start";
	/* Each turn leads to a view that needs less; there is no circle. */
	for (;;) {
		const failed = RULES[view].find(([what]) => !HOLDS[what](s));
		if (failed === undefined)
			return view;
		view = failed[1];
	}
}

/** Number of the step (from 1) of a view; 0: of none. */
export function step(view)
{
	return STEPS.findIndex((views) => views.includes(view)) + 1;
}

export function wantedIn(hash)
{
	return hash.replace(/^#/, "") || "start";
}
