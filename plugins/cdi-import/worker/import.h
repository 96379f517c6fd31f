// One import, from the source to a claim that is populated.
//
// Killed at any point and run again it ends well: the disk gets its final name only when it is complete and
// synced, the mark `populated` only after that, and what an earlier run left is removed first.
#pragma once

#include "framework/base/files.h"
#include "plugins/cdi-import/source.h"
#include "plugins/cdi-import/worker/failures.h"
#include "plugins/cdi-import/worker/monitor.h"

namespace tenon::cdi {

// lock: the claim's, held by the caller from before to after. A claim that this import populated before is
// left alone.
MaybeFailure run_import(const Ledger& ledger, const FileDescriptor& lock, const Credentials& credentials,
                        Monitor& monitor);

}  // namespace tenon::cdi
