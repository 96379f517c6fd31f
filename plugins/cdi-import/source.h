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
  std::string secret;    // name of the Secret with the credentials; empty: none
};

// What a web server asks for. Goes from the plugin to its worker through a pipe, and nowhere else.
struct Credentials {
  std::string user, password;

  bool empty() const { return user.empty() && password.empty(); }
};

// As they go through the pipe.
std::string to_bytes(const Credentials& credentials);
Credentials credentials_from(const std::string& bytes);

// invalid_argument says which field and why, also for what this version cannot do.
Result<Source> parse_source(const Json& spec);

// The URL without what may be secret in it: user and password, query.
std::string printable_url(const std::string& url);

}  // namespace tenon::cdi
