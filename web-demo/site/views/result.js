/* What the server makes of the application, and the mark it gives. */
import { h } from "../dom.js";
import { date, has, pick, t } from "../i18n.js";
import { box, checks, goto, heading, link, section, steps, terms }
	from "../parts.js";

const SAME = new Map([[true, "same"], [false, "differs"], [null, "unsure"]]);

function worded(field, value)
{
	if (value === null || value === undefined || value === "")
		return "-";
	if (field === "birth_date")
		return date(value);
	return field === "sex" && has("form.sex.choice." + value) ?
		t("form.sex.choice." + value) : value;
}

function matches(list)
{
	const line = (match) => {
		const how = SAME.get(match.same) ?? "unsure";

		return h("tr", { class: how, "data-field": match.field,
			"data-same": String(match.same) },
		h("th", { scope: "row" }, t(`form.${match.field}.label`)),
		h("td", { "data-label": t("verdict.form") },
			worded(match.field, match.form)),
		h("td", { "data-label": t("verdict.certificate") },
			worded(match.field, match.certificate)),
		h("td", { "data-label": t("verdict.result") },
			h("span.verdict", {}, t("verdict.match." + how))));
	};

	return h("table.matches", {},
		h("caption.unseen", {}, t("verdict.matches")),
		h("thead", {}, h("tr", {}, ["item", "form", "certificate", "result"]
			.map((name) => h("th", { scope: "col" }, t("verdict." + name))))),
		h("tbody", {}, list.map(line)));
}

export function verdict(ctx)
{
	const said = ctx.app.verdict;
	const good = said.accepted;

	return [
		steps("verdict"),
		heading(t(good ? "verdict.good" : "verdict.bad")),
		h("p.lead", {}, t(good ? "verdict.good_lead" : "verdict.bad_lead")),
		!good && box("error", t("verdict.todo"), h("ul", {},
			said.checks.filter((c) => c.ok === false)
				.map((c) => h("li", {}, pick(c))),
			said.match.filter((m) => m.same === false)
				.map((m) => h("li", {}, t("verdict.differs", {
					what: t(`form.${m.field}.label`) })))),
		h("p", {}, t("verdict.kept"))),
		section(t("verdict.checks"), checks(said.checks, pick)),
		said.match.length > 0 && section(t("verdict.matches"),
			h("p", {}, t("verdict.matches_text")), matches(said.match)),
		h("p.buttons", {}, good ?
			goto("done", t("verdict.next"), "verdict-next") :
			[goto("form", t("verdict.back"), "verdict-back"),
				link("sign", t("verdict.again"),
					{ class: "button quiet" })]),
	];
}

/** A registration's particulars. */
export function particulars(entry)
{
	return terms([
		[t("form.maker.label"), entry.maker],
		[t("form.model.label"), entry.model],
		[t("form.serial.label"), entry.serial],
		[t("done.at"), date(entry.registered_at)],
	]);
}

export function done(ctx)
{
	const entry = ctx.app.verdict.registration;

	return [
		steps("done"),
		heading(t("done.title")),
		h("p.lead", {}, t("done.lead")),
		h("div.box.ok.mark", {}, h("p", {}, t("done.symbol")),
			h("p#symbol.symbol", {}, entry.symbol)),
		particulars(entry),
		section(t("done.next.title"), h("ul", {},
			["mark", "card", "end"].map((what) =>
				h("li", {}, t("done.next." + what))))),
		h("p.buttons", {}, goto("mypage", t("nav.mypage"), "done-mypage")),
	];
}
