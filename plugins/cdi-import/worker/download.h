// Fetching a file over HTTP(S) into a local one, whole or not at all.
//
// Dropped connections, stalls, 408, 429 and 5xx are tried again with back-off, going on where the last
// attempt ended if the server can and the file is the same (Range, If-Range); anything else fails at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "framework/base/json.h"
#include "plugins/cdi-import/source.h"
#include "plugins/cdi-import/worker/failures.h"
#include "plugins/cdi-import/worker/monitor.h"

namespace tenon::cdi {

struct DownloadLimits {
  std::chrono::seconds connect{30};
  std::chrono::seconds stall{60};  // without a byte
  int retries = 5;                 // attempts in a row that gain less than 1 MiB
  std::chrono::milliseconds backoff{250};
  int64_t most_bytes = 0;
  int64_t claim_size = 0;  // for the message when there are more

  // From the plugin's configuration `download`.
  static DownloadLimits from_settings(const Json& download);
};

struct Download {
  int64_t size = 0;
  std::string digest;  // "sha256:…" of the bytes as served
};

struct Server {
  std::string url;
  const Credentials& credentials;  // not sent on to another host
};

// path must not exist. Reasons: NotFound, AccessDenied, ServerError, Unreachable, Timeout, Truncated,
// ImageTooLarge, CertificateRefused, TooManyRedirects, NoSpace, ImportFailed.
MaybeFailure download(const Server& server, const std::string& path, const DownloadLimits& limits,
                      Monitor& monitor, Download& result);

}  // namespace tenon::cdi
