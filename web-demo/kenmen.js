/*
 * Reads a My Number Card from a web page, through kenmend on the same
 * computer. The contract is kenmen.d.ts; the manual, docs/developers.md.
 *
 * Whatever keeps a page from this computer, it sees the same TypeError. So
 * the permission is looked up after a failure, and causes that cannot be told
 * apart are all named, with the step that decides.
 */
/* A page that is closed ends its read in 10 s; Reload is quicker. */
const POLL = "?grace=10&wait=25&after=";
const TOUCH_MS = 15000;
const SLOW_S = 15;		/* no answer, and no question on the screen */
const COPY_MS = 700;		/* a page that reloads lets go within this */
const SILENCE_MS = 40000;	/* kenmend comments every 15 s */
const RETRIES_MS = [300, 1000, 3000, 5000];
const FINAL = ["done", "failed", "cancelled"];
const EVENTS = ["reader", "card", "read", "session", "snapshot", "ended"];
const POLICY = "permissions_policy";
/* Browsers know both, one, or none: then nothing is in the way. */
const PERMISSIONS = ["loopback-network", "local-network-access"];

/* ---- errors ---- */

export class KenmenError extends Error {
	#said;

	constructor(code, more = {})
	{
		super(more.detail ? `${code}: ${more.detail}` : code);
		this.name = "KenmenError";
		this.code = code;
		this.retriable = more.retriable ?? AGAIN.includes(code);
		this.status = more.status ?? null;
		this.extra = Object.freeze({ ...more.extra });
		this.causes = Object.freeze(more.causes ?? [code]);
		this.check = more.check ?? null;
		this.#said = { en: more.detail ?? "", ja: more.detail_ja ?? "" };
	}

