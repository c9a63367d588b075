/* The 60 minutes, without waiting for any of them. */
import assert from "node:assert/strict";
import test from "node:test";
import { Clock, Idle } from "../../web-demo/site/idle.js";

test("the warning comes at 55 minutes, the end at 60:00", () => {
	const idle = new Idle(3600, 100);

	assert.equal(idle.phase(100), "live");
	assert.equal(idle.phase(100 + 3299.9), "live");
	assert.equal(idle.phase(100 + 3300), "warn");
	assert.equal(idle.left(100 + 3300), 300);
	assert.equal(idle.phase(100 + 3599.9), "warn");
	assert.equal(idle.phase(100 + 3600), "over");
	assert.equal(idle.left(100 + 9999), 0);
});

test("activity counts from where it is told, once in 15 seconds", () => {
	const idle = new Idle(3600, 0);

	assert.equal(idle.active(14.9), false);
	assert.equal(idle.left(14.9), 3600 - 14.9);
	assert.equal(idle.active(15), true);
	assert.equal(idle.left(15), 3600);
	assert.equal(idle.active(20), false);
	assert.equal(idle.active(3500), true);
	assert.equal(idle.phase(3600), "live");
});

test("a short limit has the same shape", () => {
	const idle = new Idle(60, 0);

	assert.equal(idle.phase(54.9), "live");
	assert.equal(idle.phase(55), "warn");
	assert.equal(idle.active(1), true);
	assert.equal(idle.phase(60.9), "warn");
	assert.equal(idle.phase(61), "over");
});

test("the server's word can only bring the end nearer", () => {
	const idle = new Idle(3600, 0);

	idle.agree(3000, 0);
	assert.equal(idle.left(0), 3000);
	idle.agree(3600, 10);
	assert.equal(idle.left(10), 2990);
	idle.restart(20);
	assert.equal(idle.left(20), 3600);
});

test("the clock runs through sleep, and is not set back", () => {
	const now = { date: 1e12, steady: 5 };
	const clock = new Clock(() => now.date, () => now.steady);
	const pass = (date, steady) => {
		now.date += date;
		now.steady += steady;
		return clock.now();
	};

	assert.equal(clock.now(), 0);
	assert.equal(pass(10000, 10000), 10);
	/* An hour of sleep: the steady clock stood still. */
	assert.equal(pass(3600000, 0), 3610);
	/* The date was set back by a day in these five seconds. */
	assert.equal(pass(-86400000, 5000), 3615);
	assert.equal(pass(1000, 1000), 3616);
});
