/*
 * kcrash_codecs: what QuickJS would be too slow for: decompressing pages, and packing them for a dump.
 *
 * What the calls are for stands in kcrash_codecs.d.ts. Every buffer is checked here: lengths come from dumps.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "kcrash_module.h"

/* In `sizes`: a page of zeros has no bytes, and one that would not shrink is stored as it is. */
#define ZERO_PAGE 0
#define STORED_PAGE 0xffff
#define LEVEL 1

enum codec { NONE, ZLIB, ZSTD };

struct view {
	uint8_t *bytes;
	size_t length;
};

/* What compresses and decompresses, made when it is first used and kept: to make one takes as long as a page. */
static z_stream inflater, deflater;
static int has_inflater, has_deflater;
static ZSTD_DCtx *unzstd_context;
static ZSTD_CCtx *zstd_context;

/* Stands in for the parts of zstd that no level used here needs, and that the build leaves out. */
void kcrash_codecs_absent(void);
void kcrash_codecs_absent(void)
{
	abort();
}

/* The bytes of a typed array. They stay where they are as long as the array is reachable, as arguments are. */
static int view_of(JSContext *ctx, JSValueConst array, struct view *view)
{
	size_t offset, length, unit, size;
	JSValue buffer = JS_GetTypedArrayBuffer(ctx, array, &offset, &length, &unit);

	if (JS_IsException(buffer))
		return -1;
	uint8_t *bytes = JS_GetArrayBuffer(ctx, &size, buffer);
	JS_FreeValue(ctx, buffer);
	if (!bytes || offset > size || length > size - offset)
		return -1;
	view->bytes = bytes + offset;
	view->length = length;
	return 0;
}

static JSValue codec_inflate(ARGS)
{
	UNUSED;
	struct view in, out;

	if (view_of(ctx, argv[0], &in) || view_of(ctx, argv[1], &out))
		return JS_EXCEPTION;
	if (!has_inflater && inflateInit(&inflater) != Z_OK)
		return JS_ThrowOutOfMemory(ctx);
	has_inflater = 1;
	inflateReset(&inflater);
	inflater.next_in = in.bytes;
	inflater.avail_in = (uInt)in.length;
	inflater.next_out = out.bytes;
	inflater.avail_out = (uInt)out.length;
	if (inflate(&inflater, Z_FINISH) != Z_STREAM_END)
		return JS_NewInt32(ctx, -1);
	return JS_NewInt64(ctx, (int64_t)inflater.total_out);
}

static JSValue codec_unzstd(ARGS)
{
	UNUSED;
	struct view in, out;

	if (view_of(ctx, argv[0], &in) || view_of(ctx, argv[1], &out))
		return JS_EXCEPTION;
	if (!unzstd_context && !(unzstd_context = ZSTD_createDCtx()))
		return JS_ThrowOutOfMemory(ctx);
	size_t got = ZSTD_decompressDCtx(unzstd_context, out.bytes, out.length, in.bytes, in.length);
	return JS_NewInt64(ctx, ZSTD_isError(got) ? -1 : (int64_t)got);
}

static int is_zero(const uint8_t *page, size_t size)
{
	uint64_t first;

	memcpy(&first, page, sizeof(first));
	/* Each byte equals the one eight before it, and the first eight are zero. */
	return first == 0 && memcmp(page, page + sizeof(first), size - sizeof(first)) == 0;
}

static int ready(enum codec codec)
{
	if (codec == ZSTD && !zstd_context)
		return (zstd_context = ZSTD_createCCtx()) != NULL;
	if (codec == ZLIB && !has_deflater)
		return has_deflater = deflateInit(&deflater, LEVEL) == Z_OK;
	return 1;
}

/* The length of the compressed page, or 0 where it would not be shorter than `room`. */
static size_t compress_page(enum codec codec, const uint8_t *page, size_t size, uint8_t *out, size_t room)
{
	if (codec == ZSTD) {
		size_t got = ZSTD_compressCCtx(zstd_context, out, room - 1, page, size, LEVEL);
		return ZSTD_isError(got) ? 0 : got;
	}
	deflateReset(&deflater);
	deflater.next_in = (Bytef *)page;
	deflater.avail_in = (uInt)size;
	deflater.next_out = out;
	deflater.avail_out = (uInt)room - 1;
	return deflate(&deflater, Z_FINISH) == Z_STREAM_END ? deflater.total_out : 0;
}

/* pack(codec, pages, pageSize, count, sizes, packed): how many bytes of `packed` it filled */
static JSValue codec_pack(ARGS)
{
	UNUSED;
	int32_t codec;
	uint64_t size, count;
	struct view pages, sizes, packed;

	if (JS_ToInt32(ctx, &codec, argv[0]) || view_of(ctx, argv[1], &pages) ||
	    JS_ToIndex(ctx, &size, argv[2]) || JS_ToIndex(ctx, &count, argv[3]) ||
	    view_of(ctx, argv[4], &sizes) || view_of(ctx, argv[5], &packed))
		return JS_EXCEPTION;
	if (codec < NONE || codec > ZSTD || size < 4096 || size > 65536 || count > pages.length / size ||
	    count > sizes.length / sizeof(uint16_t) || count > packed.length / size)
		return JS_ThrowRangeError(ctx, "pack wants room for every page, its size, and its bytes");
	if (!ready(codec))
		return JS_ThrowOutOfMemory(ctx);
	uint16_t *sizes_of = (uint16_t *)sizes.bytes;
	size_t used = 0;
	for (uint64_t n = 0; n < count; n++) {
		const uint8_t *page = pages.bytes + n * size;
		uint8_t *out = packed.bytes + used;
		if (is_zero(page, size)) {
			sizes_of[n] = ZERO_PAGE;
			continue;
		}
		/* Below 0xffff too, whatever the page's size, so that it is no STORED_PAGE. */
		size_t room = size < STORED_PAGE ? size : STORED_PAGE;
		size_t got = codec == NONE ? 0 : compress_page(codec, page, size, out, room);
		if (got == 0) {
			memcpy(out, page, size);
			sizes_of[n] = STORED_PAGE;
			used += size;
		} else {
			sizes_of[n] = (uint16_t)got;
			used += got;
		}
	}
	return JS_NewInt64(ctx, (int64_t)used);
}

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("inflate", 2, codec_inflate),
	JS_CFUNC_DEF("unzstd", 2, codec_unzstd),
	JS_CFUNC_DEF("pack", 6, codec_pack),
};

KCRASH_MODULE(kcrash_codecs, functions)
