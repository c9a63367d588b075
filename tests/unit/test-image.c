/* JPEG 2000 to PNG: what comes out, and what must never be begun. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <openjpeg.h>
#include <png.h>

#include "kenmen.h"

/* ---- a file made by OpenJPEG's encoder -------------------------------- */

struct file {
	uint8_t bytes[400000];
	size_t len, at;
};
static struct file made;

struct form {
	uint32_t width, height, components, depth;
	bool raw;          /* a codestream without boxes */
	uint32_t tile;     /* 0: one tile */
	int layers, block; /* 0: 1, 64 */
	int precinct;      /* 0: none named */
	OPJ_COLOR_SPACE space;
	bool flat; /* one colour: few bytes for any size */
};

static OPJ_SIZE_T
file_write(void *buf, OPJ_SIZE_T n, void *arg)
{
	struct file *f = arg;

	assert_true(n <= sizeof(f->bytes) - f->at);
	memcpy(f->bytes + f->at, buf, n);
	f->at += n;
	f->len = f->at > f->len ? f->at : f->len;
	return n;
}

static OPJ_OFF_T
file_skip(OPJ_OFF_T n, void *arg)
{
	struct file *f = arg;

	f->at += (size_t)n;
	f->len = f->at > f->len ? f->at : f->len;
	return n;
}

static OPJ_BOOL
file_seek(OPJ_OFF_T at, void *arg)
{
	((struct file *)arg)->at = (size_t)at;
	return OPJ_TRUE;
}

static int
pixel(const struct form *f, uint32_t c, uint32_t x, uint32_t y)
{
	uint32_t max = (1u << f->depth) - 1;

	return f->flat ? (int)(max / 2)
		       : (int)((x * 7 + y * 3 + c * 50 + x * y) % (max + 1));
}

static opj_image_t *
image_make(const struct form *f)
{
	opj_image_cmptparm_t parts[4];
	opj_image_t *image;

	memset(parts, 0, sizeof(parts));
	for (uint32_t c = 0; c < f->components; c++) {
		parts[c].dx = parts[c].dy = 1;
		parts[c].w = f->width;
		parts[c].h = f->height;
		parts[c].prec = f->depth;
	}
	image = opj_image_create(f->components, parts, f->space);
	assert_non_null(image);
	image->x1 = f->width;
	image->y1 = f->height;
	for (uint32_t c = 0; c < f->components; c++)
		for (uint32_t y = 0; y < f->height; y++)
			for (uint32_t x = 0; x < f->width; x++)
				image->comps[c].data[y * f->width + x] =
				    pixel(f, c, x, y);
	return image;
}

/* Resolutions: the encoder wants one sample of the smallest at least. */
static int
resolutions(const struct form *f)
{
	uint32_t side = f->width < f->height ? f->width : f->height;
	int n = 1;

	side = f->tile && f->tile < side ? f->tile : side;
	while (n < 6 && 1u << n <= side)
		n++;
	return n;
}

static void
how_to(const struct form *f, opj_cparameters_t *how)
{
	opj_set_default_encoder_parameters(how);
	how->tcp_numlayers = f->layers ? f->layers : 1;
	for (int i = 0; i < how->tcp_numlayers; i++)
		how->tcp_rates[i] = (float)(how->tcp_numlayers - 1 - i) * 2;
	how->cp_disto_alloc = 1;
	how->numresolution = resolutions(f);
	if (f->block)
		how->cblockw_init = how->cblockh_init = f->block;
	if (f->tile) {
		how->tile_size_on = OPJ_TRUE;
		how->cp_tdx = how->cp_tdy = (int)f->tile;
	}
	if (f->precinct) {
		how->csty |= 1;
		how->res_spec = how->numresolution;
		for (int i = 0; i < how->res_spec; i++)
			how->prcw_init[i] = how->prch_init[i] = f->precinct;
	}
}

static const struct file *
make(struct form f)
{
	opj_codec_t *codec =
	    opj_create_compress(f.raw ? OPJ_CODEC_J2K : OPJ_CODEC_JP2);
	opj_stream_t *stream = opj_stream_create(65536, OPJ_FALSE);
	opj_image_t *image;
	opj_cparameters_t how;

	f.space = f.space            ? f.space
		  : f.components < 3 ? OPJ_CLRSPC_GRAY
				     : OPJ_CLRSPC_SRGB;
	image = image_make(&f);
	how_to(&f, &how);
	memset(&made, 0, sizeof(made));
	opj_stream_set_user_data(stream, &made, NULL);
	opj_stream_set_write_function(stream, file_write);
	opj_stream_set_skip_function(stream, file_skip);
	opj_stream_set_seek_function(stream, file_seek);
	assert_true(opj_setup_encoder(codec, &how, image));
	assert_true(opj_start_compress(codec, image, stream));
	assert_true(opj_encode(codec, stream));
	assert_true(opj_end_compress(codec, stream));
	opj_destroy_codec(codec);
	opj_stream_destroy(stream);
	opj_image_destroy(image);
	return &made;
}

