/*
 * kcrash_packer: compresses pages for a dump, in threads of its own where the machine has more than one CPU, so that
 * JavaScript goes on meanwhile.
 *
 * What the calls are for stands in kcrash_packer.d.ts. A job is only touched by whoever took it: JavaScript hands it over
 * by `start`, one thread takes it from the queue, and JavaScript has it back from `finish`.
 */
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "kcrash_module.h"

/* In `sizes`: a page of zeros has no bytes, and one that would not shrink is stored as it is. */
#define ZERO_PAGE 0
#define STORED_PAGE 0xffff
#define ZLIB_LEVEL 1
#define ZSTD_LEVEL 2

#define MOST_THREADS 2
#define SLOTS 8
/* zstd and zlib work in what they allocate. */
#define STACK_BYTES (256 << 10)

enum codec { NONE, ZLIB, ZSTD };
enum state { IDLE, QUEUED, TAKEN, DONE };

struct job {
	enum state state;
	uint64_t order;
	enum codec codec;
	const uint8_t *pages;
	size_t size;
	uint64_t count;
	uint16_t *sizes;
	uint8_t *packed;
	/* Bytes of `packed` that are filled, or -1 where there was no memory. */
	int64_t used;
	/* The three arrays: they must not go while a thread works on them. */
	JSValue held[3];
};

/* What compresses, one for each thread, made when it is first used and kept: to make one takes as long as a page. */
struct tools {
	ZSTD_CCtx *zstd;
	/* Whether zstd makes Huffman codes for what it does not copy. */
	int huffman;
	z_stream deflater;
	int has_deflater;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t queued = PTHREAD_COND_INITIALIZER;
static pthread_cond_t done = PTHREAD_COND_INITIALIZER;
static struct job jobs[SLOTS];
static struct tools own_tools, thread_tools[MOST_THREADS];
static uint64_t started;
/* -1 until it is known. */
static int thread_count = -1;

/* Stands in for the parts of zstd that no level used here needs, and that the build leaves out. */
void kcrash_packer_absent(void);
void kcrash_packer_absent(void)
{
	abort();
}

static int is_zero(const uint8_t *page, size_t size)
{
	uint64_t first;

	memcpy(&first, page, sizeof(first));
	/* Each byte equals the one eight before it, and the first eight are zero. */
	return first == 0 && memcmp(page, page + sizeof(first), size - sizeof(first)) == 0;
}

static int ready(struct tools *tools, enum codec codec)
{
	if (codec == ZSTD && !tools->zstd) {
		tools->huffman = 1;
		return (tools->zstd = ZSTD_createCCtx()) &&
		       !ZSTD_isError(ZSTD_CCtx_setParameter(tools->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL));
	}
	if (codec == ZLIB && !tools->has_deflater)
		return tools->has_deflater = deflateInit(&tools->deflater, ZLIB_LEVEL) == Z_OK;
	return 1;
}

/* The length of the page by zstd, or 0 where it would not be shorter than `room`. */
static size_t zstd_page(struct tools *tools, int huffman, const uint8_t *page, size_t size, uint8_t *out, size_t room)
{
	/* Other than 0 it says no more to the fast strategy than that literals stay as they are. */
	if (huffman != tools->huffman)
		ZSTD_CCtx_setParameter(tools->zstd, ZSTD_c_targetLength, !huffman);
	tools->huffman = huffman;
	size_t got = ZSTD_compress2(tools->zstd, out, room - 1, page, size);
	return ZSTD_isError(got) ? 0 : got;
}

/* The length of the compressed page, or 0 where it would not be shorter than `room`; `before`: of the page before. */
static size_t compress_page(struct tools *tools, const struct job *job, const uint8_t *page, uint8_t *out, size_t room,
			    size_t before)
{
	z_stream *deflater = &tools->deflater;

	if (job->codec == ZSTD) {
		/*
		 * Of pages that shrink to a quarter Huffman codes take a sixth of all time, and make a dump 2 % smaller. Those
		 * that shrink to an eighth, as those of the memory map do, they make a sixth smaller, and take next to no time.
		 */
		int huffman = before >= job->size / 4 || before <= job->size / 8;
		size_t got = huffman ? 0 : zstd_page(tools, 0, page, job->size, out, room);
		if (got > 0 && got < job->size * 3 / 8)
			return got;
		return zstd_page(tools, 1, page, job->size, out, room);
	}
	deflateReset(deflater);
	deflater->next_in = (Bytef *)page;
	deflater->avail_in = (uInt)job->size;
	deflater->next_out = out;
	deflater->avail_out = (uInt)room - 1;
	return deflate(deflater, Z_FINISH) == Z_STREAM_END ? deflater->total_out : 0;
}

static void pack(struct job *job, struct tools *tools)
{
	size_t size = job->size, used = 0, before = size;
	/* Below 0xffff too, whatever the page's size, so that it is no STORED_PAGE. */
	size_t room = size < STORED_PAGE ? size : STORED_PAGE;

	job->used = -1;
	if (!ready(tools, job->codec))
		return;
	for (uint64_t n = 0; n < job->count; n++) {
		const uint8_t *page = job->pages + n * size;
		uint8_t *out = job->packed + used;
		if (is_zero(page, size)) {
			job->sizes[n] = ZERO_PAGE;
			continue;
		}
		size_t got = job->codec == NONE ? 0 : compress_page(tools, job, page, out, room, before);
		if (got == 0)
			memcpy(out, page, size);
		job->sizes[n] = (uint16_t)(got == 0 ? STORED_PAGE : got);
		before = got == 0 ? size : got;
		used += before;
	}
	job->used = (int64_t)used;
}

/* The job that waits longest, taken; NULL where none waits. The lock is held. */
static struct job *take(void)
{
	struct job *first = NULL;

