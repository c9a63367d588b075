/*
 * Elements from data. Text stays text: nothing here, or anywhere else on
 * these pages, reads a string as markup.
 */

/**
 * h("button.main#go", { type: "button", onclick: f }, "text", element, …)
 *
 * Attributes that are null, undefined or false are left out, true is an empty
 * one; on… are listeners; value and checked are set as properties. Children
 * may be nested lists; null and false among them are left out.
 */
export function h(name, ...rest)
{
	const [, tag, marks] = /^([a-z0-9]+)(.*)$/.exec(name);
	const element = document.createElement(tag);

	for (const [mark] of marks.matchAll(/[.#][^.#]+/g)) {
		if (mark[0] === ".")
			element.classList.add(mark.slice(1));
		else
			element.id = mark.slice(1);
	}
	if (isAttributes(rest[0]))
		setAttributes(element, rest.shift());
	element.append(...rest.flat(Infinity).filter(isShown));
	return element;
}

function isAttributes(value)
{
	return value !== null && typeof value === "object" &&
		!Array.isArray(value) && !(value instanceof Node);
}

function isShown(child)
{
	return child !== null && child !== undefined && child !== false;
}

function setAttributes(element, attributes)
{
	for (const [name, value] of Object.entries(attributes)) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name === "class")
			element.classList.add(...value.split(" "));
		else if (name.startsWith("on"))
			element.addEventListener(name.slice(2), value);
		else if (name === "value" || name === "checked")
			element[name] = value;
		else
			element.setAttribute(name, value === true ? "" : value);
	}
}

/** Text only where it changes: a screen reader says what it is told once. */
export function say(element, text)
{
	if (element.textContent !== text)
		element.textContent = text;
}
