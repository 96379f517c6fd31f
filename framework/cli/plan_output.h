// The file that `plan --out` names. Nothing is lost by writing there: only an older plan is replaced.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "framework/base/result.h"

namespace tenon {

// Whether a plan may be written there, before much is done to make one. invalid_argument, with what to do
// instead: it is a directory, one of `inputs` (of -f), a file that holds something else, or a device or
// socket that is none to write texts to.
Status check_plan_output(const std::string& file, const std::vector<std::string>& inputs);

// A regular file is replaced as one act, at the end of all links; a pipe or a character device is written
// to. Blocks until a pipe is read. An error as of check_plan_output, or of writing.
Status write_plan_output(const std::string& file, std::string_view text);

}  // namespace tenon
