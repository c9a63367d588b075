/*
 * The i mark beside a field: help on hover, by tap and from the keyboard. It
 * stays while the pointer is on it, Escape or a tap elsewhere closes it, and
 * a screen reader says it when it opens (WCAG 2.2, 1.4.13).
 */
import { h, say } from "./dom.js";

/* Long enough to move the pointer from the mark onto the text. */
const LINGER_MS = 250;

let opened = null;

function close()
{
	opened?.close();
}

/** label: of the button; text: what it tells. */
export function toggletip(label, text)
{
	const tip = h("span.tip", { role: "status" });
	const mark = h("button.i", { type: "button", "aria-label": label,
		"aria-expanded": "false" }, "i");
	const whole = h("span.toggletip", {}, mark, tip);
	let timer = null, pinned = false;

	const self = {
		close()
		{
			clearTimeout(timer);
			pinned = false;
			say(tip, "");
			mark.setAttribute("aria-expanded", "false");
			if (opened === self)
				opened = null;
		},
	};
	const open = () => {
		clearTimeout(timer);
		if (opened !== self)
			close();
		opened = self;
		say(tip, text);
		mark.setAttribute("aria-expanded", "true");
	};

	mark.addEventListener("click", () => {
		if (pinned)
			return self.close();
		open();
		pinned = true;
	});
	whole.addEventListener("pointerenter", (event) => {
		if (event.pointerType === "mouse")
			open();
	});
	whole.addEventListener("pointerleave", (event) => {
		if (event.pointerType === "mouse" && !pinned)
			timer = setTimeout(self.close, LINGER_MS);
	});
	whole.addEventListener("focusout", () => self.close());
	return whole;
}

/** Once for the page. */
export function listen()
{
	addEventListener("keydown", (event) => {
		if (event.key === "Escape")
			close();
	});
	addEventListener("pointerdown", (event) => {
		if (opened && !event.target.closest?.(".toggletip"))
			close();
	});
}
