/* What tests run on emulated devices: `arm_program words …` says its words, one a line in hexadecimal; `environment`
   its environment; `machine` its CPU's part number and how many there are; `input` when its input has ended; `exit N`
   ends so; `marks N` marks a fixed piece of work N times, in this process and then in each of two children. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static __attribute__((noinline)) void work(void)
{
    for (volatile int i = 0; i < 10000; i++)
        ;
}

static void marks(int runs)
{
    for (long i = 0; i < runs; i++) {
        syscall(SYS_getpriority, 0x7EDC, 2 * i);
        work();
        syscall(SYS_getpriority, 0x7EDC, 2 * i + 1);
    }
}

static void tell_marks(int runs)
{
    char line[200];
    marks(runs);
    for (int child = 0; child < 2; child++) {
        if (fork() == 0) {
            marks(runs);
            _exit(0);
        }
        wait(NULL);
    }
    FILE *counts = fopen(getenv("EDGEHONE_COUNTS"), "r");
    while (counts && fgets(line, sizeof line, counts))
        fputs(line, stdout);
}

static void tell_words(char **words)
{
    for (; *words; words++) {
        for (const unsigned char *byte = (unsigned char *)*words; *byte; byte++)
            printf("%02x", *byte);
        puts("");
    }
}

static void tell_machine(void)
{
    char line[200];
    FILE *told = fopen("/proc/cpuinfo", "r");
    while (told && fgets(line, sizeof line, told))
        if (!strncmp(line, "CPU part", 8))
            fputs(line, stdout);
    printf("%ld\n", sysconf(_SC_NPROCESSORS_ONLN));
}

int main(int count, char **words)
{
    const char *what = count > 1 ? words[1] : "";
    if (!strcmp(what, "words"))
        tell_words(words + 2);
    if (!strcmp(what, "environment"))
        for (char **entry = environ; *entry; entry++)
            puts(*entry);
    if (!strcmp(what, "machine"))
        tell_machine();
    if (!strcmp(what, "marks"))
        tell_marks(atoi(words[2]));
    if (!strcmp(what, "input")) {
        puts("waiting");
        fflush(stdout);
        while (getchar() != EOF)
            ;
        puts("ended");
    }
    return !strcmp(what, "exit") ? atoi(words[2]) : 0;
}
