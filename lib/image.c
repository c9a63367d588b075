/*
 * The card's photo, JPEG 2000 (ISO/IEC 15444-1), as PNG that every browser
 * shows.
 *
 * OpenJPEG allocates and works by what headers claim: a few bytes can ask for
 * gigabytes of tiles, for palettes, for a million precincts. So the headers are
 * read here first, box by box and marker by marker, and only a codestream whose
 * every claim lies within what a photo on a card needs is handed over. Boxes
 * never are.
 */
#include <stdlib.h>
#include <string.h>

#include <openjpeg.h>
#include <png.h>

#include "kenmen.h"

#define JP2_MAX 32768
#define SIDE_MAX 1024
#define COMPONENTS_MAX 4
#define DEPTH_MAX 16
#define TILES_MAX 64
/* 1024 halved ten times is one. */
#define LEVELS_MAX 10
#define LAYERS_MAX 64
/* Exponents: code blocks of 16 to 1024 samples a side. Below, what is kept for
 * each outweighs what is in it. */
#define BLOCK_MIN 4
#define BLOCK_MAX 10
/* In a component, of all its resolutions. */
#define PRECINCTS_MAX 4096

/* ---- a cursor --------------------------------------------------------- */

/* Remembers its first failure and then reads zeros. */
struct bytes {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static uint32_t
take(struct bytes *b, size_t n)
{
	uint32_t value = 0;

	if (b->failed || n > b->left) {
		b->failed = true;
		return 0;
	}
	for (; n > 0; n--, b->left--)
		value = value << 8 | *b->at++;
	return value;
}

/* The next n bytes as a cursor of their own. */
static struct bytes
part(struct bytes *b, size_t n)
{
	struct bytes p = { b->at, n, false };

	if (b->failed || n > b->left) {
		b->failed = p.failed = true;
		p.left = 0;
		return p;
	}
	b->at += n;
	b->left -= n;
	return p;
}

static bool
ended(const struct bytes *b)
{
	return !b->failed && b->left == 0;
}

/* ---- boxes, ISO/IEC 15444-1 annex I ----------------------------------- */

#define BOX_SIGNATURE 0x6A502020
#define BOX_HEADER 0x6A703268
#define BOX_COLOUR 0x636F6C72
#define BOX_PALETTE 0x70636C72
#define BOX_CODESTREAM 0x6A703263

/* Length 0: to the end of the file. Lengths past 32 bits: not in 32 KB. */
static struct bytes
box_next(struct bytes *b, uint32_t *ret_type)
{
	uint32_t len = take(b, 4);

	*ret_type = take(b, 4);
	if (len > 0 && len < 8)
		b->failed = true;
	return part(b, len == 0 ? b->left : len - 8);
}

/* sRGB, grey, or a profile, which is passed over; a palette or other colours
 * would come out wrong. */
static bool
header_ok(struct bytes header)
{
	uint32_t type, space;

	while (!header.failed && header.left > 0) {
		struct bytes box = box_next(&header, &type);

		if (type == BOX_PALETTE)
			return false;
		if (type != BOX_COLOUR || take(&box, 1) != 1)
			continue;
		take(&box, 2);
		space = take(&box, 4);
		if (space != 16 && space != 17)
			return false;
	}
	return ended(&header);
}

/* The one codestream of a JP2 file; failed: there is none to be had. */
static struct bytes
codestream_find(const uint8_t *jp2, size_t len)
{
	struct bytes file = { jp2, len, false };
	struct bytes found = { NULL, 0, true };
	uint32_t type;

	struct bytes first = box_next(&file, &type);
	if (type != BOX_SIGNATURE || take(&first, 4) != 0x0D0A870A)
		return found;
	while (!file.failed && file.left > 0) {
		struct bytes box = box_next(&file, &type);

		if (type == BOX_HEADER && !header_ok(box))
			file.failed = true;
		if (type == BOX_CODESTREAM && !found.failed)
			file.failed = true;
		if (type == BOX_CODESTREAM)
			found = box;
	}
	found.failed = found.failed || file.failed;
	return found;
}

/* ---- the codestream, annex A ------------------------------------------ */

struct size {
	uint32_t width, height, components;
};

static uint32_t
tiles_across(uint32_t image, uint32_t tile)
{
	return (image + tile - 1) / tile;
}

/* SIZ, A.5.1. Images that begin off the grid's origin exist; nobody needs
 * them here. */
static bool
siz_ok(struct bytes b, struct size *ret)
{
	uint32_t tile_w, tile_h, offsets = 0;

	take(&b, 2); /* capabilities: those that matter have markers */
	ret->width = take(&b, 4);
	ret->height = take(&b, 4);
	offsets |= take(&b, 4);
	offsets |= take(&b, 4);
	tile_w = take(&b, 4);
	tile_h = take(&b, 4);
	offsets |= take(&b, 4);
	offsets |= take(&b, 4);
	ret->components = take(&b, 2);
	if (b.failed || offsets != 0 || ret->width == 0 || ret->height == 0 ||
	    ret->width > SIDE_MAX || ret->height > SIDE_MAX || tile_w == 0 ||
	    tile_h == 0 || tile_w > INT32_MAX || tile_h > INT32_MAX ||
	    tiles_across(ret->width, tile_w) *
		    tiles_across(ret->height, tile_h) >
		TILES_MAX ||
	    ret->components == 0 || ret->components > COMPONENTS_MAX)
		return false;
	for (uint32_t i = 0; i < ret->components; i++) {
		/* Unsigned, and sampled at every point. */
		if (take(&b, 1) > DEPTH_MAX - 1 || take(&b, 2) != 0x0101)
			return false;
	}
	return ended(&b);
}

/* side samples, halved that many times, in pieces of 1 << exponent. */
static uint32_t
pieces(uint32_t side, uint32_t halvings, uint32_t exponent)
{
	return ((side - 1) >> halvings >> exponent) + 1;
}

/* Sizes of precincts, one for each resolution from the smallest up: A.6.1. */
static bool
precincts_ok(struct bytes *b, uint32_t levels, const struct size *size)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i <= levels; i++) {
		uint32_t exponents = take(b, 1);

		n += pieces(size->width, levels - i, exponents & 0x0F) *
		     pieces(size->height, levels - i, exponents >> 4);
	}
	return n <= PRECINCTS_MAX;
}

