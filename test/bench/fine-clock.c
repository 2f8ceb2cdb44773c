// sipp reads the coarse clock, which on many kernels moves in steps of 4 ms: too coarse to time a proxy, and it makes
// sipp send in bursts. Preloaded into sipp, this gives it the exact clock instead.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

typedef int (*clock_gettime_fn)(clockid_t, struct timespec *);

int clock_gettime(clockid_t clock, struct timespec *now) {
  static clock_gettime_fn next;
  if (!next) next = (clock_gettime_fn)dlsym(RTLD_NEXT, "clock_gettime");
  if (clock == CLOCK_MONOTONIC_COARSE) clock = CLOCK_MONOTONIC;
  if (clock == CLOCK_REALTIME_COARSE) clock = CLOCK_REALTIME;
  return next(clock, now);
}
