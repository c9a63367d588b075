/*
 * The drone registration's pages: one document, a view at a time. This file
 * holds the state, and ties together what knows nothing of each other: the
 * views, the way to the card, the clock, the server.
 */
import { connect, diagnose, resume } from "./kenmen.js";
import * as api from "./api.js";
import * as frame from "./frame.js";
import * as store from "./store.js";
import * as toggletip from "./toggletip.js";
import * as watch from "./watch.js";
import { CardFlow } from "./card.js";
import { Clock, Idle } from "./idle.js";
import { jobOf } from "./jobs.js";
import { lang, setLang, t } from "./i18n.js";
import { allowed, wantedIn } from "./router.js";
import { account } from "./views/account.js";
import { developers } from "./views/developers.js";
import { ended } from "./views/ended.js";
import { form } from "./views/form.js";
import { mypage } from "./views/mypage.js";
import { prepare } from "./views/prepare.js";
import { link, login, sign } from "./views/read.js";
import { done, verdict } from "./views/result.js";
import { review } from "./views/review.js";
import { start } from "./views/start.js";
import { chooseWay } from "./views/way.js";

const VIEWS = { account, developers, done, ended, form, link, login, mypage,
	prepare, review, sign, start, verdict, way: chooseWay };

/* How often the page looks whether it was ended from elsewhere. */
const LOOK_MS = 15000;

const NOBODY = { account: null, ended: null, expires_in: null, draft: null,
	registrations: [] };

const main = document.getElementById("main");
const clock = new Clock();

const app = {
	config: null,
	me: NOBODY,
	ended: null,	/* "idle", "elsewhere", "closed" */
	checks: null,	/* what the server made of the last login */
	verdict: null,	/* and of the last signature */
	faults: null,	/* of the form */
	failure: null,
};

const flow = new CardFlow({ connect, resume, diagnose }, () => ({
	lang: lang(),
	minimum: app.config.minimum,
	port: Number(new URL(app.config.kenmend).port),
}));

const ctx = {
	app, flow, clock,
	idle: null,
	typed: () => store.get(),

	/** Is there a session, or anything that others should not see? */
	holding: () => app.ended === null && (app.me.account !== null ||
		flow.session !== null || store.holds()),

	announce(text)
	{
		const at = document.getElementById("announce");

		at.textContent = "";
		/* Said again even if it is the same: a new text each time. */
		requestAnimationFrame(() => (at.textContent = text));
	},

	go(view)
	{
		if (wantedIn(location.hash) === view)
			enter();
		else
			location.hash = view;
	},

	/** To a view that comes by itself: announced, too. */
	arrive(view, key)
	{
		ctx.go(view);
		ctx.announce(t(key));
	},

	async run(job)
	{
		await finish(job, flow.run(job));
	},

	/** How things stand at the server; true when it answered. */
	async refresh()
	{
		try {
			take(await api.me());
			return true;
		} catch {
			return false;
		}
	},

	/** An error that says that the session is over; then it is. */
	async ended(error)
	{
		if (error.status === 401)
			await ctx.refresh();
		return app.ended !== null;
	},

	/** The person did something: both servers may know. */
	tellActivity()
	{
		flow.touch();
		if (app.me.account !== null)
			api.active().then(take, () => {});
	},

	/** why: "closed" by the person, "idle", or "elsewhere". */
	async end(why)
	{
		const member = app.me.account !== null;

		blank(why);
		await flow.end();
		/* kenmen.js may have kept something to end it with. */
		store.wipe();
		if (member && why !== "elsewhere")
			await api.logout().catch(() => {});
	},

	/** やり直し: as one who comes for the first time, in a new document. */
	restart()
	{
		store.putAnew();
		location.replace("/");
	},

	update()
	{
		if (main.dataset.view !== "")
			frame.updateSession(ctx);
	},

	switchLang()
	{
		setLang(lang() === "ja" ? "en" : "ja");
		localStorage.setItem("lang", lang());
		show();
		watch.translate(ctx);
		document.getElementById("lang").focus();
	},

	show,
};