/* What COD and COC say alike, A.6.1. own: they name precincts. */
static bool
style_ok(struct bytes *b, bool own, const struct size *size)
{
	uint32_t levels = take(b, 1);
	uint32_t block_w = take(b, 1) + 2, block_h = take(b, 1) + 2;

	if (b->failed || levels > LEVELS_MAX || block_w < BLOCK_MIN ||
	    block_w > BLOCK_MAX || block_h < BLOCK_MIN || block_h > BLOCK_MAX ||
	    block_w + block_h > 12)
		return false;
	/* Bits 6 and 7 are part 15's other coder. */
	if (take(b, 1) > 0x3F || take(b, 1) > 1)
		return false;
	if (own && !precincts_ok(b, levels, size))
		return false;
	return ended(b);
}

static bool
cod_ok(struct bytes b, const struct size *size)
{
	uint32_t form = take(&b, 1), layers;

	take(&b, 1); /* progression */
	layers = take(&b, 2);
	take(&b, 1); /* component transform */
	return form <= 7 && layers > 0 && layers <= LAYERS_MAX &&
	       style_ok(&b, form & 1, size);
}

static bool
coc_ok(struct bytes b, const struct size *size)
{
	uint32_t component = take(&b, 1), form = take(&b, 1);

	return component < size->components && form <= 1 &&
	       style_ok(&b, form & 1, size);
}

static bool
any_ok(struct bytes b, const struct size *size)
{
	(void)size;
	return !b.failed;
}

/*
 * What may stand in a header. Left out, and so refused: changes of progression
 * (POC), packed packet headers (PPM, PPT), capabilities of other parts (CAP).
 */
