/*
 * kcrash_codecs: what QuickJS would be too slow for: decompressing pages.
 *
 * What the calls are for stands in kcrash_codecs.d.ts. Every buffer is checked here: lengths come from dumps.
 */
#include <zlib.h>
#include <zstd.h>

#include "kcrash_module.h"

/* Made when they are first used and kept: to make one takes as long as a page. */
static z_stream inflater;
static int has_inflater;
static ZSTD_DCtx *unzstd_context;

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

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("inflate", 2, codec_inflate),
	JS_CFUNC_DEF("unzstd", 2, codec_unzstd),
};

KCRASH_MODULE(kcrash_codecs, functions)
