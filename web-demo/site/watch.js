/*
 * Watches over the 60 minutes: what the person does is told to the server and
 * to kenmend, the warning comes at 55, at 60 everything goes. Nothing here
 * extends a session by itself: timers only look.
 */
import { h, say } from "./dom.js";
import { t } from "./i18n.js";

const DOES = ["pointerdown", "keydown", "input"];
const LOOK_MS = 1000;

const dialog = () => document.getElementById("idle-dialog");

function left(ctx)
{
	return Math.ceil(ctx.idle.left(ctx.clock.now()));
}

/* Says it to the eye every second, to the ear every minute. */
function count(ctx)
{
	const s = left(ctx);

	say(dialog().querySelector("#idle-left"), t("idle.left",
		{ m: Math.floor(s / 60), s: s % 60 }));
	if (s > 0 && s % 60 === 0)
		say(dialog().querySelector("#idle-soon"),
			t("idle.soon", { m: s / 60 }));
}

function warn(ctx)
{
	dialog().replaceChildren(
		h("h2#idle-title", {}, t("idle.title")),
		h("p#idle-text", {}, t("idle.text")),
		h("p#idle-left.big", { "aria-hidden": "true" }),
		h("p#idle-soon.unseen", { role: "status" }),
		h("p.buttons", {},
			h("button#idle-continue.main", { type: "button",
				autofocus: true, onclick: () => goOn(ctx) },
			t("idle.go_on")),
			h("button#idle-end.quiet", { type: "button",
				onclick: () => ctx.end("closed") }, t("idle.end"))));
	dialog().showModal();
	count(ctx);
}

/** The dialog's words in another language. */
export function translate(ctx)
{
	if (dialog().open) {
		dialog().close();
		warn(ctx);
	}
}

function goOn(ctx)
{
	if (dialog().open)
		dialog().close();
	ctx.idle.restart(ctx.clock.now());
	ctx.tellActivity();
}

/* How it stands now; called each second, and whenever the page is back. */
function look(ctx)
{
	if (!ctx.holding()) {
		ctx.idle.restart(ctx.clock.now());
		return;
	}
	const phase = ctx.idle.phase(ctx.clock.now());
	if (phase === "over")
		ctx.end("idle");
	else if (phase === "warn" && !dialog().open)
		warn(ctx);
	else if (phase === "warn")
		count(ctx);
	else if (dialog().open)
		dialog().close();
	ctx.update();
}

function done(ctx)
{
	/* While the warning stands, only its buttons count. */
	if (!dialog().open && ctx.holding() &&
	    ctx.idle.active(ctx.clock.now()))
		ctx.tellActivity();
}

/** Once for the page. */
export function start(ctx)
{
	for (const event of DOES)
		addEventListener(event, () => done(ctx), { capture: true,
			passive: true });
	dialog().addEventListener("cancel", (event) => {
		event.preventDefault();
		goOn(ctx);
	});
	setInterval(() => look(ctx), LOOK_MS);
	document.addEventListener("visibilitychange", () => {
		if (document.visibilityState !== "visible")
			return;
		look(ctx);
		ctx.refresh();
	});
	/* Out of the back-forward cache: nothing is shown before it is known
	   whether it still may be. */
	addEventListener("pagehide", () =>
		document.documentElement.classList.add("away"));
	addEventListener("pageshow", async (event) => {
		if (event.persisted) {
			look(ctx);
			await ctx.refresh();
		}
		document.documentElement.classList.remove("away");
	});
	addEventListener("beforeunload", (event) => {
		if (ctx.flow.windowOpen)
			event.preventDefault();
	});
}