static const struct marker {
	uint32_t code;
	bool in_tile; /* in a tile-part's header, too */
	bool (*ok)(struct bytes b, const struct size *size);
} markers[] = {
	{ 0xFF52, false, cod_ok }, /* COD */
	{ 0xFF53, false, coc_ok }, /* COC */
	{ 0xFF5C, false, any_ok }, /* QCD */
	{ 0xFF5D, false, any_ok }, /* QCC */
	{ 0xFF5E, false, any_ok }, /* RGN */
	{ 0xFF63, false, any_ok }, /* CRG */
	{ 0xFF64, true, any_ok },  /* COM */
	{ 0xFF55, false, any_ok }, /* TLM */
	{ 0xFF57, false, any_ok }, /* PLM */
	{ 0xFF58, true, any_ok },  /* PLT */
};
#define MARKER_N (sizeof(markers) / sizeof(markers[0]))

static struct bytes
segment(struct bytes *b)
{
	uint32_t len = take(b, 2);

	if (len < 2)
		b->failed = true;
	return part(b, len - 2);
}

/* Marker segments up to the marker end, which is taken. */
static bool
segments_ok(struct bytes *b, uint32_t end, const struct size *size)
{
	uint32_t code;

	while ((code = take(b, 2)) != end) {
		bool in_tile = end == 0xFF93;
		size_t i = 0;

		while (i < MARKER_N && markers[i].code != code)
			i++;
		if (i == MARKER_N || (in_tile && !markers[i].in_tile) ||
		    !markers[i].ok(segment(b), size))
			return false;
	}
	return !b->failed;
}

/* A tile-part behind its SOT marker, A.4.2: its header is looked at, its data
 * skipped. */
static bool
tile_part_ok(struct bytes *b, const struct size *size)
{
	struct bytes whole, sot = segment(b);
	uint32_t len;

	take(&sot, 2);
	len = take(&sot, 4);
	take(&sot, 2);
	if (!ended(&sot))
		return false;
	/* The marker and its segment count, 12 bytes. 0: up to EOC, the last
	 * two bytes of all. */
	if (len == 0)
		whole = part(b, b->left < 2 ? 0 : b->left - 2);
	else
		whole = part(b, len < 14 ? SIZE_MAX : len - 12);
	return !whole.failed && segments_ok(&whole, 0xFF93, size);
}

static bool
codestream_ok(struct bytes b, struct size *ret)
{
	uint32_t code;

	if (take(&b, 4) != 0xFF4FFF51 || !siz_ok(segment(&b), ret) ||
	    !segments_ok(&b, 0xFF90, ret))
		return false;
	do {
		if (!tile_part_ok(&b, ret))
			return false;
	} while ((code = take(&b, 2)) == 0xFF90);
	return code == 0xFFD9 && !b.failed; /* EOC */
}

/* ---- OpenJPEG --------------------------------------------------------- */

/* Where its stream stands. */
struct reading {
	const uint8_t *bytes;
	size_t len, at;
};

static OPJ_SIZE_T
stream_read(void *buf, OPJ_SIZE_T n, void *arg)
{
	struct reading *r = arg;

	if (r->at == r->len)
		return (OPJ_SIZE_T)-1;
	if (n > r->len - r->at)
		n = r->len - r->at;
	memcpy(buf, r->bytes + r->at, n);
	r->at += n;
	return n;
}

static OPJ_OFF_T
stream_skip(OPJ_OFF_T n, void *arg)
{
	struct reading *r = arg;

	if (n < 0 || (size_t)n > r->len - r->at)
		return -1;
	r->at += (size_t)n;
	return n;
}

static OPJ_BOOL
stream_seek(OPJ_OFF_T at, void *arg)
{
	struct reading *r = arg;

	if (at < 0 || (size_t)at > r->len)
		return OPJ_FALSE;
	r->at = (size_t)at;
	return OPJ_TRUE;
}

static opj_stream_t *
stream_open(struct reading *r)
{
	opj_stream_t *stream = opj_stream_create(JP2_MAX, OPJ_TRUE);

	if (!stream)
		return NULL;
	opj_stream_set_user_data(stream, r, NULL);
	opj_stream_set_user_data_length(stream, r->len);
	opj_stream_set_read_function(stream, stream_read);
	opj_stream_set_skip_function(stream, stream_skip);
	opj_stream_set_seek_function(stream, stream_seek);
	return stream;
}

