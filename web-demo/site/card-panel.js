/*
 * The card flow as a person sees it: the check that a reader is there, 開始,
 * and how it stands. One of these in each view that reads the card.
 */
import { h, say } from "./dom.js";
import { has, lang, pick, t } from "./i18n.js";
import { link, unlocking } from "./parts.js";
import { ServerError } from "./api.js";

/* phase -> what the box looks like; all others: "info". */
const TONES = { no_reader: "warn", question: "warn", failed: "error",
	cancelled: "warn", ready: "ok", done: "ok" };
/* Where a failure leads to: [view, key of the words]. */
const LEADS = {
	already_linked: ["login", "card.lead.login"],
	no_account: ["account", "card.lead.account"],
	unreachable: ["prepare", "card.lead.prepare"],
	browser_denied: ["prepare", "card.lead.prepare"],
	too_old: ["prepare", "card.lead.prepare"],
	pcsc_unavailable: ["prepare", "card.lead.prepare"],
	no_reader: ["prepare", "card.lead.prepare"],
};
const TAKEOVER = new Set(["session_active", "session_elsewhere"]);
const BLOCKED = new Set(["pin_blocked"]);

/** What a failure is called, what happened, and what to do. */
export function words(error)
{
	if (typeof error.words === "function")
		return error.words(lang());
	const key = "server." + error.code;
	const known = has(key) ? key :
		error instanceof ServerError ? "server.other" : "server.internal";

	return {
		title: t(known + ".title"),
		detail: (error instanceof ServerError && pick(error)) ||
			t(known + ".detail"),
		next: t(known + ".next"),
	};
}

function lastTry(error)
{
	return error.extra?.tries_left === 1 || error.code === "last_try_refused";
}

/* What else there is to say of a failure, beside its words. */
function remedies(error, lead = LEADS[error.code])
{
	return [
		BLOCKED.has(error.code) && unlocking(),
		lastTry(error) && [h("p", {}, t("pin.last_try")), unlocking()],
		error.check && h("p", {}, h("a", { href: error.check,
			target: "_blank", rel: "noopener noreferrer" },
		t("doctor.check")), " ", h("small", {}, t("newtab"))),
		lead && h("p", {}, link(lead[0], t(lead[1]))),
	];
}

/** [title, [paragraphs]] of how it stands. */
function status(flow)
{
	const phase = flow.phase;

	if (phase === "failed") {
		const { title, detail, next } = words(flow.error);
		return [title, [detail, next]];
	}
	if (phase === "idle" && flow.lost)
		return [t("card.lost.title"), [t(has("card.lost." + flow.lost) ?
			"card.lost." + flow.lost : "card.lost.unknown")]];
	const title = t(`card.state.${phase}.title`);
	if (phase === "waiting_for_pin" && flow.progress.prompt)
		return pinStatus(title, flow.progress.prompt);
	return [title, [t(`card.state.${phase}.detail`)]];
}

function pinStatus(title, prompt)
{
	const values = { step: prompt.step, steps: prompt.steps,
		n: prompt.tries_left };
	const pin = prompt.pin === null ? null : t("pin.short." + prompt.pin);

	return [prompt.steps > 1 ? title + t("card.window", values) : title,
		[t("card.state.waiting_for_pin.detail"),
			pin && t("card.type", { pin }),
			pin && t(prompt.tries_left === 1 ? "pin.left_one" :
				"pin.left", values)].filter(Boolean)];
}

/** The readers that are there, and in which a card is. */
function readers(flow)
{
	return h("ul.readers", {}, flow.readers.map((reader) => h("li", {},
		h("span.model", {}, reader.model), " ",
		h("span.has-card", { "data-card": String(reader.card_present) },
			t(reader.card_present ? "card.with" : "card.without")))));
}

const SHOWS_READERS = new Set(["ready", "waiting_for_card"]);

/**
 * ctx: { flow, announce, run }
 * job: see CardFlow.run; its run() is ctx.run(job)
 * words: { start }: what the button that begins says
 */
