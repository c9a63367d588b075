/*
 * Stands in for kenmen.js where no card can stand: so that a page can be
 * looked at in each phase and with each failure, for as long as one likes.
 * The real one, with a real daemon and real windows, is in the tests of the
 * browsers. window.fake is told by the test what to do.
 */
const fake = (window.fake = {
	readers: [{ id: "r1", model: "Virtual PCD 00 00", card_present: true,
		pinpad: false }],
	touched: 0,
	aborted: 0,
	connected: 0,
	ended: 0,
	/* Answers for connect, diagnose: an error to fail with, or null. */
	connect: null,
	diagnosis: null,
	question: false,
	pending: null,
	kept: sessionStorage.getItem("kenmen") !== null,
	/* Of the read that runs: progress(p), resolve(results), reject(e). */
	read: null,
	listeners: {},
	emit(event, data = {})
	{
		for (const listener of fake.listeners[event] ?? [])
			listener(data);
	},
	error(code, extra = {}, more = {})
	{
		return new KenmenError(code, extra, more);
	},
});

export class KenmenError extends Error {
	constructor(code, extra, more)
	{
		super(code);
		Object.assign(this, { code, extra, retriable: true, status: null,
			causes: [], check: null, ...more });
	}

	words(lang)
	{
		return lang === "ja" ? { title: `失敗：${this.code}`,
			detail: "何が起きたかの説明です。", next: "次にすることの説明です。" } :
			{ title: `Failed: ${this.code}`,
				detail: "What has happened.", next: "What to do next." };
	}
}

class Session {
	kinds = ["attributes", "authenticate", "sign"];
	expiresIn = 3600;

	async readers()
	{
		return fake.readers;
	}

	read(kinds, options)
	{
		return new Promise((resolve, reject) => {
			fake.read = { kinds, options, resolve, reject,
				progress: (p) => options.onprogress(p) };
			options.signal?.addEventListener("abort", () => {
				fake.aborted++;
				reject(new KenmenError("aborted", {}, {}));
			});
		});
	}

	async pending()
	{
		return fake.pending && { ...fake.pending,
			result: (options) => this.read(fake.pending.kinds, options) };
	}

	on(event, listener)
	{
		(fake.listeners[event] ??= []).push(listener);
		return () => {};
	}

	async touch()
	{
		fake.touched++;
		return 3600;
	}

	async end()
	{
		fake.ended++;
		sessionStorage.removeItem("kenmen");
	}
}

export async function connect({ onquestion })
{
	fake.connected++;
	if (fake.question) {
		onquestion();
		await new Promise(() => {});
	}
	if (fake.connect)
		throw fake.connect;
	sessionStorage.setItem("kenmen", "a token");
	return new Session();
}

export async function resume()
{
	return { session: fake.kept ? new Session() : null, ended: null };
}

export async function diagnose()
{
	return fake.diagnosis;
}
