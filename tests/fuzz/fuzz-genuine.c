/*
 * The checks of records over any bytes: the first byte says of what, then files
 * follow, each behind two bytes of length (what is left over is the last one).
 */
#include <string.h>

#include "blob.h"
#include "fuzz.h"
#include "genuine.h"

struct input {
	const uint8_t *at;
	size_t left;
};

static struct kenmen_blob
next(struct input *in)
{
	struct kenmen_blob file = { NULL, 0 };
	size_t len;

	if (in->left < 2)
		return file;
	len = (size_t)in->at[0] << 8 | in->at[1];
	in->at += 2;
	in->left -= 2;
	len = len < in->left ? len : in->left;
	file = blob_view(in->at, len);
	in->at += len;
	in->left -= len;
	return file;
}

/* Failed when, and only when, a check says no; never verified without roots. */
static void
check_list(int r, const struct kenmen_authenticity *a)
{
	bool no = false;

	FUZZ_CHECK(r == 0 || r == KENMEN_ERR_AUTHENTICITY);
	FUZZ_CHECK(a->n > 0 && a->n <= KENMEN_CHECKS_MAX);
	for (unsigned i = 0; i < a->n; i++) {
		no = no || a->check[i].ok == 0;
		FUZZ_CHECK(a->check[i].name[0] && a->check[i].detail[0]);
	}
	FUZZ_CHECK(no == (r < 0));
	FUZZ_CHECK(no == (a->verdict == KENMEN_FAILED));
	FUZZ_CHECK(a->verdict != KENMEN_VERIFIED);
}

static void
text(struct input *in)
{
	struct genuine_text files;
	struct kenmen_authenticity a;

	files.number = next(in);
	files.attributes = next(in);
	files.digests = next(in);
	files.certificate = next(in);
	files.chip_key = next(in);
	files.chip.message = next(in);
	files.chip.signature = next(in);
	check_list(genuine_text(&files, NULL, &a), &a);
}

static void
fill(const struct genuine_record *record)
{
	struct kenmen_face face = { .expires = "" };

	if (genuine_face_fill(record, &face) < 0) {
		FUZZ_CHECK(face.name_png.bytes == NULL);
		return;
	}
	FUZZ_CHECK(face.name_png.len == record->name_png.len);
	kenmen_blob_free(&face.name_png);
	kenmen_blob_free(&face.address_png);
	kenmen_blob_free(&face.photo_jp2);
}

static void
face(struct input *in,
    int (*open)(const uint8_t *buf, size_t len, struct genuine_record *ret))
{
	struct kenmen_blob file = next(in), certificate = next(in);
	struct genuine_chip chip;
	struct genuine_record record;
	struct kenmen_authenticity a;

	chip.message = next(in);
	chip.signature = next(in);
	if (open(file.bytes, file.len, &record) < 0)
		return;
	FUZZ_CHECK(record.whole.bytes >= file.bytes);
	FUZZ_CHECK(record.whole.len <= file.len);
	fill(&record);
	check_list(genuine_face(&record, &certificate, &chip, NULL, &a), &a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };

	if (len == 0)
		return 0;
	in.at++;
	in.left--;
	if (data[0] % 3 == 0)
		text(&in);
	else
		face(&in,
		    data[0] % 3 == 1 ? genuine_face_file : genuine_face_record);
	return 0;
}
