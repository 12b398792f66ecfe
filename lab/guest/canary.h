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

/* Each plants one class. Returns 0, or -1 as `failed` does. What it opens and maps stays. */

/* canary_memory.c */
int anonymous(const char *class);
int huge(const char *class);
int cache_clean(const char *class);
int cache_dirty(const char *class);
int temporary(const char *class);
int shared(const char *class);
int system_v(const char *class);
int mapped_private(const char *class);
int mapped_shared(const char *class);
int memory_file(const char *class);
int huge_file(const char *class);
int secret(const char *class);
int guest_private(const char *class);
int guest_huge(const char *class);
int guest_shared(const char *class);
/** Fills memory that is the system's again when the process ends. */
int freed(const char *class);

/* canary_objects.c */
int pipe_full(const char *class);
int unix_stream(const char *class);
int unix_small(const char *class);
int tcp(const char *class);
int udp(const char *class);
int udp_large(const char *class);
int key(const char *class);
int key_large(const char *class);
int message(const char *class);
int pseudo_terminal(const char *class);
int terminal_output(const char *class);
int console(const char *class);
