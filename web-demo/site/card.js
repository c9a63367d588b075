/*
 * The way to the card, from the check that a reader is there to what the
 * server makes of the read. Knows kenmen.js and no element of the page: it
 * says "change" whenever there is something new to show.
 *
 * phase: idle · connecting · question (the browser's, on the screen) ·
 * ready · no_reader · a ReadState of kenmen.js · submitting (to our server) ·
 * failed · cancelled · done
 */

/** A window of kenmen's is, or may be, on the screen. */
const WINDOW = new Set(["waiting_for_consent", "waiting_for_pin"]);
const BUSY = new Set([...WINDOW, "connecting", "question", "starting",
	"waiting_for_reader", "waiting_for_card", "reading", "submitting"]);
/* After these there is no session at kenmend that could be used. */
const LOST = new Set(["session_expired", "session_unknown", "unreachable",
	"browser_denied", "session_active", "session_elsewhere"]);

export class CardFlow extends EventTarget {
	/**
	 * kenmen: { connect, resume, diagnose } of kenmen.js
	 * options(): what each of them is called with
	 */
	constructor(kenmen, options)
	{
		super();
		this.kenmen = kenmen;
		this.options = options;
		this.session = null;
		this.readers = [];
		this.job = null;	/* the one that runs, or ran last */
		this.abort = null;
		this.enter("idle");
	}

	enter(phase, more = {})
	{
		this.phase = phase;
		this.progress = more.progress ?? null;
		this.error = more.error ?? null;
		this.lost = more.lost ?? null;
		this.dispatchEvent(new Event("change"));
	}

	get busy()
	{
		return BUSY.has(this.phase);
	}

	get windowOpen()
	{
		return WINDOW.has(this.phase);
	}

	/** The reader that a person would call theirs, or null. */
	get reader()
	{
		return this.readers.find((r) => r.card_present) ??
			this.readers[0] ?? null;
	}

	/**
	 * Back to the beginning, for a view of its own; a session stays, and
	 * so does a read under way.
	 */
	async reset()
	{
		if (this.busy)
			return;
		this.job = null;
		if (this.session === null)
			this.enter("idle", { lost: this.lost });
		else
			await this.attempt(null, () => this.look());
	}

	/** From a click: connects, and looks which readers there are. */
	check(takeover = false)
	{
		return this.attempt("connecting", async (signal) => {
			if (this.session === null || takeover)
				this.adopt(await this.kenmen.connect({
					...this.options(),
					takeover,
					signal,
					onquestion: () => this.enter("question"),
				}));
			await this.look();
		});
	}

	/** At page load: what is left of an earlier page, with nothing asked. */
	async resume()
	{
		const found = await this.kenmen.resume(this.options());

		if (found.session === null) {
			if (found.ended !== null)
				this.enter("idle", { lost: found.ended });
			return null;
		}
		this.adopt(found.session);
		this.readers = await this.session.readers();
		return this.session.pending();
	}

	adopt(session)
	{
		const mine = (listener) => (data) => {
			if (this.session === session)
				listener(data);
		};
		const changed = mine(() => this.readersChanged());

		this.session = session;
		for (const event of ["reader", "card", "snapshot"])
			session.on(event, changed);
		session.on("ended", mine((data) => this.sessionEnded(data)));
	}

	async look()
	{
		const { phase } = this;

		this.readers = await this.session.readers();
		/* Something else may have begun meanwhile. */
		if (this.phase === phase)
			this.enter(this.readers.length === 0 ? "no_reader" : "ready");
	}

	/* The readers' list follows what is plugged in, without a word. */
	async readersChanged()
	{
		const resting = ["ready", "no_reader"].includes(this.phase);

		try {
			if (resting) {
				await this.look();
			} else {
				this.readers = await this.session.readers();
				this.dispatchEvent(new Event("change"));
			}
		} catch {
			/* Whatever comes next will tell. */
		}
	}

	sessionEnded(data)
	{
		this.session = null;
		this.readers = [];
		if (!this.busy && this.phase !== "failed")
			this.enter("idle", { lost: data?.why ?? "unknown" });
	}

	/**
	 * A read, and what the server makes of it. job:
	 *   kinds             of the read
	 *   prepare()         -> its other options, a challenge for example
	 *   submit(results)   -> what run() resolves with; null when it failed
	 */
	run(job)
	{
		return this.follow(job, async (options) => this.session.read(
			job.kinds, { ...await job.prepare(), ...options }));
	}

	/** The same of a read that an earlier page began. */
	rejoin(pending, job)
	{
		return this.follow(job, (options) => pending.result(options));
	}

	follow(job, read)
	{
		this.job = job;
		return this.attempt("starting", async (signal) => {
			const results = await read({
				signal,
				onprogress: (progress) =>
					this.enter(progress.state, { progress }),
			});

			this.enter("submitting");
			const outcome = await job.submit(results);
			this.enter("done");
			return outcome;
		});
	}

	cancel()
	{
		this.abort?.abort();
	}

	/** The connection doctor: null when all is well, or what is wrong. */
	diagnose()
	{
		return this.kenmen.diagnose(this.options());
	}

	/** The person did something. */
	touch()
	{
		this.session?.touch().catch(() => {});
	}

	/** Ends kenmen's session; its window closes, what was read is wiped. */
	async end()
	{
		const session = this.session;

		this.cancel();
		this.session = null;
		this.readers = [];
		this.job = null;
		this.enter("idle");
		await session?.end().catch(() => {});
	}

	/* Enters a phase, if any, and does what may fail or be cancelled. */
	async attempt(phase, work)
	{
		this.abort = new AbortController();
		if (phase !== null)
			this.enter(phase);
		try {
			return await work(this.abort.signal);
		} catch (error) {
			return this.fail(error);
		}
	}

	fail(error)
	{
		if (error.code === "aborted") {
			this.enter("cancelled");
			return null;
		}
		if (error.code === undefined)
			console.error(error);
		if (LOST.has(error.code)) {
			this.session = null;
			this.readers = [];
		}
		this.enter("failed", { error });
		return null;
	}
}
