// What a downloaded file is, by its first bytes alone: neither its name nor the server's word counts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/cdi-import/worker/failures.h"
#include "plugins/cdi-import/worker/monitor.h"

namespace tenon::cdi {

// raw, qcow2, gz, or a format that is known and not supported: xz, zstd, bzip2, zip, vmdk, vdi, vhd, vhdx.
// What is none of these is raw. head: at least the first 512 bytes, less only if the file is shorter.
std::string detect_format(std::string_view head);

// The same of a file.
MaybeFailure detect_file(const std::string& path, std::string& format);

// Unpacks `from`, all its members, into the new file `to`. Reasons: CorruptImage (also for one that ends
// early), ImageTooLarge (more than most_bytes), NoSpace, ImportFailed.
MaybeFailure unpack_gz(const std::string& from, const std::string& to, int64_t most_bytes, int64_t claim_size,
                       Monitor& monitor, int64_t& size);

}  // namespace tenon::cdi