/* ---- asking ----------------------------------------------------------- */

static int
convert(const struct file *f)
{
	struct kenmen_blob png = { NULL, 7 };
	/* Its own memory, so that a sanitizer sees a read past the end. */
	uint8_t *exact = malloc(f->len ? f->len : 1);
	int r;

	memcpy(exact, f->bytes, f->len);
	r = kenmen_jp2_to_png(exact, f->len, &png);
	free(exact);
	if (r == 0)
		kenmen_blob_free(&png);
	else
		assert_true(png.bytes == NULL && png.len == 7);
	return r;
}

/* The PNG's pixels are the ones that went in, as 8 bits. */
static void
assert_same(const struct form *f)
{
	static const uint32_t formats[] = { 0, PNG_FORMAT_GRAY, PNG_FORMAT_GA,
		PNG_FORMAT_RGB, PNG_FORMAT_RGBA };
	png_image png = { .version = PNG_IMAGE_VERSION };
	struct kenmen_blob blob;
	const struct file *in = make(*f);
	uint32_t max = (1u << f->depth) - 1;
	uint8_t *pixels, *at;

	assert_int_equal(kenmen_jp2_to_png(in->bytes, in->len, &blob), 0);
	assert_true(
	    png_image_begin_read_from_memory(&png, blob.bytes, blob.len));
	assert_int_equal(png.width, f->width);
	assert_int_equal(png.height, f->height);
	assert_int_equal(png.format, formats[f->components]);
	at = pixels = malloc(PNG_IMAGE_SIZE(png));
	assert_true(png_image_finish_read(&png, NULL, pixels, 0, NULL));
	for (uint32_t y = 0; y < f->height; y++)
		for (uint32_t x = 0; x < f->width; x++)
			for (uint32_t c = 0; c < f->components; c++)
				assert_int_equal(
				    *at++, ((uint32_t)pixel(f, c, x, y) * 255 +
					       max / 2) /
					       max);
	free(pixels);
	kenmen_blob_free(&blob);
}

/* ---- what comes out --------------------------------------------------- */

