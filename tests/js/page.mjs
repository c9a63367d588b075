/*
 * A page without a browser, for end-to-end tests: what kenmen.js needs of
 * one, in a node process that is one life of a tab. Requests are real, and
 * carry what a browser would add to them.
 *
 *   node page.mjs ORIGIN STORAGE
 *
 * STORAGE is a file that stands for the tab's sessionStorage: the next
 * process on the same file is the same tab after Reload. Each line of stdin
 * is {"script"}, the body of an async function; each is answered by a line
 * {"value"} or {"error"}, in any order, with the line's number as "line".
 * `page` is kept from script to script.
 */
import { webcrypto } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [origin, storage] = process.argv.slice(2);
const real = globalThis.fetch;
const kept = new Map(existsSync(storage) ?
	JSON.parse(readFileSync(storage, "utf8")) : []);
const save = () => writeFileSync(storage, JSON.stringify([...kept]));
const target = new EventTarget();
const asked = [];

Object.assign(globalThis, {
	isSecureContext: true,
	top: globalThis,
	self: globalThis,
	location: { origin },
	document: new EventTarget(),
	addEventListener: target.addEventListener.bind(target),
	sessionStorage: {
		getItem: (key) => kept.get(key) ?? null,
		setItem: (key, value) => {
			kept.set(key, String(value));
			save();
		},
		removeItem: (key) => {
			kept.delete(key);
			save();
		},
	},
	fetch: (url, options) => {
		asked.push(`${options.method ?? "GET"} ${new URL(url).pathname}`);
		return real(url, { ...options, headers: { ...options.headers,
			Origin: origin, "Sec-Fetch-Site": "cross-site",
			"Sec-Fetch-Mode": options.mode ?? "cors",
			"Sec-Fetch-Dest": "empty" } });
	},
});
/* Debian 12's node has neither. */
globalThis.navigator ??= {};
globalThis.crypto ??= webcrypto;

const kenmen = await import("../../web-demo/kenmen.js");
const Script = (async () => {}).constructor;
const page = { asked, errors: [],
	hide: () => target.dispatchEvent(new Event("pagehide")) };

process.on("unhandledRejection", (error) => page.errors.push(String(error)));
process.on("uncaughtException", (error) => page.errors.push(String(error)));

function told(error)
{
	if (!(error instanceof kenmen.KenmenError))
		return { code: null, text: String(error?.stack ?? error) };
	const { code, status, retriable, extra, causes, check } = error;
	return { code, status, retriable, extra, causes, check,
		ja: error.words("ja"), en: error.words("en") };
}

let n = 0;
for await (const text of createInterface({ input: process.stdin })) {
	const line = ++n;
	const say = (answer) => process.stdout.write(
		JSON.stringify({ line, ...answer }) + "\n");
	new Script("page", "kenmen", JSON.parse(text).script)(page, kenmen)
		.then((value) => say({ value: value ?? null }),
			(error) => say({ error: told(error) }));
}
process.exit(0);
