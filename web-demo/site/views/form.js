import { h } from "../dom.js";
import { has, pick, t } from "../i18n.js";
import { checks, heading, steps } from "../parts.js";
import { toggletip } from "../toggletip.js";
import { APPLICANT, application, DRONE, faults, FIELDS } from "../fields.js";
import * as api from "../api.js";
import * as store from "../store.js";

/* A fault is a key of ours, or the server's { detail, detail_ja }. */
function faultText(field, fault)
{
	return typeof fault === "string" ?
		t(fault, { what: label(field) }) : pick(fault);
}

function label(field)
{
	return t(`form.${field.name}.label`);
}

function put(field, value)
{
	store.put({ [field.part]: { ...store.get()[field.part],
		[field.name]: value } });
}

function control(field, fault)
{
	const common = {
		id: field.id,
		name: field.name,
		value: store.get()[field.part][field.name] ?? "",
		autocomplete: field.autocomplete ?? "off",
		"aria-required": String(field.required),
		"aria-invalid": fault ? "true" : null,
		"aria-describedby": [fault && field.id + "-fault",
			has(`form.${field.name}.hint`) && field.id + "-hint"]
			.filter(Boolean).join(" ") || null,
		oninput: (event) => put(field, event.target.value),
	};

	if (!field.choices)
		return h("input", { type: field.type, inputmode: field.inputmode,
			spellcheck: field.spellcheck,
			class: field.narrow ? "narrow" : null, ...common });
	const { value, ...others } = common;
	const choice = (key) => h("option", { value: key,
		selected: key === value },
	t(key === "" ? "form.choose" : `form.${field.name}.choice.${key}`));

	return h("select", others, ["", ...field.choices].map(choice));
}

function row(field, fault)
{
	const hint = `form.${field.name}.hint`;

	return h("div.field", { class: fault ? "wrong" : null },
		h("div.label", {},
			h("label", { for: field.id }, label(field)),
			h("span.must", {}, t("form.must")),
			toggletip(t("form.about", { what: label(field) }),
				t(`form.${field.name}.help`))),
		has(hint) && h("p.hint", { id: field.id + "-hint" }, t(hint)),
		fault && h("p.fault", { id: field.id + "-fault" },
			faultText(field, fault)),
		control(field, fault));
}

/* All that is wrong, with a way to each field. */
function summary(wrong)
{
	const fields = FIELDS.filter((field) => wrong[field.name]);

	if (fields.length === 0)
		return null;
	return h("div#faults.box.error", { tabindex: "-1", role: "group",
		"aria-labelledby": "faults-title" },
	h("h2#faults-title.box-title", {},
		t("form.faults", { n: fields.length })),
	h("ul", {}, fields.map((field) => h("li", {}, h("a", {
		href: "#" + field.id,
		onclick: (event) => {
			event.preventDefault();
			document.getElementById(field.id).focus();
		},
	}, faultText(field, wrong[field.name]))))));
}

function failure(error)
{
	return h("div#faults.box.error", { tabindex: "-1" },
		h("p.box-title", {}, pick(error) || t("server.no_answer.title")),
		h("p", {}, t("form.kept")));
}

export function form(ctx)
{
	const { app } = ctx;
	const wrong = app.faults ?? {};
	const button = h("button#form-next.main", {}, t("form.next"));

	async function submit(event)
	{
		event.preventDefault();
		if (button.getAttribute("aria-disabled") === "true")
			return;
		app.faults = faults(store.get());
		app.failure = null;
		if (Object.keys(app.faults).length > 0)
			return again();
		button.setAttribute("aria-disabled", "true");
		const { form, drone } = application(store.get());
		try {
			await api.application(form, drone);
			await ctx.refresh();
			ctx.arrive("review", "arrive.review");
		} catch (error) {
			if (await ctx.ended(error))
				return;
			app.faults = error.fields ?? {};
			app.failure = error;
			again();
		}
	}

	function again()
	{
		ctx.show();
		document.getElementById("faults")?.focus();
	}

	return [
		steps("form"),
		heading(t("form.title")),
		h("p.lead", {}, t("form.lead")),
		summary(wrong) ?? (app.failure && failure(app.failure)),
		app.checks && h("details#checks", {},
			h("summary", {}, t("form.checked")),
			checks(app.checks, pick)),
		h("form", { novalidate: true, onsubmit: submit },
			h("fieldset", {}, h("legend.big", {}, t("form.applicant")),
				h("p.note", {}, t("form.from_card")),
				APPLICANT.map((field) => row(field, wrong[field.name]))),
			h("fieldset", {}, h("legend.big", {}, t("form.drone")),
				DRONE.map((field) => row(field, wrong[field.name]))),
			h("p.buttons", {}, button)),
	];
}
