// qemu-img behind one seam: from a qcow2 file that anybody may have made to a raw one.
//
// A qcow2 file may name other files, whose contents a conversion would copy into the disk. So every file is
// looked at first, its format always named, and refused if it names any.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "framework/base/json.h"
#include "framework/base/process.h"
#include "plugins/cdi-import/worker/failures.h"
#include "plugins/cdi-import/worker/monitor.h"

namespace tenon::cdi {

// Judges what `qemu-img info --output=json` said. Reasons: UnsafeImage, UnsupportedFormat, CorruptImage,
// ImageTooLarge.
MaybeFailure judge_image(const Json& info, int64_t claim_size, int64_t& virtual_size);

class QemuImg {
 public:
  // program: an absolute path. convert_time: the most a conversion may take.
  QemuImg(std::string program, std::chrono::seconds convert_time)
      : program_(std::move(program)), convert_time_(convert_time) {}

  // Safe, whole, and not larger than the claim.
  MaybeFailure inspect(const std::string& path, int64_t claim_size, Monitor& monitor,
                       int64_t& virtual_size) const;
  // Into the new file `to`. Only after inspect.
  MaybeFailure convert(const std::string& path, const std::string& to, int64_t claim_size,
                       Monitor& monitor) const;

 private:
  MaybeFailure call(const std::vector<std::string>& arguments, RunLimits limits, Monitor& monitor,
                    RunOutput& output) const;

  std::string program_;
  std::chrono::seconds convert_time_;
};

}  // namespace tenon::cdi
