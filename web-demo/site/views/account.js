import { h } from "../dom.js";
import { t } from "../i18n.js";
import { box, heading, steps } from "../parts.js";
import { toggletip } from "../toggletip.js";
import * as store from "../store.js";

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

function kinds()
{
	const kind = (value, more) => h("label.radio", {},
		h("input", { type: "radio", name: "kind", value, ...more }),
		h("span", {}, t("account.kind." + value)));

	return h("fieldset", {},
		h("legend", {}, t("account.kind.legend"), " ",
			toggletip(t("form.about", { what: t("account.kind.legend") }),
				t("account.kind.help"))),
		kind("individual", { id: "kind-individual", checked: true }),
		kind("corporate", { id: "kind-corporate",
			"aria-describedby": "kind-note" }),
		h("p#kind-note.note", {}, t("account.kind.note")));
}

export function account(ctx)
{
	const fault = h("p#email-fault.fault", { hidden: true });
	const email = h("input#email", { type: "email", autocomplete: "email",
		"aria-required": "true", "aria-describedby": "email-fault",
		value: store.get().email,
		oninput: () => store.put({ email: email.value.trim() }) });
	const refused = h("p.fault", { id: "kind-fault", hidden: true },
		t("account.kind.refused"));

	function submit(event)
	{
		event.preventDefault();
		const corporate = event.target.elements.kind.value === "corporate";
		const wrong = !EMAIL.test(email.value.trim());
		refused.hidden = !corporate;
		fault.hidden = !wrong;
		fault.textContent = wrong ? t("account.email.fault") : "";
		email.setAttribute("aria-invalid", String(wrong));
		if (corporate)
			document.getElementById("kind-corporate").focus();
		else if (wrong)
			email.focus();
		else
			ctx.go("way");
		if (corporate || wrong)
			ctx.announce((corporate ? refused : fault).textContent);
	}

	return [
		steps("account"),
		heading(t("account.title")),
		h("p.lead", {}, t("account.lead")),
		h("form", { novalidate: true, onsubmit: submit }, kinds(), refused,
			h("div.field", {}, h("div.label", {},
				h("label", { for: "email" }, t("account.email.label")),
				h("span.must", {}, t("form.must")),
				toggletip(t("form.about",
					{ what: t("account.email.label") }),
				t("account.email.help"))), fault, email),
			h("p.buttons", {}, h("button#account-next.main", {},
				t("next")))),
		box("info", null, h("p", {}, t("account.devices"))),
	];
}