	words(lang)
	{
		const l = lang === "en" ? "en" : "ja";
		const fill = (text) => text.replace(/\{(\w+)\}/g, (_, key) =>
			this.extra[key] ?? {
				check: () => this.check,
				origin: () => location.origin,
				undo: () => UNDO[browser()][l],
				causes: () => this.causes.map((c) =>
					fill(CAUSES[c]?.[l] ?? c)).join(
					l === "en" ? "; or " : "、または、"),
			}[key]?.());
		let [title, detail, next] = (TEXTS[this.code]?.[l] ??
			sentences(this.#said[l], l)).map(fill);

		if (Number.isInteger(this.extra.tries_left))
			detail += l === "en" ?
				`Tries left: ${this.extra.tries_left}.` :
				`残り${this.extra.tries_left}回です。`;
		title ||= TEXTS.failed[l][0];
		next ||= TEXTS.failed[l][this.retriable ? 1 : 2];
		return { title, detail, next };
	}
}

function sentences(text, lang)
{
	const parts = text.split(lang === "en" ? /; |\.$/ : /。/)
		.filter((part) => part);
	const end = lang === "en" ? ". " : "。";
	const whole = (some) => some.map((part) =>
		part[0].toUpperCase() + part.slice(1) + end).join("");

	return [parts[0] ?? "", whole(parts.slice(1, -1)),
		whole(parts.slice(1).slice(-1)).trim()];
}

/* Of a problem, or of a failed read. */
function refusal(said, status, headers)
{
	const { type, title, status: _, code = "internal", detail, detail_ja,
		retriable, ...extra } = said;
	const after = headers?.get("Retry-After");

	if (after)
		extra.retry_after = Number(after);
	return new KenmenError({
		session_active: "session_elsewhere",
		origin_not_allowed: "origin_not_listed",
	}[code] ?? code, { status, detail, detail_ja, retriable, extra });
}

/* ---- the doctor: may this page reach kenmend, and if not, why ---- */

/* undefined: this browser asks nobody. */
async function permission()
{
	for (const name of PERMISSIONS) {
		try {
			return (await navigator.permissions.query({ name })).state;
		} catch {
			/* unknown */
		}
	}
}

/* May the document ask? Empty: the browser does not tell. */
function policies()
{
	const policy = document.featurePolicy;

	return PERMISSIONS.filter((name) => policy?.features().includes(name))
		.map((name) => policy.allowsFeature(name));
}

const framed = () => top !== self;
const clicked = () => navigator.userActivation?.hasBeenActive ?? true;

function browser()
{
	return navigator.userAgentData?.brands?.some(
		(b) => b.brand === "Chromium") ? "chromium" :
		"mozInnerScreenX" in globalThis ? "firefox" : "other";
}

/* Of several requests, Firefox fails all but the last while it asks. */
let turn = Promise.resolve();
function inTurn(work)
{
	const mine = turn.then(work);

	turn = mine.catch(() => {});
	return mine;
}

function reach(base, options)
{
	return inTurn(async () => {
		if (!isSecureContext)
			throw new KenmenError("not_secure_page");
		if (policies()[0] === false)
			throw new KenmenError("not_allowed_here", { causes:
				framed() ? ["iframe", POLICY] : [POLICY] });
		if (!clicked() && await permission() === "prompt")
			throw new KenmenError("needs_click");
		return knock(base, options);
	});
}

async function knock(base, { signal, onquestion })
{
	const cut = new AbortController(), blocked = [];
	let asked = false, silent = 0;
	const stop = () => cut.abort();
	const csp = (event) => blocked.push(event.blockedURI);
	const look = setInterval(async () => {
		if (await permission() !== "prompt") {
			if (++silent >= SLOW_S)
				stop();
		} else if (!asked) {
			asked = true;
			tell(onquestion);
		}
	}, 1000);

	signal?.addEventListener("abort", stop);
	document.addEventListener("securitypolicyviolation", csp);
	try {
		if (signal?.aborted)
			stop();
		return await answer(await ask(base, "GET", "/v1/health",
			{ signal: cut.signal }));
	} catch (error) {
		await sleep(0);	/* the violation is a task of its own */
		if (blocked.some((uri) => uri.startsWith(base)))
			throw new KenmenError("not_allowed_here",
				{ causes: ["csp"], extra: { base } });
		throw await why(error, base, signal, asked);
	} finally {
		clearInterval(look);
		signal?.removeEventListener("abort", stop);
		document.removeEventListener(
			"securitypolicyviolation", csp);
	}
}

async function why(error, base, signal, asked)
{
	if (error instanceof KenmenError)
		return error;
	if (signal?.aborted)
		return new KenmenError("aborted");
	const because = (code, causes = [code], check = null) =>
		new KenmenError(code, { causes, check });
	const here = ["not_running", "not_trusted"], check = base + "/";
	const state = await permission();

	if (state === "denied") {
		const may = policies();
		if (!framed())
			return may.includes(false) ?
				because("not_allowed_here", [POLICY]) :
				because("browser_denied");
		return may.length ? because("browser_denied") :
			because("not_allowed_here", ["iframe", "browser_denied"]);
	}
	/* Where a site is let through unasked (policies, permissions of one
	 * tab), browsers still say "prompt". */
	if (state === "prompt")
		return asked ? because("browser_dismissed",
			["browser_dismissed", "origin_not_listed"]) :
			because("unreachable", [...here, "browser_dismissed",
				"origin_not_listed"], check);
	return await answers(base) ? because("origin_not_listed") :
		because("unreachable", here, check);
}

/* A refusal without CORS (origin not listed) can be noticed, not read. */
function answers(base)
{
	return fetch(base + "/v1/health", { mode: "no-cors", cache: "no-store",
		credentials: "omit", signal: AbortSignal.timeout(SLOW_S * 1000),
	}).then(() => true, () => false);
}

function checkVersion({ version }, minimum = "")
{
	const [has, needs] = [version, minimum].map(
		(text) => (text.match(/\d+/g) ?? []).map(Number));
	const at = needs.findIndex((n, i) => n !== (has[i] ?? 0));

	if (at >= 0 && (has[at] ?? 0) < needs[at])
		throw new KenmenError("too_old", { extra: { version, minimum } });
}

/* ---- requests ---- */

function ask(base, method, path, { token, body, signal, keepalive } = {})
{
	const headers = {};

	if (token)
		headers.Authorization = "Bearer " + token;
	if (body)
		headers["Content-Type"] = "application/json";
	return fetch(base + path, { method, headers, signal, keepalive,
		body: body && JSON.stringify(body), cache: "no-store",
		credentials: "omit", redirect: "error",
		referrerPolicy: "no-referrer" });
}

/* Arrives even if its page goes meanwhile. No keepalive at once: Firefox lets
 * none through where the person allowed it for this tab only. */
function askToDelete(base, path, token)
{
	const again = () => ask(base, "DELETE", path,
		{ token, keepalive: true }).catch(() => {});

	addEventListener("pagehide", again, { once: true });
	return ask(base, "DELETE", path, { token }).finally(() =>
		removeEventListener("pagehide", again));
}

async function answer(reply)
{
	const value = reply.status === 204 ? null :
		await reply.json().catch((error) => {
			throw error.name === "AbortError" ? error :
				new KenmenError("unreachable", {
					causes: ["not_running"],
					check: new URL("/", reply.url).href,
				});
		});

	if (!reply.ok)
		throw refusal(value, reply.status, reply.headers);
	return value;
}

function sleep(ms, signal)
{
	return new Promise((done) => {
		signal?.addEventListener("abort", done);
		setTimeout(() => {
			signal?.removeEventListener("abort", done);
			done();
		}, ms);
	});
}

/* A listener that throws does not end a read. */
function tell(listener, data)
{
	try {
		listener?.(data);
	} catch (error) {
		setTimeout(() => {
			throw error;
		});
	}
}

/* ---- what a tab keeps ---- */

const keep = (key, value) => {
	try {
		if (value)
			sessionStorage.setItem(key, JSON.stringify(value));
		else if (value === null)
			sessionStorage.removeItem(key);
		return JSON.parse(sessionStorage.getItem(key));
	} catch {
		return null;
	}
};

/* A duplicated tab has a copy of sessionStorage. The session is that of the
 * tab that holds its lock. */
const locks = new Map();
function claim(name)
{
	if (locks.has(name) || !navigator.locks)
		return true;
	return new Promise((done) => {
		const signal = AbortSignal.timeout(COPY_MS);
		navigator.locks.request(name, { signal },
			() => new Promise((release) => {
				locks.set(name, release);
				done(true);
			})).catch(() => done(!signal.aborted));
	});
}

function release(name)
{
	locks.get(name)?.();
	locks.delete(name);
}

/* ---- a session ---- */

const followed = new Set();	/* ids of the reads that this page follows */

class Session {
	#base;
	#key;
	#record;
	#asleep;		/* no request before a click */
	#over = null;		/* the error that ended it */
	#touched = -Infinity;
	#listeners = new Map(EVENTS.map((name) => [name, new Set()]));
	#stream = null;
	#here = new AbortController();	/* until the page is hidden */

	constructor(base, key, record, asleep = false)
	{
		this.#base = base;
		this.#key = key;
		this.#record = record;
		this.#asleep = asleep;
		addEventListener("pagehide", () => this.#leave());
		addEventListener("pageshow", (event) => {
			if (event.persisted)
				this.#return();
		});
	}

	get origin() { return this.#record.origin; }
	get kinds() { return this.#record.kinds; }
	get lang() { return this.#record.lang; }
	get limits() { return this.#record.limits; }
	get expiresIn()
	{
		return this.#over ? 0 : Math.max(0,
			Math.floor((this.#record.ends - Date.now()) / 1000));
	}

	readers()
	{
		return this.#call("GET", "/v1/readers");
	}

	async read(kinds, { signal, onprogress, ...more } = {})
	{
		if (signal?.aborted)
			throw new KenmenError("aborted");
		for (const name of ["challenge", "digests"])
			if (more[name] !== undefined)
				more[name] = base64(more[name]);
		const start = () => this.#call("POST", "/v1/reads",
			{ body: { kinds, ...more } });
		const { id } = await start().catch(async (error) => {
			const left = error.code === "busy" && error.extra.id;
			/* Left behind by a Reload. */
			if (!left || followed.has(left))
				throw error;
			await this.#delete(left);
			/* Out of the way once it was seen to be over. */
			await this.#call("GET", `/v1/reads/${left}?wait=5`)
				.catch(() => {});
			return start();
		});
		return this.#follow(id, signal, onprogress);
	}

	async pending()
	{
		if (this.#asleep && !clicked())
			return null;
		const reads = (await this.#call("GET", "/v1/reads")).filter(
			(r) => r.state !== "cancelled" && !followed.has(r.id));
		const found = reads.find((r) => !FINAL.includes(r.state)) ??
			reads.at(-1);

		return found ? {
			id: found.id,
			kinds: found.kinds,
			result: ({ signal, onprogress } = {}) =>
				this.#follow(found.id, signal, onprogress),
		} : null;
	}

	on(name, listener)
	{
		const listeners = this.#listeners.get(name);

		listeners.add(listener);
		this.#listen();
		return () => {
			listeners.delete(listener);
			if (!this.#heard())
				this.#hush();
		};
	}

	async touch()
	{
		const now = Date.now();

		if (this.#over)
			throw this.#over;
		if (Math.abs(now - this.#touched) >= TOUCH_MS) {
			this.#touched = now;
			this.#left((await this.#call("POST",
				"/v1/session/touch")).expires_in);
		}
		return this.expiresIn;
	}

	async refresh()
	{
		this.#left((await this.#call("GET", "/v1/session")).expires_in);
		return this.expiresIn;
	}

	async end()
	{
		if (this.#over)
			return;
		const reply = askToDelete(this.#base, "/v1/session",
			this.#record.token);

		this.#finish(new KenmenError("session_unknown"), "ended");
		/* Else it runs out by itself. */
		await reply.catch(() => {});
	}

	/* ---- inside ---- */

	async #call(method, path, { body, signal, raw } = {})
	{
		if (this.#over)
			throw this.#over;
		if (this.#asleep) {
			await reach(this.#base, { signal });
			this.#asleep = false;
		}
		let value;
		try {
			const { token } = this.#record;
			value = await (method === "DELETE" ?
				askToDelete(this.#base, path, token) :
				ask(this.#base, method, path, { signal, body, token }));
			if (!raw || !value.ok)
				value = await answer(value);
		} catch (error) {
			if (error.status === 401)
				this.#finish(error, error.code.slice(8));
			throw this.#over ??
				await why(error, this.#base, signal);
		}
		if (method !== "GET")
			this.#left(Math.min(this.limits.idle_timeout,
				this.limits.session_max -
					(Date.now() - this.#record.born) / 1000));
		return value;
	}

	#delete(id)
	{
		return this.#call("DELETE", "/v1/reads/" + id).catch(() => {});
	}

	#finish(error, why)
	{
		if (this.#over)
			return;
		this.#over = error;
		if (keep(this.#key)?.token === this.#record.token)
			keep(this.#key, null);
		release(this.#record.lock);
		this.#hush();
		this.#tell("ended", { why });
	}

	#tell(name, data)
	{
		for (const listener of [...this.#listeners.get(name)])
			tell(listener, data);
	}

	#left(seconds)
	{
		if (this.#over)
			return;
		this.#record.ends = Date.now() + seconds * 1000;
		keep(this.#key, this.#record);
	}

	#leave()
	{
		this.#here.abort();
		this.#hush();
		release(this.#record.lock);
	}

	/* From the back-forward cache: the tab may have gone on without us. */
	async #return()
	{
		this.#here = new AbortController();
		if (keep(this.#key)?.token !== this.#record.token ||
			!await claim(this.#record.lock))
			this.#finish(new KenmenError("session_unknown"), "unknown");
		else if (await quiet(this.#record))
			await this.refresh().catch(() => {});
		this.#listen();
	}

	async #follow(id, signal, onprogress)
	{
		const cut = new AbortController();
		let gone = null;
		const stop = () => {
			gone = this.#delete(id);
			cut.abort();
		};

		followed.add(id);
		signal?.addEventListener("abort", stop);
		try {
			if (signal?.aborted)
				stop();
			const read = await this.#poll(id, cut.signal, onprogress);
			await this.#delete(id);
			if (signal?.aborted)
				throw new KenmenError("aborted");
			if (read.state === "done")
				return { ...read.results, read_at: read.read_at };
			throw read.error ? refusal(read.error, 200) :
				new KenmenError("cancelled");
		} finally {
			signal?.removeEventListener("abort", stop);
			followed.delete(id);
			await gone;
		}
	}

	async #poll(id, signal, onprogress)
	{
		let seq = 0, failures = 0;

		for (;;) {
			const here = this.#here.signal;
			try {
				const read = await this.#call("GET",
					`/v1/reads/${id}${POLL}${seq}`,
					{ signal: AbortSignal.any([signal, here]) });
				failures = 0;
				if (FINAL.includes(read.state))
					return read;
				seq = read.seq;
				tell(onprogress, read);
			} catch (error) {
				if (here.aborted && !signal.aborted)
					await new Promise((done) => addEventListener(
						"pageshow", done, { once: true }));
				else if (error.code !== "unreachable" ||
					failures === RETRIES_MS.length)
					throw error;
				else /* sleep or a restart of kenmend cut the line */
					await sleep(RETRIES_MS[failures++], signal);
			}
		}
	}

	/* ---- events ---- */

	#heard()
	{
		return [...this.#listeners.values()].some((l) => l.size);
	}

	async #listen()
	{
		if (this.#stream || this.#over || !this.#heard())
			return;
		const stream = this.#stream = new AbortController();
		let wait;

		while (this.#stream === stream) {
			wait = Math.min(2 * (wait ?? 500), 30000);
			try {
				if (!this.#asleep && await quiet(this.#record))
					await this.#events(stream.signal, () => {
						wait = 500;
					});
			} catch {
				/* again, later */
			}
			await sleep(wait, stream.signal);
		}
	}

	#hush()
	{
		this.#stream?.abort();
		this.#stream = null;
	}

	async #events(signal, good)
	{
		const cut = new AbortController();
		const stop = () => cut.abort();
		let silence = setTimeout(stop, SILENCE_MS), text = "";

		try {
			const reply = await this.#call("GET", "/v1/events", { raw: true,
				signal: AbortSignal.any([signal, cut.signal]) });
			const reader = reply.body.getReader();
			const decoder = new TextDecoder();
			for (;;) {
				const { done, value } = await reader.read();
				if (done)
					break;
				clearTimeout(silence);
				silence = setTimeout(stop, SILENCE_MS);
				text += decoder.decode(value, { stream: true });
				const events = text.split("\n\n");
				text = events.pop();
				good();
				events.forEach((event) => this.#event(event));
			}
		} finally {
			clearTimeout(silence);
			stop();
		}
	}

	#event(text)
	{
		const name = text.match(/^event: (\w+)$/m)?.[1];
		const data = text.match(/^data: (.*)$/m)?.[1];

		if (!this.#listeners.has(name) || !data || !this.#stream)
			return;
		const value = JSON.parse(data);
		if (value.expires_in !== undefined)
			this.#left(value.expires_in);
		this.#tell(name, value);
		if (value.expires_in === 0)	/* 401 says which end it was */
			this.refresh().catch(() => {});
	}
}

/* May something be sent that nobody clicked for? */
async function quiet(record)
{
	const state = await permission();

	return !state || state === "granted" || state === record.permission;
}

function base64(value)
{
	return Array.isArray(value) ? value.map(base64) :
		typeof value === "string" ? value :
		btoa(String.fromCharCode(...value));
}

/* ---- the ways in ---- */

function place({ port = 25366 })
{
	/* localhost may be ::1, which a CSP cannot name. */
	return ["https://127.0.0.1:" + port, "kenmen:" + port];
}

/* What was kept, if this tab is the one that may have it. */
async function kept(key)
{
	const record = keep(key);

	return record && !await claim(record.lock) ? keep(key, null) : record;
}

export async function connect(options = {})
{
	const [base, key] = place(options), { lang = "ja" } = options;

	checkVersion(await reach(base, options), options.minimum);
	const record = await kept(key);
	let session = null;
	if (record) {
		record.permission = await permission();
		session = new Session(base, key, record);
		await session.refresh().catch((error) => {
			if (error.status !== 401)
				throw error;
			session = null;
		});
	}
	if (session?.lang === lang)
		return session;
	const takeover = session !== null || (options.takeover ?? false);
	let made;
	try {
		made = await answer(await ask(base, "POST", "/v1/sessions",
			{ body: { lang, takeover } }));
	} catch (error) {
		/* In the old language, then: its window is open. */
		if (session && error.code === "busy")
			return session;
		throw await why(error, base);
	}
	return begin(base, key, lang, made);
}

async function begin(base, key, lang, made)
{
	const { token, origin, kinds, limits, expires_in } = made;
	const born = Date.now();
	const record = { token, origin, kinds, limits, lang, born,
		ends: born + expires_in * 1000, permission: await permission(),
		lock: "kenmen " + crypto.randomUUID() };

	await claim(record.lock);
	keep(key, record);
	return new Session(base, key, record);
}

export async function resume(options = {})
{
	const [base, key] = place(options), record = await kept(key);
	let session = null, ended = null;

	if (record) {
		const asleep = !await quiet(record);
		session = new Session(base, key, record, asleep);
		if (asleep)
			return { session, ended };
		await session.refresh().catch((error) => {
			if (error.status === 401) {
				session = null;
				ended = error.code.slice(8);
			} /* else its next call says so */
		});
	}
	return { session, ended };
}

export async function diagnose(options = {})
{
	try {
		const health = await reach(place(options)[0], options);

		checkVersion(health, options.minimum);
		for (const part of ["pcsc", "prompt"])
			if (health[part] === "unavailable")
				throw new KenmenError(part + "_unavailable");
		return null;
	} catch (error) {
		return error;
	}
}

/* ---- words ---- */

const AGAIN = ["browser_dismissed", "needs_click", "unreachable",
	"session_elsewhere", "aborted", "cancelled", "pcsc_unavailable",
	"prompt_unavailable"];
const STOPPED = {
	ja: ["中止しました", "", "必要であれば、もう一度お試しください。"],
	en: ["Stopped", "", "Try again if you like."],
};
/* Where kenmend's words will not do: title, detail, what to do. */
const TEXTS = {
	aborted: STOPPED,
	cancelled: STOPPED,
	question_open: {
		ja: ["ブラウザの確認を待っています", "このサイトがパソコン内のアプリにつながることの確認が表示されています。", "「許可」を押してください。"],
		en: ["Waiting for your answer to the browser", "The browser asks whether this site may reach apps on this device.", "Press Allow."],
	},
	browser_denied: {
		ja: ["ブラウザが接続を止めています", "このサイトがパソコン内のアプリにつながることは、許可されていません。", "{undo}"],
		en: ["The browser blocks the connection", "This site may not reach apps on this device.", "{undo}"],
	},
	browser_dismissed: {
		ja: ["ブラウザの確認に許可がありませんでした", "考えられる原因：{causes}。", "もう一度お試しになり、確認が表示されたら「許可」を押してください。"],
		en: ["The browser's question was not answered", "Possible causes: {causes}.", "Try again, and press Allow when the browser asks."],
	},
	not_secure_page: {
		ja: ["このページからはつながりません", "このページは暗号化されていません（http）。", "アドレスを https:// に変えて開き直してください。"],
		en: ["Not from this page", "This page is not encrypted (http).", "Open it again with https://."],
	},
	not_allowed_here: {
		ja: ["このページからはつながりません", "考えられる原因：{causes}。", "サイトのページを直接開くか、サイトの運営者にお知らせください。"],
		en: ["Not from this page", "Possible causes: {causes}.", "Open the site's page itself, or tell whoever runs this site."],
	},
	needs_click: {
		ja: ["ボタンを押してください", "", "ページのボタンを押すと、パソコン内のアプリにつながります。"],
		en: ["Press the button", "", "Press the button on the page to reach apps on this device."],
	},
	unreachable: {
		ja: ["kenmen につながりません", "ページから区別できない原因：{causes}。", "{check} を新しいタブで開いてください。接続できなければ kenmen をインストールして起動し、証明書の警告が出たら（進まずに）端末で kenmenctl trust install を実行してブラウザを開き直し、「kenmen は動いています」と表示されたら、このページでもう一度お試しください。"],
		en: ["kenmen cannot be reached", "A page cannot tell which: {causes}.", "Open {check} in a new tab. If it cannot connect, install and start kenmen. If it warns of a certificate, do not go on: run kenmenctl trust install in a terminal and open the browser anew. If it says \"kenmen is here\", try again on this page."],
	},
	too_old: {
		ja: ["kenmen の更新が必要です", "このパソコンの kenmen は {version} です。このサイトには {minimum} 以上が必要です。", "kenmen を更新してから、もう一度お試しください。"],
		en: ["kenmen needs an update", "This computer has kenmen {version}; this site needs {minimum} or later.", "Update kenmen, then try again."],
	},
	origin_not_listed: {
		ja: ["このサイトは登録されていません", "kenmen は動作していますが、{origin} がその設定にありません。", "このパソコンの管理者に、kenmen.conf への追加を依頼してください。"],
		en: ["This site is not listed", "kenmen is running, but {origin} is not in its configuration.", "Ask whoever runs this computer to add it to kenmen.conf."],
	},
	session_elsewhere: {
		ja: ["ほかの画面で使用中です", "このサイトは、別のタブかウィンドウでカードを使っています。", "そちらで続けるか、この画面に引き継いでください。"],
		en: ["In use on another screen", "This site uses the card in another tab or window.", "Go on there, or take over here."],
	},
	session_expired: {
		ja: ["有効時間が過ぎました", "操作がないまま時間が過ぎたため、終了しました。", "最初からやり直してください。"],
		en: ["The time is over", "Nothing was done for too long, so the session ended.", "Start again."],
	},
	session_unknown: {
		ja: ["セッションが終了しています", "別の画面に引き継がれたか、kenmen が再起動しました。", "最初からやり直してください。"],
		en: ["The session has ended", "Another screen took over, or kenmen was restarted.", "Start again."],
	},
	pcsc_unavailable: {
		ja: ["ICカードのサービスが動いていません", "", "pcscd をインストールまたは起動してから、もう一度お試しください。"],
		en: ["No card service", "", "Install or start pcscd, then try again."],
	},
	prompt_unavailable: {
		ja: ["暗証番号の画面を開けません", "", "pinentry をインストールするか、デスクトップにログインしてください。"],
		en: ["No PIN window", "", "Install pinentry, or log in to the desktop."],
	},
	consent_refused: {
		ja: ["同意がありませんでした", "", STOPPED.ja[2]],
		en: ["Refused", "", STOPPED.en[2]],
	},
	failed: {
		ja: ["うまくいきませんでした", "もう一度お試しください。", "サイトの運営者にお知らせください。"],
		en: ["Something went wrong", "Try again.", "Tell whoever runs this site."],
	},
};

const CAUSES = {
	not_running: { ja: "kenmen がこのパソコンにないか、動いていない", en: "kenmen is not installed or not running" },
	not_trusted: { ja: "kenmen の証明書がこのブラウザに登録されていない", en: "this browser does not trust kenmen's certificate" },
	browser_dismissed: { ja: "ブラウザの確認が答えずに閉じられた", en: "the browser's question was closed unanswered" },
	browser_denied: { ja: "ブラウザの設定でこのサイトが拒否されている", en: "this site is blocked in the browser's settings" },
	origin_not_listed: { ja: "このサイトが kenmen の設定にない", en: "this site is not in kenmen's configuration" },
	iframe: { ja: "ページが別のサイトの枠の中にある（allow=\"loopback-network\" がない）", en: "the page is in another site's frame without allow=\"loopback-network\"" },
	permissions_policy: { ja: "サイトの Permissions-Policy が loopback-network を止めている", en: "the site's Permissions-Policy forbids loopback-network" },
	csp: { ja: "サイトの Content-Security-Policy の connect-src に {base} がない", en: "connect-src of the site's Content-Security-Policy lacks {base}" },
};
/* In the words of the browsers themselves. */
const UNDO = {
	chromium: { ja: "アドレス欄の左の「サイト情報を表示」から「デバイス上のアプリ」を許可し、もう一度お試しください。", en: "Open \"View site information\" left of the address, allow \"Apps on device\", and try again." },
	firefox: { ja: "アドレス欄の左の印から「この端末へのアクセス」のブロックを解除し、もう一度お試しください。", en: "From the marks left of the address, remove the block of \"Access this device\", and try again." },
	other: { ja: "ブラウザの設定で、このサイトがパソコン内のアプリにつながることを許可し、もう一度お試しください。", en: "In the browser's settings, allow this site to reach apps on this device, and try again." },
};
