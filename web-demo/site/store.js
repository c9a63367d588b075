/*
 * What a person has typed, kept over Back and Reload in this tab's storage,
 * and gone with it. Nothing that was read from the card but what stands in
 * the form's fields, no certificate, no token of ours.
 */
const KEY = "drone";

const EMPTY = { email: "", form: {}, drone: {} };

function read()
{
	try {
		return { ...EMPTY, ...JSON.parse(sessionStorage.getItem(KEY)) };
	} catch {
		return { ...EMPTY };
	}
}

let typed = read();

export function get()
{
	return typed;
}

/** Some of email, form, drone. */
export function put(changes)
{
	typed = { ...typed, ...changes };
	sessionStorage.setItem(KEY, JSON.stringify(typed));
}

/** Is there anything that somebody else should not see? */
export function holds()
{
	return typed.email !== "" || [typed.form, typed.drone].some(
		(values) => Object.values(values).some((v) => v !== ""));
}

/** All of this tab's storage, kenmen.js's included. */
export function wipe()
{
	typed = { ...EMPTY };
	sessionStorage.clear();
}

/* The person has read why the last session ended, and starts anew. */
const ANEW = "anew";

export const putAnew = () => sessionStorage.setItem(ANEW, "yes");
export const dropAnew = () => sessionStorage.removeItem(ANEW);
export const anew = () => sessionStorage.getItem(ANEW) !== null;
