/* Measures models on the machine it runs on, without Python: `runner request.json`, JSON lines out.

   One program in C11 with no header but the system's: Linux (glibc 2.28 or newer, musl) and Android
   (API 28 or newer). PROTOCOL.md defines the request and the answer. Runtimes are opened at run
   time, by the names in the request's "libraries": LiteRT 2.1 or newer (`libLiteRt.so`) and ONNX
   Runtime (`libonnxruntime.so`), through their C interfaces. A library's file name may end in its
   version (`libLiteRt.so.2.3.0`), which is the only place where LiteRT's version is found.

   Every runtime is opened in a child process, one per job, so that whatever it does (crash, hang,
   print, exhaust memory) is that job's answer and no more. The parent never blocks on anything but
   `attend`, which also notices that the answer is no longer wanted.

   The parts in native/ are compiled as one unit, each using only those above it:

   cc -std=c11 -O2 -Wall -Wextra -Werror runner.c -o runner -ldl -lm */

#include "native/runner.h"

/* reading and writing */
#include "native/text.c"
#include "native/json.c"
#include "native/files.c"

/* the host and the machine */
#include "native/host.c"
#include "native/commands.c"
#include "native/steady.c"
#include "native/lock.c"
#include "native/busiest.c"
#include "native/conditions.c"

/* models, in a job's process */
#include "native/numbers.c"
#include "native/messages.c"
#include "native/models.c"
#include "native/litert.c"
#include "native/onnxruntime.c"

/* jobs, in their process */
#include "native/npy.c"
#include "native/job.c"
#include "native/latency.c"
#include "native/memory.c"
#include "native/outputs.c"
#include "native/zip.c"
#include "native/counts.c"
#include "native/costs.c"
#include "native/work.c"

/* the answer, job by job */
#include "native/process.c"
#include "native/cost_list.c"
#include "native/answer.c"
#include "native/start.c"
#include "native/main.c"