export function cardPanel(ctx, job, labels)
{
	const { flow } = ctx;
	const title = h("p.status-title", {});
	const detail = h("div.status-detail", {});
	const bar = h("progress", { max: "1", "aria-label": t("card.progress"),
		hidden: true });
	const more = h("div.status-more", {});
	const at = h("div#status.box", { tabindex: "-1", "data-state": "",
		"data-code": "" }, title, detail, bar, more);
	const note = h("p#start-note.note", {}, t("card.note"));
	const button = (id, text, look, onclick) => h("button#" + id,
		{ type: "button", class: look, onclick }, text);
	const check = button("card-check", t("card.check"), "main",
		() => flow.check());
	const start = button("card-start", labels.start, "main", () => {
		if (start.getAttribute("aria-disabled") === "true")
			ctx.announce(t("card.start_not_yet"));
		else
			ctx.run(job);
	});
	const retry = button("card-retry", t("card.retry"), "main",
		() => flow.job && flow.session ? ctx.run(job) : flow.check());
	const takeover = button("card-takeover", t("card.takeover"), "main",
		() => flow.check(true));
	const cancel = button("card-cancel", t("card.cancel"), "quiet",
		() => flow.cancel());
	let told = "";

	start.setAttribute("aria-describedby", "start-note");

	function update()
	{
		const { phase } = flow;
		const [head, lines] = status(flow);
		const failed = phase === "failed";
		const elsewhere = failed && TAKEOVER.has(flow.error.code);
		const resting = ["idle", "no_reader"].includes(phase);

		at.className = "box " + (flow.lost ? "warn" : TONES[phase] ?? "info");
		at.dataset.state = phase;
		at.dataset.code = failed ? flow.error.code ?? "internal" : "";
		say(title, head);
		detail.replaceChildren(...lines.filter(Boolean)
			.map((line) => h("p", {}, line)));
		more.replaceChildren(...[SHOWS_READERS.has(phase) && readers(flow),
			failed && remedies(flow.error)].flat(Infinity).filter(Boolean));
		progress(bar, flow);

		check.hidden = !resting;
		start.hidden = !(resting || phase === "ready");
		start.setAttribute("aria-disabled", String(phase !== "ready"));
		note.hidden = start.hidden || phase === "ready";
		retry.hidden = !(failed && !elsewhere || phase === "cancelled" ||
			phase === "done");
		takeover.hidden = !elsewhere;
		cancel.hidden = !flow.busy || phase === "submitting";
		tell(phase, [head, ...lines].join(" "));
	}

	/* A failure takes the focus; everything else is said only. */
	function tell(phase, text)
	{
		if (phase + text === told)
			return;
		const first = told === "";
		told = phase + text;
		if (first)
			return;
		if (phase === "failed")
			at.focus();
		else if (phase !== "done")
			ctx.announce(text);
		keepFocus();
	}

	/* A button that has gone leaves the focus on what it brought about. */
	function keepFocus()
	{
		const has = document.activeElement;

		if (has === null || has === document.body || has.hidden)
			at.focus();
	}

	flow.addEventListener("change", update);
	const panel = h("section.panel", { "aria-labelledby": "panel-title" },
		h("h2#panel-title", {}, t("card.title")),
		h("p", {}, t("card.intro")),
		at,
		h("p.buttons", {}, check, start, takeover, retry, cancel),
		note);
	panel.leave = () => flow.removeEventListener("change", update);
	update();
	return panel;
}

function progress(bar, flow)
{
	const known = flow.progress?.progress;

	bar.hidden = !["reading", "submitting"].includes(flow.phase);
	if (known)
		bar.value = known.done / Math.max(1, known.total);
	else
		bar.removeAttribute("value");
}

/** The connection doctor's finding as a part of a page. */
export function doctorResult(error)
{
	if (error === null)
		return h("div#doctor.box.ok", { tabindex: "-1", "data-code": "" },
			h("h3", {}, t("doctor.well")),
			h("p", {}, t("doctor.well_next")));
	const { title, detail, next } = words(error);

	return h("div#doctor.box.error", { tabindex: "-1",
		"data-code": error.code ?? "internal" },
	h("h3", {}, title), detail !== "" && h("p", {}, detail),
	h("p", {}, h("strong", {}, t("doctor.next")), " ", next),
	remedies(error, null));
}
