/*
 * kcrash_loops: the loops of packages/vmcore/assembly, which wasm2c has made C of. They see their own memory alone, and
 * wasm2c's checks keep them in it.
 *
 * Everything of loops_names.h is generated: see scripts/device_loops.ts. Of wasm2c's runtime only this is needed; its
 * own differs between versions, and asks for signal handlers.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "kcrash_module.h"
#include "loops_names.h"

#define MOST_ARGUMENTS 16

static LOOPS_INSTANCE instance;
static jmp_buf trapped;

/* What is never touched takes no memory. */
void loops_allocate(wasm_rt_memory_t *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->data = calloc(LOOPS_PAGES, 65536);
	if (!memory->data)
		return;
	memory->pages = memory->max_pages = LOOPS_PAGES;
	memory->size = LOOPS_PAGES * 65536;
}

void wasm_rt_free_memory(wasm_rt_memory_t *memory)
{
	free(memory->data);
}

void wasm_rt_trap(wasm_rt_trap_t code)
{
	longjmp(trapped, code);
}

#if WASM_RT_USE_STACK_DEPTH_COUNT
WASM_RT_THREAD_LOCAL uint32_t wasm_rt_call_stack_depth;
#endif

uint32_t wasm_rt_register_func_type(uint32_t parameters, uint32_t results, ...)
{
	(void)parameters, (void)results;
	return 1;
}

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

/* Whether there is memory for the loops; a data segment that finds none is a trap. */
static int start(void)
{
	static int started;

	if (started)
		return started > 0;
	started = -1;
	if (setjmp(trapped))
		return 0;
	LOOPS_START(&instance);
	started = 1;
	return 1;
}

static JSValue loops_memory(ARGS)
{
	UNUSED;
	if (!start())
		return JS_ThrowOutOfMemory(ctx);
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
	if (!start())
		return JS_ThrowOutOfMemory(ctx);
	if (setjmp(trapped))
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
