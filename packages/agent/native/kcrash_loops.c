/*
 * kcrash_loops: the loops of packages/vmcore/assembly, which wasm2c has made C of. They see their own memory alone, and
 * wasm2c's checks keep them in it.
 *
 * Everything of loops_names.h is generated: see scripts/device_loops.ts.
 */
#include "kcrash_module.h"
#include "loops_names.h"
#include "wasm-rt-impl.h"

#define MOST_ARGUMENTS 16

static LOOPS_INSTANCE instance;

#define DEFINE(name, count, call)                                                                            \
	static uint32_t loop_##name(const uint32_t *a)                                                       \
	{                                                                                                    \
		(void)a;                                                                                     \
		return call;                                                                                 \
	}
LOOPS(DEFINE)

#define ENTRY(name, count, call) { count, loop_##name },
static const struct {
	int count;
	uint32_t (*run)(const uint32_t *arguments);
} loops[] = { LOOPS(ENTRY) };

static void start(void)
{
	static int started;

	if (started)
		return;
	started = 1;
	wasm_rt_init();
	LOOPS_START(&instance);
}

static JSValue loops_memory(ARGS)
{
	UNUSED;
	start();
	wasm_rt_memory_t *memory = LOOPS_MEMORY(&instance);
	return JS_NewArrayBuffer(ctx, memory->data, memory->size, NULL, NULL, 0);
}

static JSValue loops_run(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv, int number)
{
	uint32_t arguments[MOST_ARGUMENTS];

	(void)self, (void)argc;
	for (int n = 0; n < loops[number].count; n++)
		if (JS_ToUint32(ctx, &arguments[n], argv[n]))
			return JS_EXCEPTION;
	start();
	if (wasm_rt_impl_try() != WASM_RT_TRAP_NONE)
		return JS_ThrowInternalError(ctx, "compiled loop %d left its memory", number);
	return JS_NewInt32(ctx, (int32_t)loops[number].run(arguments));
}

#define NUMBER(name, count, call) NUMBER_##name,
enum { LOOPS(NUMBER) };

#define FUNCTION(name, count, call) JS_CFUNC_MAGIC_DEF(#name, count, loops_run, NUMBER_##name),
static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("memory", 0, loops_memory),
	LOOPS(FUNCTION)
};

KCRASH_MODULE(kcrash_loops, functions)
