import assert from "node:assert/strict";
import test from "node:test";
import { application, faults, FIELDS } from "../../web-demo/site/fields.js";

const FULL = {
	form: { name: "見本　花子", address: "東京都千代田区見本町１－２－３",
		birth_date: "1990-04-01", sex: "female",
		email: " hanako@mail.example ", phone: "０３－００００－００００" },
	drone: { kind: "multirotor", maker: "見本製作所", model: "見本号 2",
		serial: "ＭＨＮ１", weight_g: "１,２３４", remote_id: "none",
		purpose: "hobby" },
};

test("full-width figures are taken; what a card says is left as it is", () => {
	const made = application(FULL);

	assert.equal(made.form.name, "見本　花子");
	assert.equal(made.form.address, "東京都千代田区見本町１－２－３");
	assert.equal(made.form.phone, "03-0000-0000".replaceAll("-", "-"));
	assert.equal(made.form.email, "hanako@mail.example");
	assert.equal(made.drone.serial, "MHN1");
	assert.equal(made.drone.weight_g, 1234);
	assert.deepEqual(faults(FULL), {});
});

test("what is missing or no number is told by field", () => {
	const wrong = faults({ form: {}, drone: {} });

	assert.deepEqual(Object.keys(wrong).sort(),
		FIELDS.map((field) => field.name).sort());
	assert.equal(wrong.name, "form.fault.missing");
	assert.equal(wrong.kind, "form.fault.unchosen");
	assert.deepEqual(faults({ ...FULL,
		drone: { ...FULL.drone, weight_g: "軽い" } }),
	{ weight_g: "form.fault.number" });
});