	for (struct job *job = jobs; job < jobs + SLOTS; job++)
		if (job->state == QUEUED && (!first || job->order < first->order))
			first = job;
	if (first)
		first->state = TAKEN;
	return first;
}

/* The lock is held, but not while it packs. */
static void work_on(struct job *job, struct tools *tools)
{
	pthread_mutex_unlock(&lock);
	pack(job, tools);
	pthread_mutex_lock(&lock);
	job->state = DONE;
	pthread_cond_signal(&done);
}

static void *thread(void *tools)
{
	pthread_mutex_lock(&lock);
	for (;;) {
		struct job *job = take();
		if (job)
			work_on(job, tools);
		else
			pthread_cond_wait(&queued, &lock);
	}
	return NULL;
}

/* Starts a thread for each CPU but the one that JavaScript has; says how many run. */
static int threads(void)
{
	cpu_set_t cpus;
	sigset_t all, before;
	pthread_attr_t attributes;
	pthread_t id;

	if (thread_count >= 0)
		return thread_count;
	thread_count = 0;
	int wanted = sched_getaffinity(0, sizeof(cpus), &cpus) < 0 ? 0 : CPU_COUNT(&cpus) - 1;
	if (wanted > MOST_THREADS)
		wanted = MOST_THREADS;
	/* One arena for all threads: each other reserves 64 MiB of addresses. */
	mallopt(M_ARENA_MAX, 1);
	/* Signals are for the thread that JavaScript asks from whether any came. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	while (thread_count < wanted && !pthread_create(&id, &attributes, thread, &thread_tools[thread_count]))
		thread_count++;
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return thread_count;
}

/* A slot that is in the state, or NULL with an exception. */
static struct job *job_of(JSContext *ctx, JSValueConst slot, int idle)
{
	uint64_t number;

	if (JS_ToIndex(ctx, &number, slot))
		return NULL;
	pthread_mutex_lock(&lock);
	int fits = number < SLOTS && (jobs[number].state == IDLE) == idle;
	pthread_mutex_unlock(&lock);
	if (fits)
		return &jobs[number];
	JS_ThrowRangeError(ctx, "slot %lu %s", (unsigned long)number, idle ? "is in use" : "has no work");
	return NULL;
}

/* slots(): how many batches may usefully be in work at once */
static JSValue packer_slots(ARGS)
{
	UNUSED;
	return JS_NewInt32(ctx, 1 + 2 * threads());
}

/* start(slot, codec, pages, pageSize, count, sizes, packed) */
static JSValue packer_start(ARGS)
{
	UNUSED;
	int32_t codec;
	uint64_t size, count;
	struct view pages, sizes, packed;
	struct job *job = job_of(ctx, argv[0], 1);

	if (!job || JS_ToInt32(ctx, &codec, argv[1]) || view_of(ctx, argv[2], &pages) ||
	    JS_ToIndex(ctx, &size, argv[3]) || JS_ToIndex(ctx, &count, argv[4]) || view_of(ctx, argv[5], &sizes) ||
	    view_of(ctx, argv[6], &packed))
		return JS_EXCEPTION;
	if (codec < NONE || codec > ZSTD || size < 4096 || size > 65536 || count > pages.length / size ||
	    count > sizes.length / sizeof(uint16_t) || count > packed.length / size)
		return JS_ThrowRangeError(ctx, "start wants room for every page, its size, and its bytes");
	for (int n = 0; n < countof(job->held); n++)
		job->held[n] = JS_DupValue(ctx, argv[n == 0 ? 2 : n + 4]);
	pthread_mutex_lock(&lock);
	job->codec = (enum codec)codec;
	job->pages = pages.bytes;
	job->size = size;
	job->count = count;
	job->sizes = (uint16_t *)sizes.bytes;
	job->packed = packed.bytes;
	job->order = started++;
	job->state = QUEUED;
	pthread_cond_signal(&queued);
	pthread_mutex_unlock(&lock);
	return JS_UNDEFINED;
}

/* finish(slot): does what no thread has begun until it is done; how many bytes of `packed` are filled */
static JSValue packer_finish(ARGS)
{
	UNUSED;
	struct job *job = job_of(ctx, argv[0], 0);

	if (!job)
		return JS_EXCEPTION;
	pthread_mutex_lock(&lock);
	while (job->state != DONE) {
		struct job *next = take();
		if (next)
			work_on(next, &own_tools);
		else
			pthread_cond_wait(&done, &lock);
	}
	job->state = IDLE;
	pthread_mutex_unlock(&lock);
	for (int n = 0; n < countof(job->held); n++)
		JS_FreeValue(ctx, job->held[n]);
	return job->used < 0 ? JS_ThrowOutOfMemory(ctx) : JS_NewInt64(ctx, job->used);
}

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("slots", 0, packer_slots),
	JS_CFUNC_DEF("start", 7, packer_start),
	JS_CFUNC_DEF("finish", 1, packer_finish),
};

KCRASH_MODULE(kcrash_packer, functions)
