/*
 * The 60 minutes without anything done. Time is an argument: only Clock looks
 * at a clock, and it can be given others.
 */

/**
 * Seconds that also pass while the computer sleeps and that nobody can set
 * back. performance.now() stands still in sleep, the date may be set: of both
 * steps the longer counts.
 */
export class Clock {
	constructor(date = () => Date.now(), steady = () => performance.now())
	{
		this.date = date;
		this.steady = steady;
		this.seen = { date: date(), steady: steady() };
		this.passed = 0;
	}

	now()
	{
		const seen = { date: this.date(), steady: this.steady() };

		this.passed += Math.max(0, seen.date - this.seen.date,
			seen.steady - this.seen.steady);
		this.seen = seen;
		return this.passed / 1000;
	}
}

/* Of 60 minutes, the warning comes at 55. */
const WARN = 55 / 60;
/* One report of activity in so many seconds, of those that a limit has. */
const REPORTS = 15;

export class Idle {
	/** limit: seconds. Starts at now. */
	constructor(limit, now)
	{
		this.limit = limit;
		this.since = now;
		this.every = Math.min(REPORTS, limit / 60);
	}

	/**
	 * The person did something. True: tell the server too, and count from
	 * here. What comes soon after is neither told nor counted, so that
	 * the page and the server count from the same moment.
	 */
	active(now)
	{
		if (now - this.since < this.every)
			return false;
		this.since = now;
		return true;
	}

	/** The person said so: counts from now. */
	restart(now)
	{
		this.since = now;
	}

	/** The server's word on how much is left: the earlier end holds. */
	agree(left, now)
	{
		this.since = Math.min(this.since, now - this.limit + left);
	}

	left(now)
	{
		return Math.max(0, this.limit - (now - this.since));
	}

	/** "live", "warn" (from 55 of 60 minutes on), "over" (60:00 is over). */
	phase(now)
	{
		const idle = now - this.since;

		if (idle >= this.limit)
			return "over";
		return idle >= this.limit * WARN ? "warn" : "live";
	}
}
