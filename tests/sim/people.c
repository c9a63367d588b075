#include "people.h"

#include <string.h>

/* clang-format off */
static const struct sim_person people[] = {
	{
		.id = "hanako", .name = "見本　花子",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "19900401", .sex = "2",
		.my_number = "123456789018", .auth_pin = "1234",
		.sign_pin = "SAMPLE1234", .attributes_pin = "1234",
		.face_b = "02040120354821",
	}, {
		.id = "taro", .name = "見本　太郎",
		.address = "大阪府大阪市中央区例町４－５－６　見本ビル７０１",
		.birth_date = "19751231", .sex = "1",
		.my_number = "900012345675", .auth_pin = "3456",
		.sign_pin = "TARO00MIHON11", .attributes_pin = "2345",
		.face_b = "50123120310007",
	}, {
		/* a long name in Latin letters, from a residence card */
		.id = "long",
		.name = "MIHONSKAYA-EXEMPLARIDIS MAXIMILIANA ALEXANDRA "
		    "WILHELMINA THEODORA CONSTANCE SERAPHINA GUADALUPE "
		    "BERNADETTE OF SAMPLETOWN UPON EXAMPLE",
		.address = "神奈川県横浜市中区例示町１２番地３４",
		.birth_date = "19681105", .sex = "2",
		.my_number = "900024691340", .auth_pin = "5678",
		.sign_pin = "LONG2NAME", .attributes_pin = "4567",
		.face_b = "68110520291234",
	}, {
		/* an address that takes the file past 256 bytes */
		.id = "far", .name = "例示　遠子",
		.address = "北海道見本郡見本町字例示原野基線東二十三号北"
		    "一千二百三十四番地五十六　例示団地自治会第七区画内"
		    "見本記念集合住宅はるかかなた棟壱拾弐階壱弐参四号室"
		    "　見本方　例示様方離れ二階東側角部屋",
		.birth_date = "20010909", .sex = "2",
		.my_number = "900037037010", .auth_pin = "7890",
		.sign_pin = "FARAWAY256", .attributes_pin = "6789",
		.face_b = "13090920330256",
	}, {
		/* a former surname (旧氏) stands in the name */
		.id = "former", .name = "見本［例示］　市子",
		.address = "福岡県見本市例区一丁目２番３号",
		.birth_date = "19840229", .sex = "2",
		.my_number = "900049382686", .auth_pin = "9012",
		.sign_pin = "FORMER2NAME", .attributes_pin = "8901",
		.face_b = "59022920300229",
	}, {
		/* outside JIS X 0208 and 0212: an ideographic variation
		 * sequence (U+845B U+E0100), beyond the BMP (U+20BB7), private
		 * use (U+E000, U+F0001) */
		.id = "gaiji",
		.name = "\xe8\x91\x9b\xf3\xa0\x84\x80" "城　"
		    "\xf0\xa0\xae\xb7" "\xee\x80\x80",
		.address = "奈良県\xf0\xa0\xae\xb7" "野郡例村大字"
		    "\xf3\xb0\x80\x81" "９９番地",
		.birth_date = "19470503", .sex = "1",
		.my_number = "900061728350", .auth_pin = "2109",
		.sign_pin = "GAIJI9999", .attributes_pin = "1098",
		.face_b = "22050320284242",
	}, {
		/* not UTF-8: a stray FF, a surrogate, an overlong slash, a
		 * sequence cut short by the end of the name */
		.id = "broken",
		.name = "見\xff" "本　\xed\xa0\x80" "壊\xc0\xaf" "子\xe5\xad",
		.address = "岐阜県例示市\xe8\xa6" "町１",
		.birth_date = "19991231", .sex = "1",
		.my_number = "900074074023", .auth_pin = "4321",
		.sign_pin = "BROKEN4321", .attributes_pin = "3210",
		.face_b = "11123120320666",
	}, {
		.id = "nine", .name = "例示　九",
		.address = "京都府京都市例区９９９",
		.birth_date = "19990909", .sex = "9",
		.my_number = "900086419697", .auth_pin = "6543",
		.sign_pin = "NINE99999", .attributes_pin = "9999",
		.face_b = "11090920340999",
	}, {
		/* sources disagree about a code 3 */
		.id = "three", .name = "例示　三",
		.address = "三重県例示市３３３",
		.birth_date = "19930303", .sex = "3",
		.my_number = "900111111031", .auth_pin = "6333",
		.sign_pin = "THREE33333", .attributes_pin = "3333",
		.face_b = "05030320340333",
	}, {
		/* month known, day not */
		.id = "unknown-day", .name = "見本　日無",
		.address = "沖縄県例示市見本１２３",
		.birth_date = "19500400", .sex = "1",
		.my_number = "900098765361", .auth_pin = "8765",
		.sign_pin = "NODAY0400", .attributes_pin = "0400",
		.face_b = "25040020290400",
	}, {
		.id = "child", .name = "見本　こども",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "20191001", .sex = "1",
		.my_number = "900123456700", .auth_pin = "1357",
		.sign_pin = "CHILD2019", .attributes_pin = "2468",
		.face_b = "01100120291001", .no_certificates = true,
	}, {
		/* some other chip card */
		.id = "foreign", .name = "", .address = "", .birth_date = "",
		.sex = "", .my_number = "000000000000", .auth_pin = "0000",
		.sign_pin = "FOREIGN0", .attributes_pin = "0000",
		.face_b = "00000000000000", .foreign = true,
	},
};

