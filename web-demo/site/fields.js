/* The form's fields. One more is one more line, and its words. */

/* part: of the application; choices: of a select, by their keys. */
const field = (part, name, more) => ({ part, name,
	id: (part === "form" ? "f-" : "d-") + name, type: "text",
	required: true, ...more });

const SEX = ["male", "female", "not_applicable", "unknown"];
const KIND = ["multirotor", "helicopter", "rotor_other", "airplane", "glider",
	"airship"];
const PURPOSE = ["hobby", "business", "public"];
const REMOTE_ID = ["built_in", "external", "none"];

export const APPLICANT = [
	field("form", "name", { autocomplete: "name" }),
	field("form", "address", { autocomplete: "street-address" }),
	field("form", "birth_date", { type: "date", autocomplete: "bday" }),
	field("form", "sex", { choices: SEX }),
	field("form", "email", { type: "email", autocomplete: "email" }),
	field("form", "phone", { type: "tel", autocomplete: "tel" }),
];

export const DRONE = [
	field("drone", "kind", { choices: KIND }),
	field("drone", "maker", {}),
	field("drone", "model", {}),
	field("drone", "serial", { spellcheck: "false" }),
	field("drone", "weight_g", { inputmode: "numeric", narrow: true }),
	field("drone", "remote_id", { choices: REMOTE_ID }),
	field("drone", "purpose", { choices: PURPOSE }),
];

export const FIELDS = [...APPLICANT, ...DRONE];

/** Full-width figures and letters are what a Japanese keyboard types. */
function folded(text)
{
	return text.normalize("NFKC").trim();
}

/** What was typed, as the server takes it: { form, drone }. */
export function application(typed)
{
	const made = { form: {}, drone: {} };

	for (const { part, name } of FIELDS)
		made[part][name] = (typed[part][name] ?? "").trim();
	made.form.phone = folded(made.form.phone);
	made.form.email = folded(made.form.email);
	made.drone.serial = folded(made.drone.serial);
	const weight = folded(made.drone.weight_g).replace(/[,，]/g, "");
	made.drone.weight_g = /^\d{1,9}$/.test(weight) ? Number(weight) : null;
	return made;
}

/** name -> key of what is wrong, as far as the page can tell by itself. */
export function faults(typed)
{
	const made = application(typed);
	const wrong = {};

	for (const { part, name, required, choices } of FIELDS) {
		const text = (typed[part][name] ?? "").trim();
		if (required && text === "")
			wrong[name] = choices ?
				"form.fault.unchosen" : "form.fault.missing";
		else if (name === "weight_g" && made.drone.weight_g === null)
			wrong[name] = "form.fault.number";
	}
	return wrong;
}
