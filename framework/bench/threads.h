// What the kernel and the threads take for the calls of a plan when nobody decides about them, to compare a
// run of it with.
#pragma once

#include "framework/backend/backend.h"
#include "framework/plan/plan.h"

namespace tenon::bench {

// Creates, and then looks at, what each step of the plan makes, every step after those that it waits for, on
// so many threads, as fast as a loop can that decides and records nothing. What comes back together is looked
// at together. The first error, if a call has one.
Status calls_alone(const Plan& plan, Backend& backend, size_t threads);

}  // namespace tenon::bench