static const struct {
	const char *name;
	int max_tries;
} pins[SIM_PIN_N] = {
	[SIM_PIN_AUTH] =       { "auth",       3 },
	[SIM_PIN_SIGN] =       { "sign",       5 },
	[SIM_PIN_ATTRIBUTES] = { "attributes", 3 },
	/* nothing is published about these; ten is what is said */
	[SIM_PIN_FACE_B] =     { "face_b",     10 },
	[SIM_PIN_FACE_A] =     { "face_a",     10 },
	[SIM_PIN_TEXT_B] =     { "text_b",     10 },
	[SIM_PIN_TEXT_A] =     { "text_a",     10 },
	[SIM_PIN_BIRTH] =      { "birth",      10 },
};
/* clang-format on */

#define PEOPLE_N (sizeof(people) / sizeof(people[0]))
#define BIRTH_LEN 6

const struct sim_person *
sim_person_at(size_t i)
{
	return i < PEOPLE_N ? &people[i] : NULL;
}

const struct sim_person *
sim_person_find(const char *id)
{
	for (size_t i = 0; i < PEOPLE_N; i++)
		if (!strcmp(people[i].id, id))
			return &people[i];
	return NULL;
}

const char *
sim_person_code(const struct sim_person *person, enum sim_pin pin)
{
	switch (pin) {
	case SIM_PIN_AUTH:
		return person->auth_pin;
	case SIM_PIN_SIGN:
		return person->sign_pin;
	case SIM_PIN_ATTRIBUTES:
		return person->attributes_pin;
	case SIM_PIN_FACE_B:
	case SIM_PIN_TEXT_B:
	case SIM_PIN_BIRTH: /* its first six digits */
		return person->face_b;
	case SIM_PIN_FACE_A:
	case SIM_PIN_TEXT_A:
		return person->my_number;
	case SIM_PIN_N:
		break;
	}
	return "";
}

size_t
sim_person_code_len(const struct sim_person *person, enum sim_pin pin)
{
	if (pin == SIM_PIN_BIRTH)
		return BIRTH_LEN;
	return strlen(sim_person_code(person, pin));
}

const char *
sim_pin_name(enum sim_pin pin)
{
	return pin < SIM_PIN_N ? pins[pin].name : NULL;
}

int
sim_pin_from_name(const char *name)
{
	for (int i = 0; i < SIM_PIN_N; i++)
		if (!strcmp(pins[i].name, name))
			return i;
	return -1;
}

int
sim_pin_max_tries(enum sim_pin pin)
{
	return pins[pin].max_tries;
}
