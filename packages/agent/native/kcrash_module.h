/*
 * What the C modules of the device's program share. A module is a file with a table of functions and, at its
 * end, `KCRASH_MODULE` with its name.
 *
 * Like QuickJS's `os`, a call returns what the system call returned, or a negative errno.
 */
#ifndef KCRASH_MODULE_H
#define KCRASH_MODULE_H

#include <errno.h>

#include "quickjs.h"

/* Makes the call again while a signal interrupts it. */
#define RETRY(call)                                                                                          \
	({                                                                                                   \
		long retried_;                                                                               \
		do                                                                                           \
			retried_ = (call);                                                                   \
		while (retried_ < 0 && errno == EINTR);                                                      \
		retried_;                                                                                    \
	})

#define ARGS JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv
#define UNUSED (void)self, (void)argc, (void)argv, (void)ctx

static inline JSValue result(JSContext *ctx, long value)
{
	return JS_NewInt64(ctx, value < 0 ? -errno : value);
}

static inline void set(JSContext *ctx, JSValue object, const char *name, int64_t value)
{
	JS_SetPropertyStr(ctx, object, name, JS_NewInt64(ctx, value));
}

struct view {
	uint8_t *bytes;
	size_t length;
};

/* The bytes of a typed array. They stay where they are as long as the array is reachable, as arguments are. */
static inline int view_of(JSContext *ctx, JSValueConst array, struct view *view)
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

/* Exports a table of functions as the module of that name. */
#define KCRASH_MODULE(name, functions)                                                                       \
	static int init(JSContext *ctx, JSModuleDef *module)                                                 \
	{                                                                                                    \
		return JS_SetModuleExportList(ctx, module, functions, countof(functions));                   \
	}                                                                                                    \
                                                                                                             \
	JSModuleDef *js_init_module_##name(JSContext *ctx, const char *as)                                   \
	{                                                                                                    \
		JSModuleDef *module = JS_NewCModule(ctx, as, init);                                          \
                                                                                                             \
		if (module)                                                                                  \
			JS_AddModuleExportList(ctx, module, functions, countof(functions));                  \
		return module;                                                                               \
	}

#define countof(array) ((int)(sizeof(array) / sizeof((array)[0])))

#endif