static void
test_pixels(void **state)
{
	static const struct form forms[] = {
		{ .width = 60, .height = 80, .components = 1, .depth = 8 },
		{ .width = 1, .height = 1, .components = 1, .depth = 8 },
		{ .width = 33, .height = 17, .components = 2, .depth = 8 },
		{ .width = 33, .height = 17, .components = 3, .depth = 8 },
		{ .width = 33, .height = 17, .components = 4, .depth = 8 },
		{ .width = 40, .height = 40, .components = 1, .depth = 1 },
		{ .width = 40, .height = 40, .components = 1, .depth = 4 },
		{ .width = 40, .height = 40, .components = 1, .depth = 12 },
		{ .width = 40, .height = 40, .components = 1, .depth = 16 },
		{ .width = 60,
		    .height = 80,
		    .components = 1,
		    .depth = 8,
		    .tile = 16 },
		{ .width = 60,
		    .height = 80,
		    .components = 1,
		    .depth = 8,
		    .layers = 3,
		    .block = 32,
		    .precinct = 64 },
		{ .width = 1024,
		    .height = 1024,
		    .components = 1,
		    .depth = 8,
		    .flat = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		assert_same(&forms[i]);
}

/* ---- limits ----------------------------------------------------------- */

static void
test_limits(void **state)
{
	static const struct form forms[] = {
		{ .width = 1025,
		    .height = 4,
		    .components = 1,
		    .depth = 8,
		    .flat = true },
		{ .width = 4,
		    .height = 1025,
		    .components = 1,
		    .depth = 8,
		    .flat = true },
		/* 81 tiles */
		{ .width = 72,
		    .height = 72,
		    .components = 1,
		    .depth = 8,
		    .tile = 8 },
		{ .width = 64,
		    .height = 64,
		    .components = 1,
		    .depth = 8,
		    .layers = 65 },
		{ .width = 64,
		    .height = 64,
		    .components = 1,
		    .depth = 8,
		    .block = 8 },
		{ .width = 1024,
		    .height = 1024,
		    .components = 1,
		    .depth = 8,
		    .flat = true,
		    .precinct = 8 },
		{ .width = 64,
		    .height = 64,
		    .components = 3,
		    .depth = 8,
		    .space = OPJ_CLRSPC_SYCC },
		{ .width = 64, .height = 64, .components = 1, .depth = 17 },
		{ .width = 64,
		    .height = 64,
		    .components = 1,
		    .depth = 8,
		    .raw = true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (convert(make(forms[i])) != KENMEN_ERR_DATA)
			fail_msg("form %zu is taken", i);
	}
}

static const struct form plain = {
	.width = 60, .height = 80, .components = 1, .depth = 8
};

static void
test_size(void **state)
{
	struct file *f;

	(void)state;
	make(plain);
	f = &made;
	assert_true(f->len < 32768);
	/* A box that is passed over fills the file to its limit. */
	memcpy(f->bytes + f->len, "\0\0\0\0free", 8);
	f->bytes[f->len + 2] = (uint8_t)((32768 - f->len) >> 8);
	f->bytes[f->len + 3] = (uint8_t)(32768 - f->len);
	f->len = 32768;
	assert_int_equal(convert(f), 0);
	f->len = 32769;
	assert_int_equal(convert(f), KENMEN_ERR_DATA);
	f->len = 0;
	assert_int_equal(convert(f), KENMEN_ERR_DATA);
}

/* ---- headers that claim ----------------------------------------------- */

static size_t
find(const struct file *f, const char *mark, size_t len)
{
	uint8_t *at = memmem(f->bytes, f->len, mark, len);

	assert_non_null(at);
	return (size_t)(at - f->bytes);
}

/* A byte string put over another, counted from a marker. */
struct patch {
	const char *mark;
	size_t mark_len;
	int at;
	const char *bytes;
	size_t len;
};

#define SIZ "\xFF\x51", 2
#define COD "\xFF\x52", 2
#define SOT "\xFF\x90", 2

static void
test_claims(void **state)
{
	static const struct patch patches[] = {
		{ SIZ, 6, "\0\0\0\0", 4 },          /* no width */
		{ SIZ, 6, "\xFF\xFF\xFF\xFF", 4 },  /* all of it */
		{ SIZ, 10, "\x7F\xFF\xFF\xFF", 4 }, /* height */
		{ SIZ, 14, "\0\0\0\1", 4 },         /* an offset */
		{ SIZ, 22, "\0\0\0\0", 4 },         /* tiles of no width */
		{ SIZ, 22, "\0\0\0\1\0\0\0\1", 8 }, /* 4800 tiles */
		{ SIZ, 22, "\xFF\xFF\xFF\xFF", 4 }, /* wraps */
		{ SIZ, 30, "\0\0\0\1", 4 },         /* tile offset */
		{ SIZ, 38, "\0\0", 2 },             /* no component */
		{ SIZ, 38, "\x40\0", 2 },           /* 16384 of them */
		{ SIZ, 40, "\x25", 1 },             /* 38 bits */
		{ SIZ, 40, "\x87", 1 },             /* signed */
		{ SIZ, 41, "\0\1", 2 },             /* sampled never */
		{ SIZ, 41, "\2\2", 2 },             /* every second */
		{ SIZ, 2, "\0\x2C", 2 },            /* Lsiz lies */
		{ COD, 4, "\x08", 1 },              /* unknown style */
		{ COD, 6, "\0\0", 2 },              /* no layer */
		{ COD, 6, "\xFF\xFF", 2 },          /* 65535 */
		{ COD, 9, "\x20", 1 },              /* 32 levels */
		{ COD, 9, "\xFF", 1 },              /* 255 */
		{ COD, 10, "\0\0", 2 },             /* blocks of 4 x 4 */
		{ COD, 10, "\7\7", 2 },             /* 512 x 512 */
		{ COD, 10, "\x0F\x0F", 2 },         /* 2^17 */
		{ COD, 12, "\x40", 1 },             /* HTJ2K */
		{ COD, 13, "\2", 1 },               /* no such wavelet */
		{ COD, 2, "\0\x0B", 2 },            /* Lcod lies */
		{ COD, 2, "\0\0", 2 }, { COD, 0, "\xFF\x5F", 2 }, /* POC */
		{ COD, 0, "\xFF\x60", 2 },                        /* PPM */
		{ COD, 0, "\xFF\x50", 2 },                        /* CAP */
		{ SOT, 2, "\0\x0B", 2 },
		{ SOT, 6, "\0\0\0\x0D", 4 },   /* shorter than itself */
		{ SOT, 6, "\0\0\xFF\xFF", 4 }, /* past the end */
		{ SOT, 6, "\xFF\xFF\xFF\xFF", 4 },
		{ "jp2h", 4, -4, "\0\0\0\7", 4 },
		{ "ihdr", 4, 0, "pclr", 4 },  /* a palette */
		{ "colr", 4, 10, "\x12", 1 }, /* sYCC */
		{ "jP  ", 4, 4, "\x0A", 1 },
		{ "jp2c", 4, 0, "jp2x", 4 }, /* no codestream */
		{ "jp2h", 4, 0, "jp2c", 4 }, /* two */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patches) / sizeof(patches[0]); i++) {
		const struct patch *p = &patches[i];
		size_t mark;

		make(plain);
		mark = find(&made, p->mark, p->mark_len);
		memcpy(made.bytes + mark + p->at, p->bytes, p->len);
		if (convert(&made) != KENMEN_ERR_DATA)
			fail_msg("patch %zu is taken", i);
	}
}

/* Puts a segment into the codestream; the box grows, SOT's count if told. */
static void
insert(size_t at, const char *bytes, size_t len, size_t sot)
{
	size_t box = find(&made, "jp2c", 4) - 4;
	uint32_t box_len;

	memmove(made.bytes + at + len, made.bytes + at, made.len - at);
	memcpy(made.bytes + at, bytes, len);
	made.len += len;
	box_len = (uint32_t)(made.len - box);
	made.bytes[box + 2] = (uint8_t)(box_len >> 8);
	made.bytes[box + 3] = (uint8_t)box_len;
	if (sot) {
		uint32_t n =
		    (uint32_t)(made.bytes[sot + 8] << 8 | made.bytes[sot + 9]) +
		    (uint32_t)len;

		made.bytes[sot + 8] = (uint8_t)(n >> 8);
		made.bytes[sot + 9] = (uint8_t)n;
	}
}

static void
test_tile_headers(void **state)
{
	char cod[14];
	size_t sot;

	(void)state;
	/* A comment may stand there. */
	make(plain);
	sot = find(&made, SOT);
	insert(sot + 12, "\xFF\x64\0\6\0\1hi", 8, sot);
	assert_int_equal(convert(&made), 0);
	/* What would change the coding behind our back may not. */
	make(plain);
	sot = find(&made, SOT);
	memcpy(cod, made.bytes + find(&made, COD), 14);
	insert(sot + 12, cod, 14, sot);
	assert_int_equal(convert(&made), KENMEN_ERR_DATA);
	make(plain);
	sot = find(&made, SOT);
	insert(sot + 12, "\xFF\x61\0\3\0", 5, sot); /* PPT */
	assert_int_equal(convert(&made), KENMEN_ERR_DATA);
}

/* Psot 0: the last tile-part goes to the end. */
static void
test_open_end(void **state)
{
	size_t sot;

	(void)state;
	make(plain);
	sot = find(&made, SOT);
	memcpy(made.bytes + sot + 6, "\0\0\0\0", 4);
	assert_int_equal(convert(&made), 0);
}

/* Twice the same COC: only what fits the image's components. */
static void
test_coc(void **state)
{
	(void)state;
	make(plain);
	insert(find(&made, SOT), "\xFF\x53\0\x09\0\0\5\4\4\0\1", 11, 0);
	assert_int_equal(convert(&made), 0);
	make(plain);
	insert(find(&made, SOT), "\xFF\x53\0\x09\1\0\5\4\4\0\1", 11, 0);
	assert_int_equal(convert(&made), KENMEN_ERR_DATA);
	make(plain);
	insert(find(&made, SOT), "\xFF\x53\0\x09\0\0\x20\4\4\0\1", 11, 0);
	assert_int_equal(convert(&made), KENMEN_ERR_DATA);
}

/* ---- cut and flipped -------------------------------------------------- */

static void
test_every_cut(void **state)
{
	static struct file whole;

	(void)state;
	whole = *make(plain);
	for (size_t n = 0; n < whole.len; n += n < 300 ? 1 : 37) {
		made.len = n;
		assert_int_equal(convert(&made), KENMEN_ERR_DATA);
	}
	made = whole;
	assert_int_equal(convert(&made), 0);
}

/* Any answer, soon. The decoder's messages go nowhere. */
static void
test_every_byte_flipped(void **state)
{
	static struct file whole;
	clock_t start = clock();

	(void)state;
	whole = *make(plain);
	for (size_t i = 0; i < whole.len; i += i < 300 ? 1 : 11) {
		for (unsigned bit = 0; bit < 8; bit += 7) {
			made = whole;
			made.bytes[i] ^= (uint8_t)(1u << bit);
			convert(&made);
		}
	}
	assert_true(clock() - start < 60 * CLOCKS_PER_SEC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pixels),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_tile_headers),
		cmocka_unit_test(test_open_end),
		cmocka_unit_test(test_coc),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_every_byte_flipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
