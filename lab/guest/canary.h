#include <stddef.h>

/* Strings by which memory is told again in a dump. Each fills whole pages, and none stands in this program. */

enum { PAGE = 4096, HUGE = 2 << 20 };

/** Writes the canary of a class over memory, again and again; `size` is a multiple of its 32 bytes. */
void fill(void *at, size_t size, const char *class);
/** A buffer with the canary of a class for what takes copies. `wipe` it afterwards: it is this program's own. */
char *filled(size_t size, const char *class);
void wipe(char *buffer, size_t size);
/** Writes the canary of a class to a file. Returns 0, or -1 as write(2) does. */
int write_filled(int file, size_t size, const char *class);
/** Fails the class at hand, with what errno says. */
int failed(const char *what);

/* Each plants one class and returns the bytes it planted, or -1. What it opens and maps stays. */

/* canary_memory.c */
long anonymous(const char *class);
long huge(const char *class);
long cache_clean(const char *class);
long cache_dirty(const char *class);
long temporary(const char *class);
long shared(const char *class);
long system_v(const char *class);
long mapped_private(const char *class);
long mapped_shared(const char *class);
long memory_file(const char *class);
long huge_file(const char *class);
long secret(const char *class);
long guest_private(const char *class);
long guest_huge(const char *class);
long guest_shared(const char *class);
/** Fills memory that is the system's again when the process ends. */
long freed(const char *class);

/* canary_objects.c */
long pipe_full(const char *class);
long unix_stream(const char *class);
long unix_small(const char *class);
long tcp(const char *class);
long udp(const char *class);
long udp_large(const char *class);
long key(const char *class);
long key_large(const char *class);
long message(const char *class);
long pseudo_terminal(const char *class);
long terminal_output(const char *class);
long console(const char *class);