/* Without handlers its messages go nowhere; without threads, whatever the
 * environment says; strict: what was cut short is no picture. */
static opj_codec_t *
codec_open(void)
{
	opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
	opj_dparameters_t how;

	opj_set_default_decoder_parameters(&how);
	if (codec && opj_setup_decoder(codec, &how) &&
	    opj_codec_set_threads(codec, 0) &&
	    opj_decoder_set_strict_mode(codec, OPJ_TRUE))
		return codec;
	opj_destroy_codec(codec);
	return NULL;
}

static opj_image_t *
image_decode(struct bytes codestream)
{
	struct reading reading = { codestream.at, codestream.left, 0 };
	opj_stream_t *stream = stream_open(&reading);
	opj_codec_t *codec = codec_open();
	opj_image_t *image = NULL;

	if (stream && codec &&
	    (!opj_read_header(stream, codec, &image) ||
		!opj_decode(codec, stream, image) ||
		!opj_end_decompress(codec, stream))) {
		opj_image_destroy(image);
		image = NULL;
	}
	opj_destroy_codec(codec);
	opj_stream_destroy(stream);
	return image;
}

/* ---- PNG -------------------------------------------------------------- */

static bool
image_ok(const opj_image_t *image, const struct size *size)
{
	if (image->numcomps != size->components)
		return false;
	for (uint32_t i = 0; i < image->numcomps; i++) {
		const opj_image_comp_t *c = &image->comps[i];

		if (!c->data || c->w != size->width || c->h != size->height ||
		    c->prec == 0 || c->prec > DEPTH_MAX || c->sgnd)
			return false;
	}
	return true;
}

static uint8_t
sample(const opj_image_comp_t *c, size_t at)
{
	int32_t max = (1 << c->prec) - 1, value = c->data[at];

	value = value < 0 ? 0 : value > max ? max : value;
	return (uint8_t)((value * 255 + max / 2) / max);
}

/* Components side by side, 8 bits each. */
static uint8_t *
pixels_new(const opj_image_t *image, const struct size *size)
{
	size_t n = (size_t)size->width * size->height;
	uint8_t *pixels = malloc(n * size->components), *out = pixels;

	for (size_t i = 0; pixels && i < n; i++) {
		for (uint32_t c = 0; c < size->components; c++)
			*out++ = sample(&image->comps[c], i);
	}
	return pixels;
}

static int
png_make(
    const uint8_t *pixels, const struct size *size, struct kenmen_blob *ret)
{
	static const png_uint_32 formats[COMPONENTS_MAX + 1] = { 0,
		PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
		PNG_FORMAT_RGBA };
	png_image png = { .version = PNG_IMAGE_VERSION,
		.width = size->width,
		.height = size->height,
		.format = formats[size->components] };
	png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(png);
	uint8_t *bytes = malloc(room);
	int ok = 0;

	if (bytes)
		ok = png_image_write_to_memory(
		    &png, bytes, &room, 0, pixels, 0, NULL);
	png_image_free(&png);
	if (!ok) {
		free(bytes);
		return KENMEN_ERR_NO_MEMORY;
	}
	ret->bytes = bytes;
	ret->len = room;
	return 0;
}

int
kenmen_jp2_to_png(const uint8_t *jp2, size_t len, struct kenmen_blob *ret_png)
{
	struct bytes codestream;
	opj_image_t *image;
	uint8_t *pixels = NULL;
	int r = KENMEN_ERR_DATA;
	struct size size;

	if (len > JP2_MAX)
		return r;
	codestream = codestream_find(jp2, len);
	if (codestream.failed || !codestream_ok(codestream, &size) ||
	    (image = image_decode(codestream)) == NULL)
		return r;
	if (!image_ok(image, &size))
		goto out;
	r = KENMEN_ERR_NO_MEMORY;
	if ((pixels = pixels_new(image, &size)) != NULL)
		r = png_make(pixels, &size, ret_png);
out:
	if (pixels)
		kenmen_wipe(
		    pixels, (size_t)size.width * size.height * size.components);
	free(pixels);
	opj_image_destroy(image);
	return r;
}
