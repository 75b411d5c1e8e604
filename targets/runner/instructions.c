/* Counts the instructions of a guest under QEMU's user-mode emulation, exactly.
 *
 *   cc -O2 -shared -fPIC -o instructions.so instructions.c -ldl
 *   qemu-aarch64 -plugin ./instructions.so,out=FILE …
 *
 * When the guest calls getpriority(0x7EDC, k), which fails without any effect, the line "PID k COUNT" is appended to
 * FILE: COUNT is what all threads of that process have executed so far. What lies between two calls is the difference
 * of their counts, the few instructions around the calls themselves included. A forked child has a PID of its own and
 * goes on from its parent's count.
 *
 * Every thread counts for itself, so that no count is lost; but while other threads run, how long they wait for each
 * other varies. Counts of a process with one thread are exact and repeat.
 *
 * Distributions seldom ship qemu-plugin.h, so what is used of it is declared here: functions that QEMU has had since
 * 4.2 and still has in 10.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

enum { MARK = 0x7EDC, THREADS = 1024, CACHE_LINE = 64, NO_REGISTERS = 0 };

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
typedef void on_translation(plugin_id, struct qemu_plugin_tb *);
typedef void on_execution(unsigned, void *);
typedef void on_system_call(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                            uint64_t, uint64_t);

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, on_translation *);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, on_execution *, int, void *);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, on_system_call *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

EXPORTED int qemu_plugin_version = 1;

/* QEMU 9 began to refuse version 1, whose inline operations it dropped; earlier ones refuse version 2. None of what
 * differs is used here, so the plugin says what its QEMU wants to hear, before it is asked. */
__attribute__((constructor)) static void tell_version(void)
{
    if (dlsym(RTLD_DEFAULT, "qemu_plugin_scoreboard_new"))
        qemu_plugin_version = 2;
}

/* One count a thread, each on a cache line of its own, as no other thread writes to it. */
static struct { uint64_t count; char padding[CACHE_LINE - sizeof(uint64_t)]; } executed[THREADS];
static int out = -1;

static void count(unsigned thread, void *instructions)
{
    executed[thread % THREADS].count += (uintptr_t)instructions;
}

static void count_block(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    uintptr_t instructions = qemu_plugin_tb_n_insns(block);
    qemu_plugin_register_vcpu_tb_exec_cb(block, count, NO_REGISTERS, (void *)instructions);
}

static void tell_at_mark(plugin_id id, unsigned thread, int64_t number, uint64_t which, uint64_t who, uint64_t a3,
                         uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8)
{
    (void)id, (void)thread, (void)number, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (which != MARK)
        return;
    uint64_t total = 0;
    for (int each = 0; each < THREADS; each++)
        total += executed[each].count;
    char line[80];
    int length = snprintf(line, sizeof line, "%ld %llu %llu\n", (long)getpid(), (unsigned long long)who,
                          (unsigned long long)total);
    if (write(out, line, (size_t)length) != length)
        fprintf(stderr, "instructions: a count could not be written\n");
}

EXPORTED int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "out=", 4) == 0)
            out = open(argv[i] + 4, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (out < 0) {
        fprintf(stderr, "instructions: out=FILE is missing or cannot be written\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
    qemu_plugin_register_vcpu_syscall_cb(id, tell_at_mark);
    return 0;
}
