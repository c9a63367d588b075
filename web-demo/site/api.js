/*
 * The web system's server. Requests of a person's action extend the session;
 * looking how things stand does not.
 */

/** A refusal, or no answer at all (code "no_answer", status 0). */
export class ServerError extends Error {
	constructor(status, problem)
	{
		super(problem.code);
		this.status = status;
		this.code = problem.code;
		this.detail = problem.detail ?? "";
		this.detail_ja = problem.detail_ja ?? "";
		/** form's field -> { detail, detail_ja } */
		this.fields = problem.fields ?? {};
	}
}

async function call(method, path, body, headers = {})
{
	let reply;

	if (body !== undefined)
		headers["Content-Type"] = "application/json";
	try {
		reply = await fetch(path, {
			method,
			headers,
			body: body && JSON.stringify(body),
			cache: "no-store",
			credentials: "same-origin",
		});
	} catch {
		throw new ServerError(0, { code: "no_answer" });
	}
	if (reply.status === 204)
		return null;
	const value = await reply.json().catch(() => ({ code: "no_answer" }));
	if (!reply.ok)
		throw new ServerError(reply.status, value);
	return value;
}

const get = (path) => call("GET", path);
const post = (path, body) => call("POST", path, body);

export const config = () => get("/api/config");
/** How things stand; a look, which extends nothing. */
export const me = () => get("/api/me");
/** The person did something just now. */
export const active = () => call("GET", "/api/me", undefined,
	{ "X-Activity": "person" });
/** what: "link", "login" or "sign"; a challenge in base64. */
export const challenge = async (what) =>
	(await post("/api/challenge", { for: what })).challenge;
export const account = (body) => post("/api/account", body);
export const login = (jws) => post("/api/login", { jws });
export const logout = () => post("/api/logout", {});
export const application = (form, drone) =>
	post("/api/application", { form, drone });
export const sign = (body) => post("/api/application/sign", body);
