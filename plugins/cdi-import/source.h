// What a DataVolume is filled from.
#pragma once

#include <string>

#include "framework/base/json.h"
#include "framework/base/result.h"

namespace tenon::cdi {

struct Source {
  bool blank = false;
  std::string url;
  std::string checksum;  // "sha256:…" in lower case, of the bytes as served; empty: not given
};

// invalid_argument says which field and why, also for what this version cannot do.
Result<Source> parse_source(const Json& spec);

// The URL without what may be secret in it: user and password, query.
std::string printable_url(const std::string& url);

}  // namespace tenon::cdi
