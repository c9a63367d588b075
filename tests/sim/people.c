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
		.face_b = "02040120354821", .expires = "20350401",
		.keys = "hanako",
	}, {
		.id = "taro", .name = "見本　太郎",
		.address = "大阪府大阪市中央区例町４－５－６　見本ビル７０１",
		.birth_date = "19751231", .sex = "1",
		.my_number = "900012345675", .auth_pin = "3456",
		.sign_pin = "TARO00MIHON11", .attributes_pin = "2345",
		.face_b = "50123120310007", .expires = "20311231",
		.keys = "taro", .generation = SIM_2019,
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
		.face_b = "68110520291234", .expires = "20291105",
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
		.face_b = "13090920330256", .expires = "20330909",
	}, {
		/* a former surname (旧氏) stands in the name */
		.id = "former", .name = "見本［例示］　市子",
		.address = "福岡県見本市例区一丁目２番３号",
		.birth_date = "19840229", .sex = "2",
		.my_number = "900049382686", .auth_pin = "9012",
		.sign_pin = "FORMER2NAME", .attributes_pin = "8901",
		.face_b = "59022920300229", .expires = "20300228",
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
		.face_b = "22050320284242", .expires = "20280503",
		.cert_name = "葛城　吉■", .cert_name_flags = "10011",
		.cert_address = "奈良県吉野郡例村大字■９９番地",
		.cert_address_flags = "000100000010000",
	}, {
		/* not UTF-8: a stray FF, a surrogate, an overlong slash, a
		 * sequence cut short by the end of the name */
		.id = "broken",
		.name = "見\xff" "本　\xed\xa0\x80" "壊\xc0\xaf" "子\xe5\xad",
		.address = "岐阜県例示市\xe8\xa6" "町１",
		.birth_date = "19991231", .sex = "1",
		.my_number = "900074074023", .auth_pin = "4321",
		.sign_pin = "BROKEN4321", .attributes_pin = "3210",
		.face_b = "11123120320666", .expires = "20321231",
		.cert_name = "見■本　■壊■子■",
		.cert_name_flags = "010010101",
		.cert_address = "岐阜県例示市■町１",
		.cert_address_flags = "000000100",
	}, {
		.id = "nine", .name = "例示　九",
		.address = "京都府京都市例区９９９",
		.birth_date = "19990909", .sex = "9",
		.my_number = "900086419697", .auth_pin = "6543",
		.sign_pin = "NINE99999", .attributes_pin = "9999",
		.face_b = "11090920340999", .expires = "20340909",
	}, {
		/* sources disagree about a code 3 */
		.id = "three", .name = "例示　三",
		.address = "三重県例示市３３３",
		.birth_date = "19930303", .sex = "3",
		.my_number = "900111111031", .auth_pin = "6333",
		.sign_pin = "THREE33333", .attributes_pin = "3333",
		.face_b = "05030320340333", .expires = "20340303",
	}, {
		/* month known, day not */
		.id = "unknown-day", .name = "見本　日無",
		.address = "沖縄県例示市見本１２３",
		.birth_date = "19500400", .sex = "1",
		.my_number = "900098765361", .auth_pin = "8765",
		.sign_pin = "NODAY0400", .attributes_pin = "0400",
		.face_b = "25040020290400", .expires = "20290401",
	}, {
		.id = "child", .name = "見本　こども",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "20191001", .sex = "1",
		.my_number = "900123456700", .auth_pin = "1357",
		.sign_pin = "CHILD2019", .attributes_pin = "2468",
		.face_b = "01100120291001", .expires = "20291001",
		.no_certificates = true,
	}, {
		/* certificates and card have run out */
		.id = "expired", .name = "例示　期限",
		.address = "静岡県例示市期限町１", .birth_date = "19800217",
		.sex = "1", .my_number = "900135802400", .auth_pin = "2020",
		.sign_pin = "EXPIRED2020", .attributes_pin = "2021",
		.face_b = "55021720202022", .expires = "20200217",
		.generation = SIM_2015,
	}, {
		/* a telephone's token instead of a card's */
		.id = "phone", .name = "例示　携帯",
		.address = "愛知県例示市電話町２", .birth_date = "19950615",
		.sex = "2", .my_number = "900148148180", .auth_pin = "5151",
		.sign_pin = "PHONE5151", .attributes_pin = "5252",
		.face_b = "07061520305353", .expires = "20300615",
		.token = "JPKIAPGPSETOKEN", .auth_cert_pin = true,
	}, {
		/* a card of the Basic Resident Register, of before 2016; its
		 * other applications are not there (switch jpki-only) */
		.id = "juki", .name = "例示　住基",
		.address = "鳥取県例示市旧町５", .birth_date = "19600606",
		.sex = "1", .my_number = "900234567897", .auth_pin = "6060",
		.sign_pin = "JUKI60606", .attributes_pin = "6061",
		.face_b = "35060620256062", .expires = "20251231",
		.token = "JPKIAPICCTOKEN", .no_certificates = true,
	}, {
		/* keys of a kind that no card has yet */
		.id = "ec", .name = "例示　次期",
		.address = "埼玉県例示市曲線町３", .birth_date = "20000229",
		.sex = "1", .my_number = "900160493756", .auth_pin = "3840",
		.sign_pin = "CURVE384", .attributes_pin = "3841",
		.face_b = "12022920363842", .expires = "20360228",
		.ec = true,
	}, {
		/* certificates by somebody who only has the name */
		.id = "other-ca", .name = "例示　偽局",
		.address = "千葉県例示市別局町４", .birth_date = "19770707",
		.sex = "2", .my_number = "900172839437", .auth_pin = "7070",
		.sign_pin = "OTHERCA77", .attributes_pin = "7171",
		.face_b = "52070720337272", .expires = "20330707",
		.generation = SIM_FOREIGN_CA,
	}, {
		.id = "no-photo", .name = "見本　乳児",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "20260105", .sex = "2",
		.my_number = "900185185100", .auth_pin = "0105",
		.sign_pin = "INFANT2026", .attributes_pin = "0106",
		.face_b = "08010520310107", .expires = "20310105",
		.no_certificates = true, .photo = SIM_PHOTO_MISSING,
	}, {
		.id = "empty-photo", .name = "見本　幼児",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "20250203", .sex = "1",
		.my_number = "900197530783", .auth_pin = "0203",
		.sign_pin = "INFANT2025", .attributes_pin = "0204",
		.face_b = "07020320300205", .expires = "20300203",
		.no_certificates = true, .photo = SIM_PHOTO_EMPTY,
	}, {
		.id = "big-photo", .name = "見本　大写",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "20140606", .sex = "1",
		.my_number = "900209876451", .auth_pin = "0606",
		.sign_pin = "BIGPHOTO1", .attributes_pin = "0607",
		.face_b = "26060620290608", .expires = "20290606",
		.no_certificates = true, .photo = SIM_PHOTO_BIG,
	}, {
		.id = "too-big", .name = "見本　巨大",
		.address = "東京都千代田区見本町１－２－３",
		.birth_date = "20130707", .sex = "2",
		.my_number = "900222222126", .auth_pin = "0707",
		.sign_pin = "TOOBIG777", .attributes_pin = "0708",
		.face_b = "25070720280709", .expires = "20280707",
		.no_certificates = true, .photo = SIM_PHOTO_TOO_BIG,
	}, {
		/* some other chip card */
		.id = "foreign", .name = "", .address = "", .birth_date = "",
		.sex = "", .my_number = "000000000000", .auth_pin = "0000",
		.sign_pin = "FOREIGN0", .attributes_pin = "0000",
		.face_b = "00000000000000", .expires = "",
		.foreign = true,
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
sim_person_keys(const struct sim_person *person)
{
	return person->keys ? person->keys : "many";
}

const char *
sim_generation_name(enum sim_generation generation)
{
	static const char *const names[] = {
		[SIM_2023] = "2023",
		[SIM_2019] = "2019",
		[SIM_2015] = "2015",
		[SIM_FOREIGN_CA] = "other",
	};

	return names[generation];
}

size_t
sim_person_index(const struct sim_person *person)
{
	return (size_t)(person - people);
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
