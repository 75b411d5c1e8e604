/* What every part knows: the system's headers, limits they share, and the two ways out that a
   program which includes them must define. */

#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64 /* models may be large on 32-bit systems too */
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <glob.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PROTOCOL = 2,
    LARGEST_REQUEST = 1 << 26,
    MOST_DIMENSIONS = 8,
    STOPPED = 3, /* the exit code of a program that did not come to its end */
};
static const char BLANKS[] = " \t\r\n\v\f";

#define MOST_ELEMENTS ((size_t)-1 / 32) /* of a tensor: half of the memory that can be addressed */

/* End the program. why: for standard error, or NULL. */
static _Noreturn void leave(int code, const char *why);

/* The job, or one of its models, cannot be done: cause as PROTOCOL.md names it, and why. */
__attribute__((format(printf, 2, 3))) static _Noreturn void fail(const char *cause,
                                                                  const char *format, ...);