/* The server's word on how things stand. */
function take(me)
{
	if (app.ended !== null)
		return;
	const member = app.me.account !== null;

	app.me = { ...NOBODY, ...me };
	if (!me.ended && me.account !== null)
		store.dropAnew();
	/* The server says so until there is a new session; told once here. */
	if (me.ended && !store.anew()) {
		ctx.end(me.ended);
		return;
	}
	/* Ended in another tab, or by a server that forgot everything. */
	if (member && me.account === null) {
		ctx.end("closed");
		return;
	}
	if (me.expires_in !== null && me.expires_in !== undefined)
		ctx.idle.agree(me.expires_in, clock.now());
	fill(me.draft);
	ctx.update();
}

/* What the server kept of the form, where this tab has nothing itself. */
function fill(draft)
{
	for (const part of ["form", "drone"]) {
		const kept = draft?.[part];
		if (kept && Object.keys(store.get()[part]).length === 0)
			store.put({ [part]: { ...kept } });
	}
}

/* Everything of the person's goes from the page, at once. */
function blank(why)
{
	store.wipe();
	Object.assign(app, { me: NOBODY, checks: null, verdict: null,
		faults: null, failure: null, ended: why });
	document.getElementById("idle-dialog").close();
	document.getElementById("idle-dialog").replaceChildren();
	document.getElementById("announce").textContent = "";
	history.replaceState(null, "", "#ended");
	enter();
}

async function finish(job, running)
{
	const outcome = await running;

	if (outcome !== null && outcome !== undefined)
		await job.after(outcome);
	else if (flow.error)
		await ctx.ended(flow.error);
}

/* ---- what is shown ---- */

function view()
{
	return allowed(wantedIn(location.hash), {
		account: app.me.account,
		email: store.get().email,
		document: app.me.draft?.document ?? null,
		verdict: app.verdict,
		ended: app.ended,
	});
}

/* The view as it is now; the focus stays where it can. */
function show()
{
	const name = view();

	document.documentElement.lang = lang();
	main.querySelector(".panel")?.leave();
	main.dataset.view = name;
	const parts = VIEWS[name](ctx).flat(Infinity).filter(Boolean);
	main.replaceChildren(...parts);
	document.getElementById("top").replaceChildren(
		...frame.top(ctx, name));
	document.getElementById("bottom").replaceChildren(frame.bottom());
	document.title = main.querySelector("h1").textContent + "｜" + t("site");
	ctx.update();
}

/* Another view: from its top, with the focus on its heading. */
function enter()
{
	const name = view();

	if (wantedIn(location.hash) !== name)
		history.replaceState(null, "", "#" + name);
	if (name !== "form")
		app.faults = app.failure = null;
	flow.reset();
	show();
	scrollTo(0, 0);
	document.getElementById("heading").focus({ preventScroll: true });
}

/* A read that the page before a Reload began goes on here. */
async function rejoin()
{
	const pending = await flow.resume().catch(() => null);
	const job = pending && jobOf(pending.kinds, ctx);

	if (!job) {
		ctx.update();
		return;
	}
	if (view() !== job.view)
		ctx.go(job.view);
	await finish(job, flow.rejoin(pending, job));
}

async function begin()
{
	setLang(localStorage.getItem("lang") ??
		(navigator.language.startsWith("ja") ? "ja" : "en"));
	document.documentElement.lang = lang();
	try {
		app.config = await api.config();
		ctx.idle = new Idle(app.config.idle_s, clock.now());
		take(await api.me());
	} catch {
		main.replaceChildren(t("server.no_answer.title"), " ",
			t("server.no_answer.next"));
		return;
	}
	toggletip.listen();
	watch.start(ctx);
	flow.addEventListener("change", ctx.update);
	addEventListener("hashchange", enter);
	setInterval(() => {
		if (app.me.account !== null)
			ctx.refresh();
	}, LOOK_MS);
	enter();
	await rejoin();
}

begin();
